// A clock of the page's own, which goes on by a frame once the browser has drawn one and has nothing left to fetch: what
// a page does is then the same on a busy machine.

/** Milliseconds of a frame. */
const FRAME = 32;

// As the browser has them.
const { setTimeout: soon, requestAnimationFrame: frame, fetch: get } = globalThis;

const timers = new Map();
let now = 0;
let numbers = 0;
let fetching = 0;

/** Puts the clock in the place of the browser's. */
export function stopClock() {
  performance.now = () => now;
  globalThis.setTimeout = (callback, milliseconds = 0, ...args) => {
    numbers += 1;
    timers.set(numbers, { at: now + Math.max(0, milliseconds), run: () => callback(...args) });
    return numbers;
  };
  globalThis.clearTimeout = (number) => timers.delete(number);
  globalThis.requestAnimationFrame = (callback) => globalThis.setTimeout(() => callback(now), FRAME);
  globalThis.fetch = (...args) => {
    fetching += 1;
    return get(...args).finally(() => {
      fetching -= 1;
    });
  };
  void run();
}

const settle = () => new Promise((resolve) => soon(resolve));

const loads = () =>
  [...document.images].some(({ complete, loading, src }) => src !== '' && loading !== 'lazy' && !complete);

async function run() {
  for (;;) {
    await new Promise((resolve) => frame(resolve));
    // Places are told, and what follows from them is fetched.
    await settle();
    while (fetching > 0 || loads()) await settle();
    await settle();
    await goTo(now + FRAME);
  }
}

/** Runs the timers of a frame, each at its time. */
async function goTo(end) {
  for (;;) {
    let next;
    for (const [number, timer] of timers) {
      if (timer.at <= end && (!next || timer.at < next.at)) next = { number, ...timer };
    }
    if (!next) break;
    timers.delete(next.number);
    now = Math.max(now, next.at);
    next.run();
    // What it resolves may set another one.
    await settle();
  }
  now = end;
}
