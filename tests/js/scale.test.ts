// What docs/scale.md rests on: the simulation, on runs whose end is known, with the figures of the page; the comparison of rows.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ASSUMED, meanOf, momentsOf, simulate } from '../../bench/scale/simulation.mjs';
import { differences } from '../engines/rows.mjs';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const moments = momentsOf(JSON.parse(read('bench/scale/costs.json')));
/** Nothing happens, and nothing takes time but photos. */
const CALM = { ...ASSUMED, slow: 0, failing: 0, noticed: 0, between: 0 };
const EQUAL = [{ mean: 0.1, variance: 0 }];
const hours = (seconds: number) => seconds / 3600;
const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);

test('equal photos on equal workers end when arithmetic says', () => {
  const assumed = { ...CALM, mix: [1] };
  // 100 shards of 10 s on 10 workers, and one shard more.
  const even = simulate({ moments: EQUAL, photos: 10_000, workers: 10, shard: 100, assumed, seed: 1 });
  expect([even.complete, even.lost, even.wasted]).toEqual([true, 0, 0]);
  expect(even.hours).toBeCloseTo(hours(100), 9);
  const more = simulate({ moments: EQUAL, photos: 10_100, workers: 10, shard: 100, assumed, seed: 1 });
  expect(more.hours).toBeCloseTo(hours(110), 9);
  const waits = { ...assumed, between: 2 };
  const waiting = simulate({ moments: EQUAL, photos: 10_000, workers: 10, shard: 100, assumed: waits, seed: 1 });
  expect(waiting.hours).toBeCloseTo(hours(10 * 12), 9);
});

test('a slow machine holds the run up by what it has in hand', () => {
  const assumed = { ...CALM, mix: [1], machine: 1, slow: 1, slower: 2 };
  const slow = simulate({ moments: EQUAL, photos: 10_000, workers: 10, shard: 100, assumed, seed: 1 });
  expect(slow.hours).toBeCloseTo(hours(200), 9);
});

test('every core-second is work that counts, work that a failure lost, or waiting for the failure to be seen', () => {
  const assumed = { ...ASSUMED, slow: 0, between: 0, failing: 0.5 };
  const workers = 64;
  const found = simulate({ moments, photos: 1e6, workers, shard: 1000, assumed, seed: 3 });
  expect(found.complete).toBe(true);
  expect(found.ends).toHaveLength(workers);
  const busy = hours(sum(found.ends)) - found.ideal * workers - found.lost;
  const failures = busy / hours(ASSUMED.noticed);
  expect(failures).toBeCloseTo(Math.round(failures), 6);
  expect(failures).toBeGreaterThan(workers / 4);
  expect(failures).toBeLessThan((workers * 3) / 4);
  // Each loses a shard at most.
  expect(found.lost).toBeGreaterThan(0);
  expect(found.lost).toBeLessThan(failures * hours(1000 * 0.2));
});

test('the last shards begun twice end a run sooner, for work that is done twice', () => {
  const of = (again: boolean) => simulate({ moments, photos: 1e7, workers: 128, shard: 10_000, again, seed: 5 });
  const [once, twice] = [of(false), of(true)];
  expect(once.wasted).toBe(0);
  expect(twice.wasted).toBeGreaterThan(0);
  expect(twice.complete).toBe(true);
  expect(twice.hours).toBeLessThanOrEqual(once.hours);
  expect(of(true)).toEqual(twice);
});

test('the figures of docs/scale.md are what the simulation gives', () => {
  const text = read('docs/scale.md');
  const coreHours = Math.round((1e9 * meanOf(moments)) / 3600 / 1000);
  expect(text).toContain(`**${coreHours},000 core-hours** for a billion`);
  for (const shard of [10_000, 100_000, 1_000_000]) {
    const [row] = new RegExp(`^\\| ${shard.toLocaleString('en')} .*$`, 'm').exec(text) ?? [''];
    const found = simulate({ moments, photos: 1e9, workers: 2048, shard, seed: 1 });
    const figures = [
      found.hours.toFixed(1),
      `${(100 * (found.hours / found.ideal - 1)).toFixed(0)}%`,
      found.lost.toFixed(0),
    ];
    for (const figure of figures) expect(row, `shards of ${shard}`).toMatch(new RegExp(`\\b${figure}(?![\\d.])`));
  }
});

test('a row that is missing, there twice or other in a bit is found', () => {
  const row = (image: string, score: number) => JSON.stringify({ id: image, request: 3, image, score, seconds: score });
  const expected = `{"image":"a","score":0.5,"seconds":9}\n{"image":"b","score":0.25}\n`;
  const wrong = (...rows: string[]) => differences(`${rows.join('\n')}\n`, expected).wrong;
  expect(wrong(row('b', 0.25), row('a', 0.5))).toBe(false);
  expect(wrong(row('a', 0.5))).toBe(true);
  expect(wrong(row('a', 0.5), row('b', 0.25), row('b', 0.25))).toBe(true);
  expect(wrong(row('a', 0.5), row('b', 0.25000003))).toBe(true);
  expect(wrong(row('a', 0.5), row('b', 0.25), row('c', 1))).toBe(true);
});
