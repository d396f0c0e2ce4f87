// A picture's estimate and its full score: read, decoded and computed once between them.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Judge } from '../../../js/filter/judge.js';
import type { AssessRequest } from '../../../js/filter/types.js';
import type { Gamma } from '../../../js/index.js';
import type { Assessment } from '../../../js/types.js';
import { live } from '../fake-engine.js';
import { collect, TestGamma, until } from '../fakes.js';

const element = { tagName: 'DIV' } as Element;

/** Requests for the picture at a place, which is the bytes of its address. */
const request = (place: number, estimate: boolean, more: Partial<AssessRequest> = {}): AssessRequest => ({
  address: `https://pictures.test/${place}`,
  element,
  kind: 'img',
  scene: undefined,
  estimate,
  signal: new AbortController().signal,
  ...more,
});

let gamma: TestGamma;
let judge: Judge;
beforeEach(async () => {
  vi.stubGlobal('fetch', async (address: string) => new Response(new Blob([address])));
  ({ gamma } = await TestGamma.with());
  judge = new Judge(async () => gamma as unknown as Gamma, undefined);
});
afterEach(async () => {
  vi.unstubAllGlobals();
  judge.close();
  await gamma.dispose();
  await until(() => live.photos + live.jobs + live.loaders === 0);
});

/** How often photos were decoded, and crops computed, meanwhile. */
async function counted<T>(work: () => Promise<T>): Promise<{ found: T; decodes: number; steps: number }> {
  const { steps } = live;
  const { length } = live.decoded;
  const found = await work();
  return { found, decodes: live.decoded.length - length, steps: live.steps - steps };
}

test('the full score goes on from the estimate: the picture is decoded once', async () => {
  const first = await counted(() => judge.assess(request(0, true)));
  expect(first).toMatchObject({ found: { final: false }, decodes: 1 });
  const full = await counted(() => judge.assess(request(0, false)));
  expect(full).toMatchObject({ found: { final: true }, decodes: 0 });
  const [plain] = await collect(gamma.scoreAll([{ name: 'the same' }]));
  const { score, crops } = full.found.assessment as Assessment;
  expect({ score, crops: crops.length }).toEqual({
    score: plain?.assessment?.score,
    crops: first.steps + full.steps,
  });
});

test('of too many pictures the first ones are decoded again, and the last ones are not', async () => {
  for (let place = 0; place < 25; place += 1) await judge.assess(request(place, true));
  expect((await counted(() => judge.assess(request(0, false)))).decodes).toBe(1);
  expect((await counted(() => judge.assess(request(24, false)))).decodes).toBe(0);
});

test('one that is given up on the way, or held when the filter ends, can be asked for again', async () => {
  await judge.assess(request(0, true));
  const gone = new AbortController();
  const enough = () => {
    gone.abort();
    return false;
  };
  const full = judge.assess(request(0, false, { signal: gone.signal, enough }));
  await expect(full).rejects.toMatchObject({ code: 'aborted' });
  expect((await judge.assess(request(0, false))).final).toBe(true);
  await judge.assess(request(1, true));
  judge.close();
  expect((await counted(() => judge.assess(request(1, false)))).decodes).toBe(1);
});

test('an estimate on the way that is enough ends it', async () => {
  await judge.assess(request(0, true));
  const found = await judge.assess(request(0, false, { enough: () => true }));
  expect(found.final).toBe(false);
  expect(found.assessment.score).toBeTypeOf('number');
});
