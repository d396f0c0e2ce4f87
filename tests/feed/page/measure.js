// What a visitor of the feed would have seen: for each picture, when half of it was visible and when it was blurred.
import { filter } from '/pkg/filter/index.js';
import { assessor } from './assessor.js';

/** Pictures that the visitor met, each element with each of its sources. */
const records = [];
/** The picture that an element shows now. */
const current = new WeakMap();
/** When an element came within two heights of the viewport, where the filter begins at the latest. */
const near = new WeakMap();
const shifts = [];
const frames = [];
const gaps = [];
/** Milliseconds that pictures took in the worker. */
let computed = 0;
let began = 0;

function recordOf(image) {
  const known = current.get(image);
  if (known) return known;
  const times = { half: undefined, blurred: undefined, near: near.get(image), loaded: undefined, judged: undefined };
  const record = { image, address: '', ...times, wrong: 0, action: undefined, ratio: 0 };
  current.set(image, record);
  records.push(record);
  return record;
}

/** Half of it is visible, and there is something to see. */
function look(image) {
  const record = recordOf(image);
  const isThere = image.complete && image.naturalWidth > 0;
  if (record.half !== undefined || record.ratio < 0.5 || !isThere) return;
  // The veil hides it: it was not seen.
  if (getComputedStyle(image).visibility === 'hidden' && image.dataset.gammaFilter !== 'hide') return;
  record.half = performance.now();
  record.address = image.currentSrc;
}

const halves = new IntersectionObserver(
  (entries) => {
    for (const { target, intersectionRatio } of entries) {
      recordOf(target).ratio = intersectionRatio;
      look(target);
    }
  },
  { threshold: [0, 0.5] },
);

const approach = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      near.set(target, performance.now());
      recordOf(target).near ??= performance.now();
    }
  },
  { rootMargin: `${2 * innerHeight}px` },
);

function marked(image) {
  const record = recordOf(image);
  const now = performance.now();
  const mark = image.dataset.gammaFilter;
  if (mark === 'blur') record.blurred ??= now;
  else if (record.blurred !== undefined && record.half !== undefined) record.wrong += now - record.blurred;
  look(image);
}

const changes = new MutationObserver((mutations) => {
  for (const { type, target, addedNodes, attributeName } of mutations) {
    for (const node of addedNodes) for (const image of imagesOf(node)) observeImage(image);
    if (type !== 'attributes') continue;
    if (attributeName !== 'src') marked(target);
    else if (target.dataset.gammaFilter !== undefined || recordOf(target).half !== undefined) {
      const { ratio } = recordOf(target);
      current.delete(target);
      // It was near before it had this picture.
      near.set(target, performance.now());
      recordOf(target).ratio = ratio;
    }
  }
});

function observeImage(image) {
  halves.observe(image);
  approach.observe(image);
}

const imagesOf = (node) => (node.tagName === 'IMG' ? [node] : [...(node.querySelectorAll?.('img') ?? [])]);

function observe(type, found) {
  if (!PerformanceObserver.supportedEntryTypes.includes(type)) return false;
  new PerformanceObserver((list) => list.getEntries().forEach(found)).observe({ type, buffered: true });
  return true;
}

