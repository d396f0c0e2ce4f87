// The command line: `gamma-wasm score PHOTOS…`, with the options of the native command that apply here.
import { parseArgs } from 'node:util';
import { AI_WEIGHTS } from '../ai-weights.js';
import type { CropPolicy, ScoreOptions } from '../node.js';

/** How results are printed. */
export type Format = 'table' | 'json' | 'csv';

/** What was asked for. */
export interface Arguments {
  readonly photos: readonly string[];
  readonly recursive: boolean;
  readonly weights: string | undefined;
  readonly format: Format;
  readonly options: ScoreOptions;
}

/** The arguments make no sense. */
export class UsageError extends Error {}

export const HELP = `Scores photos with the Gamma image quality model

Usage: gamma-wasm score [OPTIONS] PHOTOS...

  PHOTOS...            photos, or folders of photos (JPEG, PNG, WebP, GIF, BMP, TIFF, camera RAW)
  -w, --weights FILE   the model: a safetensors file, a folder that \`gamma convert\` wrote, or \`ai\` for
                       Gamma-Lite with the scene ai-generated-quality (for non-commercial use only) [default: Gamma-Lite]
  -s, --scene ID       what the photos are judged as, or \`all\` for every scene of the model
      --policy NAME    how crops are chosen: random, five, center, grid; as the model says, or else random
      --crops N        crops of a photo, for the policies random and grid; as the model says, or else 10
      --seed N         start of the random numbers [default: 0]
      --tolerance X    stop as soon as the score is, with 95% certainty, within X of that of all crops
      --parity         read pixels exactly as the published loader does
  -r, --recursive      look into the folders inside folders too
      --json           print one JSON object a line
      --csv            print CSV with a header
  -h, --help           print this
  -V, --version        print the version

Exit status: 0 all went well, 1 some photos could not be scored, 2 wrong usage, 3 the model could not be loaded.
`;

/** Models of the package by their short names; a file of such a name is `./default`. */
const NAMED = new Map<string | undefined, string | undefined>([
  ['default', undefined],
  ['ai', AI_WEIGHTS],
]);

const OPTIONS = {
  weights: { type: 'string', short: 'w' },
  scene: { type: 'string', short: 's' },
  policy: { type: 'string' },
  crops: { type: 'string' },
  seed: { type: 'string' },
  tolerance: { type: 'string' },
  parity: { type: 'boolean' },
  recursive: { type: 'boolean', short: 'r' },
  json: { type: 'boolean' },
  csv: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const;

/**
 * Reads the words after the command's name.
 *
 * @throws {UsageError}
 */
export function readArguments(words: readonly string[]): Arguments | 'help' | 'version' {
  const { values, positionals } = parse(words);
  if (values.help) return 'help';
  if (values.version) return 'version';
  const [command, ...photos] = positionals;
  if (command !== 'score') throw new UsageError(command === undefined ? 'no command' : `no command \`${command}\``);
  if (photos.length === 0) throw new UsageError('no photos');
  if (values.json && values.csv) throw new UsageError('--json cannot be used with --csv');
  return {
    photos,
    recursive: values.recursive ?? false,
    weights: NAMED.has(values.weights) ? NAMED.get(values.weights) : values.weights,
    format: values.json ? 'json' : values.csv ? 'csv' : 'table',
    options: {
      scene: values.scene,
      // What these are is checked by the library, before the first photo.
      policy: values.policy as CropPolicy | undefined,
      crops: number('crops', values.crops),
      seed: number('seed', values.seed),
      tolerance: number('tolerance', values.tolerance),
      parity: values.parity,
    },
  };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function number(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^-?[0-9.]+(e-?[0-9]+)?$/i.test(text)) throw new UsageError(`--${name} takes a number, not \`${text}\``);
  return Number(text);
}
