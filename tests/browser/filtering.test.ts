// `gamma-wasm/filter`, `gamma-wasm/element` and `gamma-wasm/check`, in every browser. Most of it with answers of the test's own.
import { afterAll, afterEach, beforeAll } from 'vitest';
import { serveFolders } from '../../scripts/lib/serve.mjs';
import { inEveryBrowser } from './drivers/every.ts';
import type { Tab } from './drivers/tab.ts';
import { actions } from './filtering/actions.ts';
import { checks } from './filtering/check.ts';
import { elements } from './filtering/element.ts';
import { order } from './filtering/order.ts';
import { cleanFilter, filterTab } from './filtering/page.ts';
import { pictures } from './filtering/pictures.ts';
import { reading } from './filtering/reading.ts';
import { trees } from './filtering/trees.ts';
import { veil } from './filtering/veil.ts';
import { repository } from './repository.ts';
import { requireModules, type Server, servePage } from './server.ts';

let server: Server;
/** Another origin, which lets pages show its pictures and does not let them read any. */
let elsewhere: Awaited<ReturnType<typeof serveFolders>>;
let page: Tab;

beforeAll(async () => {
  requireModules('cpu', 'cpu-relaxed');
  server = await servePage();
  const headers = { 'Cross-Origin-Resource-Policy': 'cross-origin' };
  elsewhere = await serveFolders({ samples: repository('www/samples') }, { headers } as never);
});
afterAll(async () => {
  await server?.close();
  await elsewhere?.close();
});

inEveryBrowser((driver) => {
  beforeAll(async () => {
    page = await filterTab(driver(), server);
  });
  afterEach(() => cleanFilter(page));

  const tab = () => page;
  actions(tab);
  pictures(tab);
  trees(tab);
  order(tab);
  veil(tab);
  reading(tab, () => elsewhere.url);
  elements(tab);
  checks(tab);
});
