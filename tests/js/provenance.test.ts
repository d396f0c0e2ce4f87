// What photos declare about their origin, under Node: by the built package, with the model that comes with it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as NodeEntry from '../../js/node.js';
import { DECLARED, ENTRIES, expected } from '../common/declared.js';

let gamma: NodeEntry.Gamma;

beforeAll(async () => {
  const { Gamma } = (await import(new URL('../../pkg/node.js', import.meta.url).href)) as typeof NodeEntry;
  gamma = await Gamma.load();
}, 600_000);

afterAll(() => gamma?.dispose());

const FEW = { policy: 'center', crops: 1, tolerance: 1 } as const;

test('every file is what it says', async () => {
  const found = new Map<string, { source: string; c2pa: string; verified: boolean }>();
  const paths = ENTRIES.map(({ file }) => join(DECLARED, file));
  for await (const { index, assessment, error } of gamma.scoreAll(paths, FEW)) {
    if (error) throw error;
    const { source, c2pa, verified } = assessment.provenance;
    found.set(ENTRIES[index]?.file ?? '', { source, c2pa, verified });
  }
  expect(found.size).toBe(28);
  expect(found).toEqual(expected(found));
}, 600_000);

test('evidence is told, of whatever scene, and pixels have none', async () => {
  const bytes = readFileSync(join(DECLARED, 'c2pa-filled.jpg'));
  const all = await gamma.score(bytes, { ...FEW, scene: 'all' });
  for (const { provenance } of Object.values(all)) {
    expect(provenance.evidence).toContainEqual({ kind: 'c2pa-claim-generator', value: 'Example Studio 2.1' });
  }
  const pixels = { width: 300, height: 300, data: new Uint8Array(4 * 300 * 300).fill(99) };
  const { provenance } = await gamma.score(pixels, FEW);
  expect(provenance).toEqual({ source: 'unknown', evidence: [], c2pa: 'absent', verified: false });
}, 600_000);
