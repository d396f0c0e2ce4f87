// An assessor that takes the time of a model without its work: what the filter's own order does, whatever else runs on
// the machine. One worker computes one picture at a time, crop by crop, in the order in which it is asked.

/** Crops of a full score. */
const CROPS = 10;
/** What pictures of a form score, in per cent; each is up to 10 above or below. */
const PERCENT = { clean: 62, blurred: 15, noisy: 27, compressed: 37, tiny: 33 };

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Between -1 and 1, by the picture's number and the crop's. */
function random(number, crop) {
  const value = Math.sin(number * 12.9898 + crop * 78.233) * 43758.5453;
  return 2 * (value - Math.floor(value)) - 1;
}

/** What so many crops tell of a picture: the rest of the error goes with their number. */
function estimateOf(address, crops) {
  const [, number = 0, form = 'clean'] = address.match(/(\d+)-(\w+)\.jpg/) ?? [];
  const uncertainty = crops === CROPS ? 0 : 0.08 / Math.sqrt(crops);
  const percent = PERCENT[form] + 10 * random(Number(number), 0) + 60 * uncertainty * random(Number(number), crops);
  return { percent, score: 0.2 + percent / 125, uncertainty };
}

/** An assessor whose crops take so many milliseconds. */
export function assessor(msOfCrop) {
  let free = Promise.resolve();
  const done = new Map();
  /** A timer may be late where the machine is busy: the next one is the sooner. */
  let ready = 0;
  const compute = async ({ address, estimate, enough, signal }) => {
    let crops = done.get(address) ?? 0;
    ready = Math.max(ready, performance.now());
    const begin = ready;
    do {
      signal.throwIfAborted();
      ready += msOfCrop;
      await pause(ready - performance.now());
      crops += 1;
    } while (!estimate && crops < CROPS && !enough?.(estimateOf(address, crops)));
    done.set(address, crops);
    const found = estimateOf(address, crops);
    const declaresAi = Number(address.match(/(\d+)-\w+\.jpg/)?.[1]) % 7 === 3;
    const provenance = { source: declaresAi ? 'ai' : 'unknown', evidence: [], c2pa: 'absent', verified: false };
    const assessment = { ...found, scene: 'natural-quality', crops: Array(crops).fill(found.score), provenance };
    return { assessment: { ...assessment, ms: ready - begin }, final: crops === CROPS };
  };
  return async (request) => {
    const { address, signal } = request;
    await (await fetch(address, { cache: 'force-cache', signal })).blob();
    const mine = free.then(() => compute(request));
    free = mine.catch(() => {});
    return mine;
  };
}
