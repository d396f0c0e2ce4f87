// What is read and decoded for the first estimates is not read and decoded again, within a bound of bytes.
import { afterEach, expect, test } from 'vitest';
import { Room, roomIn } from '../../js/api/room.js';
import { GammaError } from '../../js/error.js';
import type { PreparedPhoto } from '../../js/protocol.js';
import type { ScoreAllOptions } from '../../js/types.js';
import { live } from './fake-engine.js';
import { CPU, collect, type FakePhoto, GPU, type Log, TestGamma, until } from './fakes.js';

afterEach(async () => {
  await until(() => live.photos + live.jobs + live.loaders === 0);
});

/** Pixels along a side of a photo as the fake model looks at it, and the bytes that it takes. */
const SIDE = 100;
const BYTES = 3 * SIDE * SIDE;

const photos = (count: number, photo: FakePhoto = {}): FakePhoto[] =>
  Array.from({ length: count }, (_, index) => ({ name: String(index), score: index / 1000, side: SIDE, ...photo }));

/** How often the photos of a run were read, decoded, and put through the model. */
async function counted(gamma: TestGamma, log: Log, all: FakePhoto[], options: ScoreAllOptions) {
  const before = { reads: log.reading.length, decodes: live.decoded.length, steps: live.steps, resumed: live.resumed };
  const results = await collect(gamma.scoreAll(all, options));
  const counts = {
    reads: (log.reading.length - before.reads) / 2,
    decodes: live.decoded.length - before.decodes,
    steps: live.steps - before.steps,
    resumed: live.resumed - before.resumed,
  };
  return { results, counts };
}

const shown = (results: { index: number; assessment?: object | undefined }[]) =>
  results.map(({ index, assessment }) => ({ index, ...assessment, ms: 0 }));

test.each([
  ['files in one worker', 1, { constant: true }],
  ['files in three workers', 3, { constant: true }],
  ['addresses in one worker', 1, {}],
  ['addresses in three workers', 3, {}],
] as const)(
  'with first estimates each photo is read and decoded once, and each crop computed once: %s',
  async (...kind) => {
    const [, workers, photo] = kind;
    const { gamma, log } = await TestGamma.with({ workers });
    const { results, counts } = await counted(gamma, log, photos(20, photo), { previews: true, crops: 4 });
    expect(counts).toEqual({ reads: 20, decodes: 20, steps: 80, resumed: 20 });
    const plain = await collect(gamma.scoreAll(photos(20, photo), { crops: 4 }));
    expect(shown(results.slice(20))).toEqual(shown(plain));
    await gamma.dispose();
  },
);

test('what does not fit in is read and decoded again; what is there stays until it is needed', async () => {
  const { gamma, log } = await TestGamma.with();
  const options = { previews: true, crops: 4, keepBytes: 5 * BYTES + 1 };
  const files = await counted(gamma, log, photos(20, { constant: true }), options);
  expect(files.counts).toEqual({ reads: 35, decodes: 35, steps: 80, resumed: 20 });
  expect(log.reading.slice(40, 42), 'the first ones were kept').toEqual(['+5', '-5']);
  // Another photo may lie at an address by then: all of its crops are computed.
  const addresses = await counted(gamma, log, photos(20), options);
  expect(addresses.counts).toEqual({ reads: 35, decodes: 35, steps: 20 + 5 * 3 + 15 * 4, resumed: 5 });
  const none = await counted(gamma, log, photos(20), { ...options, keepBytes: 0 });
  expect(none.counts).toEqual({ reads: 40, decodes: 40, steps: 100, resumed: 0 });
  await gamma.dispose();
});

test('unless told, a sixteenth of the memory is room for them, and photos that are not small are not kept', async () => {
  expect(roomIn(2 ** 33)).toBe(2 ** 29);
  expect(roomIn(2 ** 40)).toBe(2 ** 30);
  const { gamma, log } = await TestGamma.with({}, { memory: 16 * 3 * BYTES });
  const { counts } = await counted(gamma, log, photos(8), { previews: true, crops: 4 });
  expect(counts).toMatchObject({ reads: 13, decodes: 13 });
  const large = await counted(gamma, log, photos(4, { side: 1200 }), { previews: true, crops: 4, keepBytes: 1e9 });
  expect(large.counts).toMatchObject({ reads: 8, decodes: 8 });
  await gamma.dispose();
});

test('a bad photo in between costs the others nothing, in either pass', async () => {
  const { gamma, log } = await TestGamma.with({ workers: 2 });
  const all = photos(8, { constant: true });
  all[2] = { name: 'no photo', code: 'image-format', constant: true };
  all[4] = { name: 'not there', unreadable: new GammaError('io', 'gone'), constant: true };
  const { results, counts } = await counted(gamma, log, all, { previews: true, crops: 4 });
  expect(results.map(({ index, final, error }) => `${index} ${final} ${error?.code ?? ''}`.trim())).toEqual([
    '0 false',
    '1 false',
    '2 true image-format',
    '3 false',
    '4 true io',
    '5 false',
    '6 false',
    '7 false',
    ...[0, 1, 3, 5, 6, 7].map((index) => `${index} true`),
  ]);
  expect(counts).toMatchObject({ decodes: 7, steps: 6 * 4, resumed: 6 });
  await gamma.dispose();
});

test('a worker that dies in the second pass has taken the photo with it, which is read again', async () => {
  for (const constant of [true, false]) {
    const { gamma, log } = await TestGamma.with({ workers: 2 });
    const all = photos(6, { constant });
    all[3] = { ...all[3], name: `dies ${constant}`, trap: 'step', times: 1 };
    const { results, counts } = await counted(gamma, log, all, { previews: true, crops: 4 });
    expect(results.slice(6).map(({ assessment }) => assessment?.score)).toEqual(
      [0, 1, 2, 3, 4, 5].map((i) => i / 1000),
    );
    expect(counts.reads).toBe(7);
    await gamma.dispose();
  }
});

