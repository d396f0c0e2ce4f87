// A run over a billion photos, simulated: shards in a queue, workers of one core, slow machines, workers that fail.
//   node bench/scale/simulate.mjs [--costs bench/scale/costs.json] [--svg docs/scale.svg] [--seed 1]
// Costs of a photo are what cost.mjs measured. Seeded: the same numbers every time.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { plot } from './plot.mjs';

const { values } = parseArgs({
  options: {
    costs: { type: 'string', default: 'bench/scale/costs.json' },
    photos: { type: 'string', default: '1e9' },
    workers: { type: 'string', default: '2048' },
    seed: { type: 'string', default: '1' },
    svg: { type: 'string' },
  },
});

/** Assumptions, all of them. */
const ASSUMED = {
  /** Share of each measured size of photo in the archive, in the order of the file of costs. */
  mix: [0.4, 0.3, 0.15, 0.12, 0.03],
  /** A shard leans to one size: so much of it is of one size drawn by the mix. */
  skew: 0.5,
  /** Machines of 64 workers; so many of them are slow, and by so much. */
  machine: 64,
  slow: 0.03,
  slower: 2,
  /** Share of the workers that fail once, at a random moment; seconds until that is seen and the worker is there again. */
  failing: 0.01,
  noticed: 60,
  /** Seconds between a shard and the next one: its bytes are read ahead, its rows written. */
  between: 2,
};

/** Random numbers, 0 to 1 (mulberry32). */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const costs = JSON.parse(readFileSync(values.costs, 'utf8'));
const moments = costs.map(({ milliseconds }) => {
  const mean = milliseconds.reduce((sum, each) => sum + each, 0) / milliseconds.length;
  const square = milliseconds.reduce((sum, each) => sum + (each - mean) ** 2, 0) / milliseconds.length;
  return { mean: mean / 1e3, variance: square / 1e6 };
});

/** A queue of things by their times, the earliest first. */
class Heap {
  #items = [];
  get size() {
    return this.#items.length;
  }
  push(item) {
    const items = this.#items;
    let at = items.push(item) - 1;
    for (let above = (at - 1) >> 1; at > 0 && items[above].time > item.time; above = (at - 1) >> 1) {
      items[at] = items[above];
      at = above;
    }
    items[at] = item;
  }
  pop() {
    const items = this.#items;
    const [first] = items;
    const last = items.pop();
    if (items.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below + 1 < items.length && items[below + 1].time < items[below].time) below += 1;
      if (below >= items.length || items[below].time >= last.time) break;
      items[at] = items[below];
      at = below;
    }
    items[at] = last;
    return first;
  }
}

/** Core-seconds of each shard: of so many photos, the sum is as good as normal. */
function shards(count, photos, draw) {
  const normal = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  const bounds = ASSUMED.mix.map((_, at) => ASSUMED.mix.slice(0, at + 1).reduce((sum, share) => sum + share, 0));
  const sized = () => {
    const drawn = draw();
    return Math.min(bounds.filter((bound) => bound <= drawn).length, bounds.length - 1);
  };
  return Array.from({ length: count }, () => {
    const main = sized();
    const shares = ASSUMED.mix.map((share, size) => (1 - ASSUMED.skew) * share + (size === main ? ASSUMED.skew : 0));
    const mean = shares.reduce((sum, share, size) => sum + share * moments[size].mean, 0);
    const square = shares.reduce(
      (sum, share, size) => sum + share * (moments[size].variance + moments[size].mean ** 2),
      0,
    );
    return photos * mean + normal() * Math.sqrt(photos * Math.max(0, square - mean ** 2));
  });
}

/** Runs it; `again`: at the end idle workers begin the shards that still run a second time, and the first to finish counts. */
export function simulate({ photos, workers, shard, again, failures = true, seed }) {
  const draw = random(seed);
  const work = shards(Math.ceil(photos / shard), shard, draw);
  const ideal = work.reduce((sum, each) => sum + each, 0) / workers;
  const machines = Array.from({ length: Math.ceil(workers / ASSUMED.machine) }, () => draw() < ASSUMED.slow);
  const pace = Array.from({ length: workers }, (_, at) =>
    machines[Math.floor(at / ASSUMED.machine)] ? ASSUMED.slower : 1,
  );
  const dies = pace.map(() => (failures && draw() < ASSUMED.failing ? draw() * ideal : Number.POSITIVE_INFINITY));
  const queue = work.map((_, at) => at).reverse();
  const done = new Array(work.length).fill(0);
  const copies = new Array(work.length).fill(0);
  const events = new Heap();
  const ends = [];
  let [lost, wasted] = [0, 0];
  const running = new Map();
  const give = (worker, time) => {
    let next = queue.pop();
    if (next === undefined && again) {
      // Of those that run once, the one that would end last.
      let latest = time;
      for (const [at, end] of running) if (!done[at] && copies[at] < 2 && end > latest) [latest, next] = [end, at];
    }
    if (next === undefined) return void ends.push(time);
    copies[next] += 1;
    const begin = time + ASSUMED.between;
    const end = begin + work[next] * pace[worker];
    if (dies[worker] < end) {
      lost += Math.max(0, dies[worker] - begin);
      const death = Math.max(time, dies[worker]);
      dies[worker] = Number.POSITIVE_INFINITY;
      events.push({ time: death + ASSUMED.noticed, worker, failed: next });
    } else {
      running.set(next, Math.min(end, running.get(next) ?? end));
      events.push({ time: end, worker, shard: next, took: end - begin });
    }
  };
  for (let worker = 0; worker < workers; worker += 1) give(worker, 0);
  let last = 0;
  while (events.size > 0) {
    const { time, worker, shard: finished, failed, took } = events.pop();
    if (failed !== undefined) {
      copies[failed] -= 1;
      if (!done[failed]) queue.push(failed);
    } else if (done[finished]) {
      wasted += took;
    } else {
      done[finished] = 1;
      running.delete(finished);
      last = time;
    }
    // Another one may be waiting for nothing: it is asked when this one is.
    if (last < time && queue.length === 0 && done.every(Boolean)) ends.push(last);
    else give(worker, time);
  }
  const complete = done.every(Boolean);
  return {
    shard,
    again,
    hours: last / 3600,
    ideal: ideal / 3600,
    lost: lost / 3600,
    wasted: wasted / 3600,
    ends,
    complete,
  };
}

const photos = Number(values.photos);
const workers = Number(values.workers);
const mean = ASSUMED.mix.reduce((sum, share, size) => sum + share * moments[size].mean, 0);
console.log(`a photo: ${(1e3 * mean).toFixed(0)} ms of a core; all: ${Math.round((photos * mean) / 3600)} core-hours`);
const runs = [];
for (const shard of [10_000, 100_000, 1_000_000]) {
  for (const again of [false, true]) {
    const found = simulate({ photos, workers, shard, again, seed: Number(values.seed) });
    if (!found.complete) throw new Error('a shard was lost');
    runs.push(found);
    const over = `${(100 * (found.hours / found.ideal - 1)).toFixed(1)}% over ${found.ideal.toFixed(2)}`;
    console.log(
      `shards of ${shard}${again ? ', the last ones twice' : ''}: ${found.hours.toFixed(2)} h, ${over}; ` +
        `${found.lost.toFixed(1)} core-hours lost, ${found.wasted.toFixed(1)} done twice`,
    );
  }
}
if (values.svg)
  writeFileSync(
    values.svg,
    plot(
      // A run that takes twice the time would press the others together.
      runs.filter(({ hours, ideal }) => hours < 2 * ideal),
      workers,
    ),
  );
