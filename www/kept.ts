import type { CacheEntry } from 'gamma-wasm';
import { announce, byId } from './dom.ts';
import { toProblem } from './engine.ts';
import { megabytes } from './format.ts';
import type { Notices } from './notices.ts';
import { loadPackage } from './package-api.ts';
import type { Store } from './state.ts';

/** The models that the browser keeps for this page, with their sizes, and a way to be rid of them. */
export function setUpKept(store: Store, notices: Notices): void {
  const draw = async () => {
    try {
      const { Gamma } = await loadPackage();
      const entries = await Gamma.cache.list();
      byId('kept').hidden = entries.length === 0;
      byId('kept-list').replaceChildren(...entries.map(row));
    } catch {
      // Where nothing can be listed, nothing is kept.
      byId('kept').hidden = true;
    }
  };

  const row = (entry: CacheEntry): HTMLElement => {
    const item = document.createElement('li');
    const name = decodeURIComponent(new URL(entry.url).pathname.split('/').pop() ?? '') || entry.url;
    const size = entry.complete ? megabytes(entry.bytes) : `${megabytes(entry.bytes)}, not all of it`;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'link';
    button.textContent = 'Delete';
    button.setAttribute('aria-label', `Delete ${name} from this device`);
    button.addEventListener('click', async () => {
      button.disabled = true;
      try {
        const { Gamma } = await loadPackage();
        await Gamma.cache.delete(entry.url);
        announce(`${name} was deleted from this device`);
      } catch (error) {
        notices.pass(toProblem(error).message);
      }
      await draw();
    });
    item.append(`${name} \u00b7 ${size} `, button);
    item.title = entry.url;
    return item;
  };

  let shown = store.state.engine;
  store.on('engine', () => {
    const { engine } = store.state;
    // While a model loads, its size on this device changes all the time.
    if (engine !== shown && engine.phase === 'ready') void draw();
    shown = engine;
  });
}
