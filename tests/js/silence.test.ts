// Workers that never say a word.
import { expect, test } from 'vitest';
import { GammaError } from '../../js/error.js';
import { Client } from '../../js/pool/client.js';
import { openModel } from '../../js/pool/open.js';
import type { Port } from '../../js/pool/platform.js';
import type { FromWorker } from '../../js/protocol.js';
import { CPU, GPU, later, newLog, platformOf } from './fakes.js';

/** A worker that says what it is told to say. */
function mute(): { port: Port; say(message: FromWorker): void; ended(): boolean } {
  let hear: (message: FromWorker) => void = () => {};
  let over = false;
  const port: Port = {
    post: () => {},
    listen: (onMessage) => {
      hear = onMessage;
    },
    terminate: () => {
      over = true;
    },
  };
  return { port, say: (message) => hear(message), ended: () => over };
}

test('a worker that says nothing fails with an error that names cause and remedy', async () => {
  const { port, ended } = mute();
  const client = new Client(port, { interval: 1, looks: 3 });
  const request = client.request('memory', {});
  await expect(request).rejects.toMatchObject({
    code: 'worker',
    message: expect.stringMatching(
      /said nothing within .*bundler.*worker\.js.*Gamma\.load\(\{ worker: .*docs\/javascript\.md/s,
    ),
  });
  expect(client.started).toBe(false);
  expect(ended()).toBe(true);
  await expect(client.request('memory', {})).rejects.toMatchObject({ code: 'worker' });
});

test('a worker that has said anything may be silent for as long as it likes', async () => {
  const { port, say, ended } = mute();
  const client = new Client(port, { interval: 1, looks: 3 });
  say({ type: 'ready' });
  let answer: unknown;
  const request = client.request('memory', {}).then((reply) => {
    answer = reply;
  });
  await later(50);
  expect([answer, ended()]).toEqual([undefined, false]);
  say({ type: 'done', id: 1, reply: { wasm: 7 } });
  await request;
  expect([answer, client.started]).toEqual([{ wasm: 7 }, true]);
});

test('a worker that never started is not tried again with other modules', async () => {
  let spawned = 0;
  const platform = {
    ...platformOf(newLog(), { candidates: [GPU, CPU] }),
    spawn: (): Port => {
      spawned += 1;
      return {
        post: () => {},
        listen: (_, onDeath) => {
          setImmediate(() => onDeath(new GammaError('worker', 'the worker failed: its script could not be loaded')));
        },
        terminate: () => {},
      };
    },
  };
  const opening = {
    platform: platform as never,
    choice: 'auto',
    weights: platform.weights(new Uint8Array(1), undefined),
    base: undefined,
    worker: undefined,
    cache: 'default',
    precision: 'fast',
    threads: 1,
  } as const;
  const watch = { signal: new AbortController().signal, onProgress: () => {}, onClient: () => {}, onRead: () => {} };
  await expect(openModel(opening, false, watch)).rejects.toMatchObject({
    message: expect.stringContaining('could not be loaded'),
  });
  expect(spawned).toBe(1);
});
