// One engine in a page of its own: its runs, its processor time, its memory.
import { below, peak, processorTime } from './processes.mjs';

const SIDE = 224;

const round = (value) => Number(value.toPrecision(4));

/** Median, least and greatest. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const middle = sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return { median: round(middle), min: round(sorted[0]), max: round(sorted.at(-1)) };
}

const megabytes = (bytes) => Math.round(bytes / 1e6);

/** The process of a page: the one that works when the page does. */
async function processOf(page, root) {
  const before = new Map(below(root, 'renderer').map((pid) => [pid, processorTime(pid)]));
  await page.evaluate(() => {
    for (const end = performance.now() + 400; performance.now() < end; );
  });
  const worked = (pid) => processorTime(pid) - (before.get(pid) ?? 0);
  return below(root, 'renderer').reduce((most, pid) => (worked(pid) > worked(most) ? pid : most));
}

async function openPage({ connection, pid, url }) {
  // A context of its own, so that it has a process of its own.
  const context = await connection.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(0);
  await page.goto(`${url}/page.html`);
  return { context, page, process: await processOf(page, pid) };
}

/** An engine that has loaded a model. */
export class Engine {
  /** Milliseconds of a crop or photo, run by run. */
  times = [];
  score;
  #context;
  #page;
  #process;
  #cpu = 0;
  #count = 0;

  constructor({ context, page, process }, { engine, ms }) {
    this.#context = context;
    this.#page = page;
    this.#process = process;
    this.name = engine;
    this.loadMs = ms;
  }

  /** MB of 10^6 bytes that the renderer of an empty page takes. */
  static async blank(browser) {
    const { context, process } = await openPage(browser);
    const bytes = peak(process);
    await context.close();
    return megabytes(bytes);
  }

  /** Opens `engines/{kind}.js` and loads a model. */
  static async open(browser, kind, options) {
    const opened = await openPage(browser);
    const loaded = await opened.page.evaluate(
      async ({ kind, options, side }) => {
        globalThis.engine = await import(`/engines/${kind}.js`);
        // Waves and noise.
        let seed = 12345;
        globalThis.image = new ImageData(side, side);
        for (let i = 0; i < side * side; i++) {
          for (let c = 0; c < 3; c++) {
            seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
            const wave = Math.sin((i % side) / (9 + c)) * Math.cos(Math.floor(i / side) / (23 + c));
            image.data[4 * i + c] = 128 + 80 * wave + 40 * (seed / 4294967296 - 0.5);
          }
          image.data[4 * i + 3] = 255;
        }
        return engine.load(options);
      },
      { kind, options, side: SIDE },
    );
    return new Engine(opened, loaded);
  }

  /** Runs a crop `count` times. */
  async crop(count) {
    const { ms, value } = await this.#run(
      async ({ count }) => {
        let value;
        const begin = performance.now();
        for (let i = 0; i < count; i++) value = await engine.crop(image);
        return { ms: (performance.now() - begin) / count, value };
      },
      { count },
    );
    this.#count += count;
    this.times.push(ms);
    this.score = value;
  }

  /** Runs a photo; `timed`: whether it counts. */
  async photo(url, options, timed = true) {
    const cpu = this.#cpu;
    const { ms, value } = await this.#run(
      async ({ url, options }) => {
        const begin = performance.now();
        const value = await engine.photo(url, options);
        return { ms: performance.now() - begin, value };
      },
      { url, options },
    );
    if (timed) {
      this.times.push(ms);
      this.#count += 1;
    } else {
      this.#cpu = cpu;
    }
    return value;
  }

  /** Forgets the runs so far. */
  reset() {
    this.times = [];
    this.#cpu = 0;
    this.#count = 0;
  }

  report() {
    return {
      engine: this.name,
      ms: spread(this.times),
      score: this.score,
      cpu_ms: round(this.#cpu / this.#count),
      load_ms: round(this.loadMs),
      peak_mb: megabytes(peak(this.#process)),
    };
  }

  close() {
    return this.#context.close();
  }

  async #run(work, argument) {
    const before = processorTime(this.#process);
    const result = await this.#page.evaluate(work, argument);
    this.#cpu += processorTime(this.#process) - before;
    return result;
  }
}
