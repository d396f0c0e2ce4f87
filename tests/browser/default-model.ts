import { readFileSync } from 'node:fs';
import { repository } from './repository.ts';

/** What the file of the default model states. */
export interface Stated {
  /** Pixels that a photo's short side is scaled to. */
  shortSide: number;
  /** Ids of the scenes that it offers: not those that only tell a fault, and of whose scores nothing is known. */
  scenes: string[];
}

/** Reads what `weights/gamma-lite.safetensors` states about photos and scenes. */
export function stated(): Stated {
  const file = readFileSync(repository('weights/gamma-lite.safetensors'));
  const header = JSON.parse(file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE(0)))) as {
    __metadata__: Record<'photo' | 'scenes' | 'reliability' | 'findings', string>;
  };
  const { photo, scenes, reliability, findings } = header.__metadata__;
  const { short_side } = JSON.parse(photo) as { short_side: number };
  const known = Object.keys(JSON.parse(reliability) as object);
  const faults = (JSON.parse(findings) as { fault: string }[]).map(({ fault }) => fault);
  const isOffered = (scene: string) => known.includes(scene) || !faults.includes(scene);
  return { shortSide: short_side, scenes: Object.keys(JSON.parse(scenes)).filter(isOffered) };
}
