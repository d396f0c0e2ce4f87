import { readFileSync } from 'node:fs';
import { repository } from './repository.ts';

/** What the file of the default model states. */
export interface Stated {
  /** Pixels that a photo's short side is scaled to. */
  shortSide: number;
  /** Ids of its scenes. */
  scenes: string[];
}

/** Reads what `weights/gamma-lite.safetensors` states about photos and scenes. */
export function stated(): Stated {
  const file = readFileSync(repository('weights/gamma-lite.safetensors'));
  const header = JSON.parse(file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE(0)))) as {
    __metadata__: Record<'photo' | 'scenes', string>;
  };
  const { photo, scenes } = header.__metadata__;
  const { short_side } = JSON.parse(photo) as { short_side: number };
  return { shortSide: short_side, scenes: Object.keys(JSON.parse(scenes)) };
}
