// The worker of bench/previews.mjs: a package's own, with a clock in its engine.
import { getEnvironmentData } from 'node:worker_threads';

const { counters, folder } = getEnvironmentData('bench');
const counts = new BigInt64Array(counters);

/** Counts a call, and the microseconds since `begin`. */
function count(at, begin) {
  Atomics.add(counts, at, 1n);
  Atomics.add(counts, at + 1, BigInt(Math.round(1000 * (performance.now() - begin))));
}

for (const kind of ['cpu', 'cpu-relaxed']) {
  const { Engine, Job } = await import(`${folder}wasm/${kind}/gamma.js`);
  const { decode } = Engine.prototype;
  Engine.prototype.decode = function (...given) {
    const begin = performance.now();
    try {
      return decode.apply(this, given);
    } finally {
      count(0, begin);
    }
  };
  const { step } = Job.prototype;
  Job.prototype.step = async function (...given) {
    const begin = performance.now();
    try {
      return await step.apply(this, given);
    } finally {
      count(2, begin);
    }
  };
}
await import(`${folder}node-worker.js`);
