// Several threads give the scores that one gives, bit for bit.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bareTab } from './bare.ts';
import { whyWithoutThreads } from './drivers/detect.ts';
import { inEveryBrowser } from './drivers/every.ts';
import type { Tab } from './drivers/tab.ts';
import { requireModules, type Server, servePage } from './server.ts';

let server: Server;
let page: Tab;

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed', 'cpu-threads');
  server = await servePage();
});
afterAll(() => server?.close());

/** Scores of Gamma-Lite's crops of a sample, `times` times. */
const scores = (threads: number, times: number) =>
  page.evaluate(
    async ({ threads, times }) => {
      const gamma = await api.Gamma.load({ device: 'cpu', threads });
      try {
        const all: string[] = [];
        for (let time = 0; time < times; time++) {
          const { crops } = await gamma.score('/samples/dog.jpg', { crops: 4, policy: 'random', seed: time % 2 });
          all.push(JSON.stringify(crops));
        }
        return { module: gamma.device.module, reason: gamma.device.reason, all };
      } finally {
        await gamma.dispose();
      }
    },
    { threads, times },
  );

inEveryBrowser((driver, name) => {
  let lacks: string | undefined;
  beforeAll(async () => {
    page = await bareTab(driver(), server);
    lacks = await whyWithoutThreads(page);
  });
  beforeEach(({ skip }) => {
    if (lacks !== undefined) skip(lacks);
  });

  test('an isolated page has threads, and they change no score', async () => {
    const one = await scores(1, 2);
    expect(one.module).toBe('cpu-relaxed');
    for (const threads of name === 'chromium' ? [2, 3, 4] : [2, 3]) {
      const { module, reason, all } = await scores(threads, name === 'chromium' ? 12 : 4);
      expect(reason).toBe('The CPU was asked for, with threads and relaxed SIMD.');
      expect(module).toBe('cpu-threads');
      expect(new Set(all)).toEqual(new Set(one.all));
    }
  });

  test('the page starts the helpers, and they end with the model', async () => {
    const workers = await page.evaluate(async () => {
      const live = new Set<Worker>();
      const { Worker } = globalThis;
      globalThis.Worker = class extends Worker {
        constructor(...given: ConstructorParameters<typeof Worker>) {
          super(...given);
          live.add(this);
        }
        override terminate(): void {
          live.delete(this);
          super.terminate();
        }
      };
      try {
        const gamma = await api.Gamma.load({ device: 'cpu', threads: 3 });
        const before = live.size;
        await gamma.dispose();
        return [before, live.size];
      } finally {
        globalThis.Worker = Worker;
      }
    });
    expect(workers).toEqual([3, 0]);
  });

  test('helpers take their share, as many as were started', async () => {
    // In a worker, since no page may wait for another thread. The page starts the helpers, as the package does.
    const met = await page.evaluate(async () => {
      const program = `
      const address = (path) => new URL(path, '${location.href}').href;
      const glue = address('/pkg/wasm/cpu-threads/gamma.js');
      const threads = await import(glue);
      const module = await WebAssembly.compileStreaming(fetch(address('/pkg/wasm/cpu-threads/gamma_bg.wasm')));
      const { memory } = await threads.default({ module_or_path: module });
      onmessage = async ({ data: count }) => {
        let most = 0;
        for (const end = performance.now() + 20_000; most < count && performance.now() < end; ) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          most = threads.meet();
        }
        postMessage(most);
      };
      postMessage({ type: 'help', glue, module, memory });
    `;
      const url = URL.createObjectURL(new Blob([program], { type: 'text/javascript' }));
      const worker = new Worker(url, { type: 'module' });
      const answer = <Answer>() =>
        new Promise<Answer>((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
        });
      const order = await answer<object>();
      const found: number[] = [];
      for (let count = 1; count <= 3; count++) {
        if (count > 1) new Worker('/pkg/worker.js', { type: 'module' }).postMessage(order);
        worker.postMessage(count);
        found.push(await answer<number>());
      }
      return found;
    });
    expect(met).toEqual([1, 2, 3]);
  });
});
