// `Gamma.group` of the built package beside `gamma cull`: the same photos, the same groups.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as NodeEntry from '../../js/node.js';
import { gammaCommand } from '../native.js';
import { type Taken, withExif } from './bursts.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path));
const folder = mkdtempSync(join(tmpdir(), 'gamma-group-'));

let gamma: NodeEntry.Gamma;

beforeAll(async () => {
  const [dog, coffee] = [read('www/samples/dog.jpg'), read('tests/golden/preprocess/images/coffee.jpg')];
  const taken: [name: string, photo: Uint8Array, Taken][] = [
    ['a.jpg', dog, { time: '2026:11:27 10:00:00' }],
    ['b.jpg', coffee, { time: '2026:11:27 10:00:01' }],
    ['c.jpg', dog, { time: '2026:11:27 10:00:02' }],
    ['hdr-0.jpg', coffee, { time: '2026:11:27 11:00:00' }],
    ['hdr-1.jpg', coffee, { time: '2026:11:27 11:00:01', bias: -6 }],
    ['hdr-2.jpg', coffee, { time: '2026:11:27 11:00:02', bias: 6 }],
    ['later.jpg', dog, { time: '2026:11:27 12:00:00' }],
  ];
  for (const [name, photo, when] of taken) writeFileSync(join(folder, name), withExif(photo, when));
  // Without a time.
  writeFileSync(join(folder, 'x.webp'), read('www/samples/city-at-night.webp'));
  writeFileSync(join(folder, 'y.webp'), read('www/samples/city-at-night.webp'));
  const { Gamma } = (await import(new URL('../../pkg/node.js', import.meta.url).href)) as typeof NodeEntry;
  gamma = await Gamma.load();
}, 600_000);

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await gamma?.dispose();
});

/** Names and kinds of the groups of `gamma cull`, as its CSV has them. */
function culled(): Map<string, { kind: string; names: string[] }> {
  const [header = '', ...rows] = gammaCommand('cull', folder, '--csv').trim().split('\n');
  const columns = header.split(',');
  const groups = new Map<string, { kind: string; names: string[] }>();
  for (const row of rows) {
    // None of these columns has a comma in it, and the paths have none.
    const cells = row.split(',');
    const cell = (name: string) => cells[columns.indexOf(name)] ?? '';
    const group = cell('group');
    const known = groups.get(group) ?? { kind: cell('set'), names: [] };
    known.names.push(cell('image').slice(folder.length + 1));
    groups.set(group, known);
  }
  return groups;
}

test('the same photos give the same groups as the command', { timeout: 600_000 }, async () => {
  const names = readdirSync(folder).sort();
  const paths = names.map((name) => join(folder, name));
  const { groups, failed } = await gamma.group([Buffer.from('no photo'), ...paths]);
  const found = groups.map(({ kind, indices }) => [kind, ...indices.map((index) => names[index - 1])]);
  expect(found.sort()).toEqual([
    ['alike', 'a.jpg', 'c.jpg'],
    ['alike', 'x.webp', 'y.webp'],
    ['bracket', 'hdr-0.jpg', 'hdr-1.jpg', 'hdr-2.jpg'],
    ['single', 'b.jpg'],
    ['single', 'later.jpg'],
  ]);
  expect(failed.map(({ index, error }) => [index, error.code])).toEqual([[0, 'image-format']]);
  const command = [...culled().values()].map(({ kind, names: members }) => [kind, ...members]);
  expect(command.sort()).toEqual(found);
});

test('the sample of docs/javascript.md runs as it stands there', { timeout: 600_000 }, async () => {
  const [, sample = ''] = /```ts\n([^`]*gamma\.group\([^`]*)```/.exec(read('docs/javascript.md').toString()) ?? [];
  expect(sample).not.toBe('');
  const said: unknown[][] = [];
  const run = Object.getPrototypeOf(async () => {}).constructor('gamma', 'files', 'console', sample);
  const files = ['a.jpg', 'b.jpg', 'c.jpg'].map((name) => new File([readFileSync(join(folder, name))], name));
  await run(gamma, files, { log: (...words: unknown[]) => said.push(words) });
  expect(said).toEqual([['alike', 'a.jpg', ['a.jpg', 'c.jpg']]]);
});
