import { announce, byId } from './dom.ts';
import { count, timeLeftText } from './format.ts';
import type { Queue } from './queue.ts';
import type { Store } from './state.ts';

/** The bar at the foot of the page: how far the run is, Stop, and the way to go on. */
export function setUpDock(store: Store, queue: Queue): void {
  let running = false;
  const draw = () => {
    const { run, photos } = store.state;
    const stopped = photos.filter(({ status }) => status === 'stopped').length;
    byId('dock').hidden = !run && stopped === 0;
    document.body.toggleAttribute('data-dock', run !== undefined || stopped > 0);
    byId('stop').hidden = !run;
    byId('resume').hidden = run !== undefined || stopped === 0;
    byId('run-bar').hidden = !run;
    if (run) {
      byId<HTMLProgressElement>('run-bar').value = run.share;
      const left = run.left === undefined ? '' : ` \u00b7 ${timeLeftText(run.left)}`;
      const glance = run.known < run.total && run.known > run.finished;
      const done = glance ? `First look: ${run.known}` : String(run.finished);
      byId('run-text').textContent = `${done} of ${count(run.total, 'photo')}${left}`;
    } else {
      byId('run-text').textContent = `${count(stopped, 'photo')} not scored`;
    }
    if (running && !run) announceEnd(store, stopped);
    running = run !== undefined;
  };
  store.on('run', draw);
  store.on('photos', draw);
  byId('stop').addEventListener('click', () => {
    queue.stop();
    draw();
  });
  byId('resume').addEventListener('click', () => queue.resume());
}

function announceEnd(store: Store, stopped: number): void {
  const { photos } = store.state;
  const done = photos.filter(({ status }) => status === 'done').length;
  const failed = photos.filter(({ status }) => status === 'failed').length;
  const parts = [`${count(done, 'photo')} scored`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (stopped > 0) parts.push(`${stopped} not scored`);
  announce(parts.join(', '));
}