/** Begins to measure; gives what the test calls. */
export function measure(root) {
  for (const image of imagesOf(root)) observeImage(image);
  changes.observe(root, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ['src', 'data-gamma-filter'],
  });
  const loaded = ({ target }) => {
    recordOf(target).loaded ??= performance.now();
    look(target);
  };
  root.addEventListener('load', loaded, true);
  const hasShifts = observe('layout-shift', (entry) => {
    if (!entry.hadRecentInput) shifts.push(entry.value);
  });
  const hasFrames = observe('long-animation-frame', ({ duration, scripts }) => {
    const ours = scripts.filter(({ sourceURL }) => sourceURL.includes('/pkg/'));
    const worst = ours.sort((a, b) => b.duration - a.duration)[0];
    const what =
      worst &&
      `${worst.invoker} ${worst.sourceFunctionName} ${Math.round(worst.duration)} ms, layout ${Math.round(worst.forcedStyleAndLayoutDuration)}`;
    frames.push({ duration, ours: ours.reduce((sum, script) => sum + script.duration, 0), what });
  });
  let running;
  return {
    /**
     * Starts the filter; resolves when what is on the screen is judged. With `msOfCrop` no model computes, but an
     * assessor takes that time.
     */
    async start({ msOfCrop, ...options }) {
      running = filter(root, {
        ...(msOfCrop && { assess: assessor(msOfCrop) }),
        rule: [{ below: 40 }, { declared: 'ai', action: 'badge' }],
        action: 'blur',
        onVerdict({ element, action, state, assessment }) {
          const { ms = 0, crops = [] } = assessment ?? {};
          Object.assign(recordOf(element), { action, state, judged: performance.now(), crops: crops.length, ms });
          computed += ms;
        },
        ...options,
      });
      // Where all of them fail there is no verdict to wait for.
      const isAnswered = ({ judged, failed, waiting }) => judged + failed > 0 && waiting === 0;
      while (!isAnswered(running.stats())) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    /** Scrolls to the end, or for some seconds, at so many pixels a second. */
    scroll(speed, seconds = Infinity) {
      return new Promise((resolve) => {
        const begin = performance.now();
        let before = begin;
        const step = (now) => {
          gaps.push(now - before);
          before = now;
          const passed = (now - begin) / 1000;
          scrollTo({ top: passed * speed, behavior: 'instant' });
          const { scrollTop, scrollHeight, clientHeight } = document.scrollingElement;
          if (passed > seconds || scrollTop + clientHeight >= scrollHeight - 1) resolve();
          else requestAnimationFrame(step);
        };
        requestAnimationFrame(step);
      });
    },
    stats: () => running.stats(),
    /**
     * Pictures whose mark is not what their verdict says, or whose badge is not what they declare: none, however fast
     * the machine is.
     */
    contradictions: () =>
      imagesOf(root).flatMap((image) => {
        const { state, action } = current.get(image) ?? {};
        if (state !== 'judged') return [];
        const { gammaFilter = 'none' } = image.dataset;
        // With a veil what is shown is marked, too.
        const mark = gammaFilter === 'seen' ? 'none' : gammaFilter;
        const declaresAi = Number(image.currentSrc.match(/(\d+)-\w+\.jpg/)?.[1]) % 7 === 3;
        const isRight = mark === action && (action === 'blur' || (action === 'badge') === declaresAi);
        return isRight ? [] : [`${image.currentSrc}: ${mark}, not ${action}; declares AI: ${declaresAi}`];
      }),
    /** The figures. Pictures that were on the screen from the beginning are counted apart. */
    report() {
      const seen = records.filter(({ half }) => half !== undefined);
      const bad = seen.filter(({ action }) => action === 'blur');
      const late = bad
        .map((record) => ({ ...record, by: Math.round((record.blurred ?? Infinity) - record.half) }))
        .filter(({ by }) => by > 0)
        .sort((a, b) => b.by - a.by);
      const name = ({ address }) => address.split('/').at(-1);
      const before = (half, time) => (time === undefined ? '?' : Math.round(time - half));
      const way = ({ half, near, loaded, judged, crops, ms }) =>
        `near ${before(half, near)}, loaded ${before(half, loaded)}, judged ${before(half, judged)}, ${crops} crops in ${Math.round(ms)}`;
      const met = seen.filter(({ crops }) => crops > 0);
      const spent = met.reduce((sum, { ms }) => sum + ms, 0);
      const wrong = seen.filter(({ action }) => action !== 'blur').map((record) => record.wrong);
      return {
        seen: seen.length,
        judged: seen.filter(({ action }) => action !== undefined).length,
        bad: bad.length,
        inTime: bad.length - late.length,
        lateBy: late.slice(0, 20).map((record) => `${record.by} (${name(record)})`),
        whyLate: late.map((record) => `${name(record)}: ${way(record)}`),
        crops: met.reduce((sum, { crops }) => sum + crops, 0) / met.length,
        msOfCrop: spent / met.reduce((sum, { crops }) => sum + crops, 0),
        wronglyBlurred: wrong.filter((time) => time > 300).length,
        shift: hasShifts ? shifts.reduce((sum, value) => sum + value, 0) : undefined,
        longFrames: hasFrames ? frames.length : undefined,
        longestFrame: hasFrames ? Math.round(Math.max(0, ...frames.map(({ duration }) => duration))) : undefined,
        longFramesOfOurs: hasFrames ? frames.filter(({ ours }) => ours > 50).length : undefined,
        longestOfOurs: hasFrames ? Math.round(Math.max(0, ...frames.map(({ ours }) => ours))) : undefined,
        worstOfOurs: frames
          .sort((a, b) => b.ours - a.ours)
          .slice(0, 3)
          .map(({ what }) => what)
          .filter(Boolean),
        busy: computed / (performance.now() - began),
        gapsOver50: gaps.filter((gap) => gap > 50).length,
        frames: gaps.length,
        stats: running.stats(),
      };
    },
    /** Forgets what was seen so far. */
    begin() {
      for (const record of records) current.delete(record.image);
      computed = 0;
      began = performance.now();
      for (const list of [records, shifts, frames, gaps]) list.length = 0;
      for (const image of imagesOf(root)) {
        const { top, bottom } = image.getBoundingClientRect();
        // What is on the screen already is not met by scrolling.
        if (bottom > 0 && top < innerHeight) recordOf(image).half = -1;
      }
      records.length = 0;
    },
  };
}
