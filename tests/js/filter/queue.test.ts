import { expect, test } from 'vitest';
import { Queue } from '../../../js/filter/queue.js';

/** A queue whose clock and timers are the test's. */
function queueOf(settings: { parallel?: number; long?: number; perSecond?: number; scrolling?: number } = {}) {
  let now = 0;
  const timers = new Set<{ callback: () => void; at: number }>();
  const queue = new Queue({
    parallel: 2,
    perSecond: 1000,
    scrolling: 1000,
    ...settings,
    now: () => now,
    later: (callback, milliseconds) => {
      const timer = { callback, at: now + milliseconds };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  });
  const pass = async (milliseconds: number) => {
    const end = now + milliseconds;
    for (;;) {
      await new Promise(setImmediate);
      const [next] = [...timers].sort((a, b) => a.at - b.at);
      if (!next || next.at > end) break;
      timers.delete(next);
      now = next.at;
      next.callback();
    }
    now = end;
  };
  const done: string[] = [];
  const job = (name: string, place: () => number, work = async () => {}) => ({
    place,
    run: async () => {
      done.push(name);
      await work();
    },
  });
  return { queue, timers, pass, done, job };
}

test('the nearest is next, by its place at that time', async () => {
  const { queue, pass, done, job } = queueOf({ parallel: 1 });
  let far = 300;
  queue.add(job('a', () => 100));
  queue.add(job('b', () => far));
  queue.add(
    job(
      'c',
      () => 200,
      async () => {},
    ),
  );
  queue.add(
    job(
      'first',
      () => 0,
      async () => {
        far = 50;
      },
    ),
  );
  await pass(10);
  expect(done).toEqual(['first', 'b', 'a', 'c']);
});

test('no more at a time than told; a failure frees the place', async () => {
  const { queue, pass, done, job } = queueOf();
  const ends: ((error: Error) => void)[] = [];
  const hang = () => new Promise<void>((_, reject) => ends.push(reject));
  for (const name of ['a', 'b', 'c', 'd']) queue.add(job(name, () => 0, hang));
  await pass(10);
  expect(done).toEqual(['a', 'b']);
  ends[0]?.(new Error('broken'));
  await pass(10);
  expect(done).toEqual(['a', 'b', 'c']);
});

test('of long ones no more at a time than told; short ones go by', async () => {
  const { queue, pass, done, job } = queueOf({ parallel: 3, long: 1 });
  const ends: (() => void)[] = [];
  const hang = () => new Promise<void>((resolve) => ends.push(resolve));
  for (const name of ['a', 'b']) queue.add({ ...job(name, () => 0, hang), long: true });
  queue.add(job('short', () => 900));
  await pass(10);
  expect(done).toEqual(['a', 'short']);
  ends[0]?.();
  await pass(10);
  expect(done).toEqual(['a', 'short', 'b']);
});

test('no more a second than told, fewer while the page is scrolled', async () => {
  const { queue, pass, done, job } = queueOf({ perSecond: 40, scrolling: 10 });
  for (let i = 0; i < 200; i++) queue.add(job(String(i), () => i));
  await pass(1000);
  // Of a rest, a quarter of a second's jobs begin at once.
  expect(done.length).toBeGreaterThanOrEqual(40);
  expect(done.length).toBeLessThanOrEqual(51);
  const before = done.length;
  for (let i = 0; i < 20; i++) {
    queue.scrolled();
    await pass(50);
  }
  expect(done.length - before).toBeGreaterThanOrEqual(9);
  expect(done.length - before).toBeLessThanOrEqual(12);
});

test('without anything to do there is no timer', async () => {
  const { queue, timers, pass, job } = queueOf({ perSecond: 1 });
  const last = job('b', () => 0);
  queue.add(job('a', () => 0));
  await pass(10);
  queue.add(last);
  await pass(10);
  expect(timers.size).toBe(1);
  queue.remove(last);
  expect(timers.size).toBe(0);
});

test('a pause begins nothing, an end neither', async () => {
  const { queue, pass, done, job } = queueOf();
  queue.pause();
  queue.add(job('a', () => 0));
  await pass(100);
  expect(done).toEqual([]);
  queue.resume();
  await pass(100);
  expect(done).toEqual(['a']);
  queue.end();
  queue.add(job('b', () => 0));
  await pass(100);
  expect(done).toEqual(['a']);
});
