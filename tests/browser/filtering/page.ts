// A page for tests of `gamma-wasm/filter`: pictures whose address says what their score is (`?percent=30`), and an assessor that answers so.
import type { Gamma } from 'gamma-wasm';
import type { Assessed, AssessRequest, Filter, FilterOptions, PictureEvent } from 'gamma-wasm/filter';
import type { Driver, Tab } from '../drivers/tab.ts';
import type { Server } from '../server.ts';

declare global {
  var filter: typeof import('gamma-wasm/filter').filter;
  /** The default model, loaded once for all tests of a page. */
  var engine: () => Promise<Gamma>;
  /** Addresses that were asked about, in this order. */
  var addresses: string[];
  /** Requests that wait for an answer: those of addresses with `hold` in them. */
  var held: { request: AssessRequest; answer: () => void }[];
  var events: PictureEvent[];
  var feed: Filter;
  /** Starts {@link feed} over the document by the assessor. */
  var start: (options: Partial<FilterOptions>, root?: Document | Element | ShadowRoot) => Filter;
  /** The address of a picture of 480 x 320 pixels with a score. */
  var photo: (percent: number, more?: string) => string;
  /** Puts HTML into the page. */
  var show: (html: string) => void;
  /** The mark of an element. */
  var mark: (element: Element | string) => string | null;
  var find: <E extends Element>(selector: string) => E;
  /** Waits until something holds. */
  var until: (holds: () => unknown) => Promise<void>;
  /** Waits until there are this many verdicts and none is on its way. */
  var quiet: (verdicts?: number) => Promise<void>;
}

/** What the page is. */
export const FILTER_PAGE = `<!doctype html><html><head><title>filter</title><link rel="icon" href="data:,">
<style>body { margin: 0 } img { display: block; width: 240px; height: 160px } .gap { height: 9000px }</style>
</head><body><script type="module">
import * as checking from '/pkg/check/index.js';
import * as element from '/pkg/element/index.js';
import { filter } from '/pkg/filter/index.js';
import { Gamma, GammaError } from '/pkg/index.js';
let model;
const engine = () => (model ??= Gamma.load());
Object.assign(globalThis, { checking, element, engine, filter, GammaError });
</script></body></html>`;

/** Opens the page and defines what tests call in it. */
export async function filterTab(driver: Driver, server: Server): Promise<Tab> {
  const tab = await driver.open(`${server.url}filtering.html`);
  await prepareFilter(tab);
  return tab;
}

/** Defines what tests call in a page. */
export function prepareFilter(tab: Pick<Tab, 'evaluate'>): Promise<void> {
  return tab.evaluate(async () => {
    globalThis.until = async (holds) => {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await until(() => 'filter' in globalThis);
    globalThis.addresses = [];
    globalThis.held = [];
    globalThis.events = [];
    globalThis.photo = (percent, more = '') => `/samples/lighthouse.webp?percent=${percent}${more}`;
    globalThis.find = <E extends Element>(selector: string) => {
      const found = document.querySelector<E>(selector);
      if (!found) throw new Error(`no ${selector}`);
      return found;
    };
    globalThis.mark = (element) =>
      (typeof element === 'string' ? find(element) : element).getAttribute('data-gamma-filter');
    globalThis.show = (html) => {
      document.body.innerHTML = html;
    };
    const answer = (address: string): Assessed => {
      const asks = new URL(address).searchParams;
      const percent = Number(asks.get('percent'));
      const source = asks.get('source') ?? 'unknown';
      const assessment = { percent, score: 0.2 + percent / 125, uncertainty: 0, scene: 'natural-quality' };
      return { assessment: { ...assessment, provenance: { source } } as unknown as never, final: true };
    };
    globalThis.start = (options, root = document) => {
      const assess = (request: AssessRequest) => {
        addresses.push(request.address);
        if (!request.address.includes('hold')) return Promise.resolve(answer(request.address));
        return new Promise<Assessed>((resolve) => {
          held.push({ request, answer: () => resolve(answer(request.address)) });
        });
      };
      const onVerdict = (event: PictureEvent) => events.push(event);
      globalThis.feed = filter(root, { rule: { below: 40 }, assess, onVerdict, ...options });
      return feed;
    };
    globalThis.quiet = async (verdicts = 0) => {
      await until(() => events.length >= verdicts);
      const isQuiet = () => feed.stats().waiting === 0 && [...document.images].every(({ complete }) => complete);
      // Where no verdict is to come, browsers are given the time in which they tell of places.
      const enough = verdicts > 0 ? 2 : 14;
      for (let times = 0; times < enough; ) {
        times = isQuiet() ? times + 1 : 0;
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    };
  });
}

/** Ends what a test left, for the next one. */
export function cleanFilter(tab: Pick<Tab, 'evaluate'>): Promise<void> {
  return tab.evaluate(() => {
    globalThis.feed?.dispose();
    addresses.length = 0;
    held.length = 0;
    events.length = 0;
    document.body.innerHTML = '';
    scrollTo(0, 0);
  });
}