test('on a GPU that is lost, too', async () => {
  const { gamma, log } = await TestGamma.with({}, { candidates: [GPU, CPU] });
  const all = photos(3, { constant: true });
  all[1] = { ...all[1], name: 'lost', trap: 'lost', times: 1 };
  const { results, counts } = await counted(gamma, log, all, { previews: true, crops: 4 });
  expect(results.filter(({ final }) => final).map(({ assessment }) => assessment?.score)).toEqual([0, 0.001, 0.002]);
  expect(counts.reads).toBe(3);
  await gamma.dispose();
});

test('a scene that is added between the passes needs the crops again, not the photo', async () => {
  const { gamma, log } = await TestGamma.with();
  const [reads, decodes, steps] = [log.reading.length, live.decoded.length, live.steps];
  for await (const { index, final } of gamma.scoreAll(photos(3), { previews: true, scene: 'all', crops: 4 })) {
    if (index === 2 && !final) await gamma.addScene('product', '{level} product photo');
  }
  expect([(log.reading.length - reads) / 2, live.decoded.length - decodes, live.steps - steps]).toEqual([3, 3, 15]);
  await gamma.dispose();
});

test('an abort in the second pass, and a caller who leaves, leave nothing behind', async () => {
  const { gamma, log } = await TestGamma.with({ workers: 2 });
  const controller = new AbortController();
  const run = (async () => {
    const all = gamma.scoreAll(photos(9, { sleep: 1 }), { previews: true, crops: 4, signal: controller.signal });
    for await (const { index, final } of all) if (final && index === 2) controller.abort();
  })();
  await expect(run).rejects.toMatchObject({ code: 'aborted' });
  for await (const { index, final } of gamma.scoreAll(photos(9), { previews: true, crops: 4 })) {
    if (final && index === 2) break;
  }
  // After these, what both workers had still to do of the runs before is done.
  await collect(gamma.scoreAll(photos(9), { crops: 4 }));
  const { counts } = await counted(gamma, log, photos(9), { previews: true, crops: 4 });
  expect(counts, 'the next run is as any other').toEqual({ reads: 9, decodes: 9, steps: 36, resumed: 9 });
  await gamma.dispose();
});

test('while the workers compute, the next photo of each is read', async () => {
  const { gamma, log } = await TestGamma.with({ workers: 3 });
  await collect(gamma.scoreAll(photos(30, { sleep: 2 }), { crops: 2 }));
  expect(log.spawned).toBe(3);
  expect(log.maxHeld).toBeLessThanOrEqual(6);
  log.maxHeld = 0;
  await collect(gamma.scoreAll(photos(30, { sleep: 2 }), { crops: 2 }));
  expect(log.maxHeld).toBeGreaterThanOrEqual(3);
  await gamma.dispose();
});

test('`keepBytes` is a number of bytes', async () => {
  const { gamma } = await TestGamma.with();
  const wrong = gamma.scoreAll([{}], { keepBytes: -1 }).next();
  await expect(wrong).rejects.toMatchObject({ code: 'option', message: expect.stringContaining('`keepBytes`') });
  await gamma.dispose();
});

test('room is taken by what is kept and given back when it is taken out, once', () => {
  const photo = { kind: 'prepared', rgb: new ArrayBuffer(40) } as PreparedPhoto;
  const room = new Room(100);
  const [first, second, third] = [room.keep(photo), room.keep(photo), room.keep(photo)];
  expect([second !== undefined, third, room.free]).toEqual([true, undefined, 20]);
  expect([first?.take(), first?.take()]).toEqual([photo, undefined]);
  expect(room.free).toBe(60);
  expect(room.keep(undefined)).toBeUndefined();
});

test('with `pixels` the first result of a photo has its pixels, from the same decoding', async () => {
  const { gamma, log } = await TestGamma.with();
  const all = [...photos(3), { name: 'no photo', code: 'image-format' }];
  for (const previews of [true, false]) {
    const { results, counts } = await counted(gamma, log, all, { previews, pixels: true, crops: 2 });
    expect(results.map(({ index, pixels }) => `${index} ${pixels?.width}`)).toEqual([
      ...[0, 1, 2].map((index) => `${index} ${SIDE}`),
      '3 undefined',
      ...(previews ? [0, 1, 2].map((index) => `${index} undefined`) : []),
    ]);
    // What the fake model looks at is text; here it is in red, green and blue, each pixel with alpha.
    const { data = [], width = 0, height = 0 } = results[1]?.pixels ?? {};
    expect(data).toHaveLength(4 * width * height);
    const text = String.fromCharCode(...[...data].filter((_, at) => at % 4 < 3));
    expect(JSON.parse(text)).toMatchObject({ name: '1' });
    expect([...data].every((value, at) => at % 4 < 3 || value === 255)).toBe(true);
    expect(counts).toMatchObject({ reads: 4, decodes: 4, steps: 6 });
  }
  const one = await collect(gamma.scoreAll(photos(1), { previews: true, pixels: true, crops: 1 }));
  expect(one.map(({ final, pixels }) => [final, pixels?.height])).toEqual([[true, SIDE]]);
  const plain = await collect(gamma.scoreAll(photos(1), { previews: true, crops: 2 }));
  expect(plain.every((result) => !('pixels' in result))).toBe(true);
  const wrong = gamma.scoreAll([{}], { pixels: 'yes' as unknown as boolean }).next();
  await expect(wrong).rejects.toMatchObject({ code: 'option', message: expect.stringContaining('`pixels`') });
  await gamma.dispose();
});
