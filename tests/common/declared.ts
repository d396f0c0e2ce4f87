// The files of `tests/fixtures/provenance`, and what each of them has to be.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder, and the list in it. */
export const DECLARED = fileURLToPath(new URL('../fixtures/provenance/', import.meta.url));

interface Entry {
  readonly file: string;
  readonly source: string;
  /** `any`: either. */
  readonly c2pa: 'present' | 'absent' | 'any';
}

export const ENTRIES: readonly Entry[] = JSON.parse(readFileSync(`${DECLARED}provenance.json`, 'utf8'));

/** The answers that are right, to be compared with what `found` holds for each file. */
export function expected(found: ReadonlyMap<string, { c2pa: string }>): Map<string, object> {
  const right = ({ file, source, c2pa }: Entry): [string, object] => [
    file,
    { source, c2pa: c2pa === 'any' ? found.get(file)?.c2pa : c2pa, verified: false },
  ];
  return new Map(ENTRIES.map(right));
}
