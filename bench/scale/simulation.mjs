// The run that simulate.mjs tells of: shards in a queue, workers of one core, slow machines, workers that fail.

/** Assumptions, all of them. */
export const ASSUMED = {
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

/** Mean (s) and variance (s²) of each size of photo, of its measured milliseconds. */
export function momentsOf(costs) {
  return costs.map(({ milliseconds }) => {
    const mean = milliseconds.reduce((sum, each) => sum + each, 0) / milliseconds.length;
    const square = milliseconds.reduce((sum, each) => sum + (each - mean) ** 2, 0) / milliseconds.length;
    return { mean: mean / 1e3, variance: square / 1e6 };
  });
}

/** Core-seconds of a photo of the archive. */
export const meanOf = (moments, { mix } = ASSUMED) =>
  mix.reduce((sum, share, size) => sum + share * moments[size].mean, 0);

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
function shards(count, photos, moments, assumed, draw) {
  const normal = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  const bounds = assumed.mix.map((_, at) => assumed.mix.slice(0, at + 1).reduce((sum, share) => sum + share, 0));
  const sized = () => {
    const drawn = draw();
    return Math.min(bounds.filter((bound) => bound <= drawn).length, bounds.length - 1);
  };
  return Array.from({ length: count }, () => {
    const main = sized();
    const shares = assumed.mix.map((share, size) => (1 - assumed.skew) * share + (size === main ? assumed.skew : 0));
    const mean = shares.reduce((sum, share, size) => sum + share * moments[size].mean, 0);
    const square = shares.reduce(
      (sum, share, size) => sum + share * (moments[size].variance + moments[size].mean ** 2),
      0,
    );
    return photos * mean + normal() * Math.sqrt(photos * Math.max(0, square - mean ** 2));
  });
}

/**
 * Runs `photos` in shards of `shard` by `workers`, photos costing `moments`. `again`: at the end idle workers begin the
 * shards that still run a second time, and the first to finish counts.
 *
 * Gives `hours` until all is done, `ideal` of an even share of the work, core-hours `lost` to failures and `wasted` on
 * shards done twice, the second at which each worker `ends`, and whether the run is `complete`.
 */
export function simulate({ moments, photos, workers, shard, again = false, assumed = ASSUMED, seed }) {
  const draw = random(seed);
  const work = shards(Math.ceil(photos / shard), shard, moments, assumed, draw);
  const ideal = work.reduce((sum, each) => sum + each, 0) / workers;
  const machines = Array.from({ length: Math.ceil(workers / assumed.machine) }, () => draw() < assumed.slow);
  const pace = Array.from({ length: workers }, (_, at) =>
    machines[Math.floor(at / assumed.machine)] ? assumed.slower : 1,
  );
  const dies = pace.map(() => (draw() < assumed.failing ? draw() * ideal : Number.POSITIVE_INFINITY));
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
    const begin = time + assumed.between;
    const end = begin + work[next] * pace[worker];
    if (dies[worker] < end) {
      lost += Math.max(0, dies[worker] - begin);
      const death = Math.max(time, dies[worker]);
      dies[worker] = Number.POSITIVE_INFINITY;
      events.push({ time: death + assumed.noticed, worker, failed: next });
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
