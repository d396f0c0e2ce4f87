import { readFileSync } from 'node:fs';
import { repository } from './repository.ts';
import { readTensors } from './safetensors.ts';

/** Our scene ids and the names of the same prompts in the golden file. */
export const SCENES: Record<string, string> = {
  generic: 'naive',
  'natural-quality': 'natural quality image',
  'ai-generated-quality': 'AI-generated quality image',
  'underwater-quality': 'underwater quality image',
  'face-quality': 'face quality image',
  'natural-aesthetics': 'natural aesthetic image',
};

/** The five levels from worst to best. */
export const LEVELS = ['bad', 'poor', 'fair', 'good', 'perfect'] as const;

/** The score that each level of the golden model is worth, from worst to best. */
export function goldenLevels(): number[] {
  return JSON.parse(readFileSync(repository('tests/golden/tiny/config.json'), 'utf8')).score_level;
}

/** Side of a crop, in pixels. */
export const SIDE = 224;

/** The published model's score of each crop under each of our scenes: `scores[scene][crop]`. */
export function goldenScores(): Record<string, number[]> {
  const golden = JSON.parse(readFileSync(repository('tests/golden/tiny/golden.json'), 'utf8')) as {
    scores: Record<string, { per_crop: number[] }>;
  };
  return Object.fromEntries(
    Object.entries(SCENES).map(([id, name]) => {
      const scores = golden.scores[name];
      if (!scores) throw new Error(`the golden file has no scores of "${name}"`);
      return [id, scores.per_crop];
    }),
  );
}

/** The ten golden crops, `[10, 224, 224, 3]` bytes of RGB. */
export function goldenCrops(): Buffer {
  const crops = readTensors(repository('tests/golden/tiny/golden.safetensors')).get('crops_u8');
  if (!crops) throw new Error('the golden file has no crops');
  return crops.data;
}
