import type { Action, Filter, Rule } from 'gamma-wasm/filter';
import { byId } from './dom.ts';
import { loadEntry, SAMPLES } from './entries.ts';

/** How often each sample is in the feed. */
const TIMES = 10;

const feed = byId('feed');
const form = byId<HTMLFormElement>('rule');
const pause = byId<HTMLButtonElement>('pause');

function addPicture(address: string, text: string): void {
  const image = new Image();
  image.loading = 'lazy';
  image.alt = text;
  image.src = address;
  feed.append(image);
}

for (let time = 0; time < TIMES; time++) {
  for (const { name, address } of SAMPLES) addPicture(`${address}?${time}`, name);
}

byId<HTMLInputElement>('own').addEventListener('change', ({ target }) => {
  for (const file of (target as HTMLInputElement).files ?? []) addPicture(URL.createObjectURL(file), file.name);
});

const { filter } = await loadEntry('filter');
let running: Filter | undefined;

function tell(): void {
  const counts = running?.stats();
  if (!counts) return;
  const { judged, acted, waiting, byEstimate, known } = counts;
  byId('stats').textContent =
    `${judged} judged, ${acted} of them blurred, hidden or marked; ${waiting} waiting; ${byEstimate} by an estimate, ${known} known before`;
}

function begin(): void {
  running?.dispose();
  const data = new FormData(form);
  const declared: Rule[] = data.has('declared') ? [{ declared: ['ai', 'composite'], action: 'badge' }] : [];
  const below = Math.min(100, Math.max(1, Number(data.get('below')) || 40));
  running = filter(feed, {
    rule: [{ below }, ...declared],
    action: data.get('action') as Action,
    veil: data.has('veil'),
    onVerdict: tell,
  });
  pause.setAttribute('aria-pressed', 'false');
  tell();
}

form.addEventListener('change', ({ target }) => {
  if ((target as HTMLElement).id !== 'own') begin();
});
form.addEventListener('submit', (event) => event.preventDefault());
feed.addEventListener('click', ({ target }) => {
  running?.reveal(target as Element);
  tell();
});
pause.addEventListener('click', () => {
  const paused = pause.getAttribute('aria-pressed') !== 'true';
  pause.setAttribute('aria-pressed', String(paused));
  if (paused) running?.pause();
  else running?.resume();
});
begin();
