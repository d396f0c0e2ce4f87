import type { CropPolicy } from 'gamma-wasm';
import { announce, byId } from './dom.ts';
import { saveText, toCsv, toJson } from './export.ts';
import { sceneLabel } from './format.ts';
import { removePhotos } from './intake.ts';
import type { Queue } from './queue.ts';
import { directionLabel, sorted } from './sorting.ts';
import type { SortKey, Store } from './state.ts';

/** Scene, order, crops, options, export and clearing. */
export function setUpToolbar(store: Store, queue: Queue): void {
  setUpView(store);
  setUpOptions(store, queue);
  setUpExport(store);
  setUpMenus();
  byId('clear').addEventListener('click', () => {
    removePhotos(store, () => true);
    announce('All photos removed');
    document.querySelector<HTMLElement>('.intake button')?.focus();
  });
}

function setUpView(store: Store): void {
  const { state } = store;
  const scene = byId<HTMLSelectElement>('scene');
  const sort = byId<HTMLSelectElement>('sort');
  const direction = byId<HTMLButtonElement>('direction');
  const crops = byId<HTMLButtonElement>('crops-toggle');
  scene.addEventListener('change', () => {
    state.scene = scene.value;
    store.tell('view');
  });
  sort.addEventListener('change', () => {
    state.sort = sort.value as SortKey;
    state.descending = state.sort === 'score';
    store.tell('view');
  });
  direction.addEventListener('click', () => {
    state.descending = !state.descending;
    store.tell('view');
  });
  crops.addEventListener('click', () => {
    state.showCrops = !state.showCrops;
    store.tell('view');
  });
  const draw = () => {
    if (state.engine.phase === 'ready') {
      const options = state.engine.scenes.map(({ id, template }) => {
        const option = new Option(sceneLabel(id), id);
        option.title = template;
        return option;
      });
      scene.replaceChildren(...options);
      scene.value = state.scene;
      scene.disabled = false;
    }
    sort.value = state.sort;
    direction.textContent = directionLabel(state.sort, state.descending);
    direction.setAttribute('aria-label', `${directionLabel(state.sort, state.descending)}: reverse the order`);
    crops.setAttribute('aria-pressed', String(state.showCrops));
  };
  store.on('engine', draw);
  store.on('view', draw);
  draw();
}

function setUpOptions(store: Store, queue: Queue): void {
  const policy = byId<HTMLSelectElement>('policy');
  const crops = byId<HTMLInputElement>('crop-count');
  const seed = byId<HTMLInputElement>('seed');
  const again = byId<HTMLButtonElement>('again');
  // A number that the field refuses (empty, out of range) leaves the last good one in force.
  const number = (input: HTMLInputElement, last: number) =>
    input.value && input.checkValidity() ? input.valueAsNumber : last;
  const draw = () => {
    const { choice, engine } = store.state;
    const stated = engine.phase === 'ready' ? engine.model.photo : undefined;
    policy.value = choice.policy ?? stated?.policy ?? 'random';
    crops.valueAsNumber = choice.crops ?? stated?.crops ?? 10;
    seed.valueAsNumber = choice.seed;
    crops.disabled = policy.value === 'five' || policy.value === 'center';
    seed.disabled = policy.value !== 'random';
    const scaled = stated?.short_side ? ` of photos scaled to a short side of ${stated.short_side}` : '';
    const sizes = stated?.sizes ?? [224];
    const each = sizes.length > 1 ? ', so many of each size' : '';
    byId('crops-hint').textContent =
      `The model looks at squares of ${sizes.join(' and ')} pixels${scaled}${each}. More of them cost more time and give a steadier score.`;
  };
  const choose = (change: () => void) => () => {
    change();
    again.disabled = false;
    draw();
  };
  const { state } = store;
  policy.addEventListener(
    'change',
    choose(() => {
      state.choice.policy = policy.value as CropPolicy;
    }),
  );
  crops.addEventListener(
    'change',
    choose(() => {
      state.choice.crops = number(crops, state.choice.crops ?? 10);
    }),
  );
  seed.addEventListener(
    'change',
    choose(() => {
      state.choice.seed = number(seed, state.choice.seed);
    }),
  );
  store.on('engine', draw);
  draw();
  again.addEventListener('click', () => {
    again.disabled = true;
    byId<HTMLDetailsElement>('options').open = false;
    byId('options').querySelector('summary')?.focus();
    queue.requeue(({ status }) => status !== 'waiting' && status !== 'scoring');
  });
}

function setUpExport(store: Store): void {
  byId('export').addEventListener('click', (event) => {
    const kind = (event.target as HTMLElement).dataset.export;
    const { photos, scene, sort, descending, engine } = store.state;
    if (!kind || engine.phase !== 'ready') return;
    const order = sorted(photos, sort, descending, (photo) => store.assessment(photo)?.score);
    if (kind === 'csv') saveText(toCsv(order, scene, engine), `gamma-${scene}.csv`, 'text/csv');
    else saveText(toJson(order, engine), 'gamma.json', 'application/json');
    byId<HTMLDetailsElement>('export').open = false;
  });
}

/** Menus close when something else is clicked, and by Escape, which gives the keyboard back to the menu's button. */
function setUpMenus(): void {
  const menus = document.querySelectorAll<HTMLDetailsElement>('.menu');
  addEventListener('pointerdown', ({ target }) => {
    for (const menu of menus) if (!menu.contains(target as Node)) menu.open = false;
  });
  addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape') return;
    for (const menu of menus) {
      if (menu.open && menu.contains(document.activeElement)) menu.querySelector('summary')?.focus();
      menu.open = false;
    }
  });
}
