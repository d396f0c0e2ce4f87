import { setUpDock } from './dock.ts';
import { takePhotos } from './drop.ts';
import { Engine } from './engine.ts';
import { Gallery } from './gallery.ts';
import { addPhotos, fromSamples, type NamedFile } from './intake.ts';
import { setUpKept } from './kept.ts';
import { Notices } from './notices.ts';
import { Queue } from './queue.ts';
import { setUpSetup } from './setup.ts';
import { Store } from './state.ts';
import { watchStatus } from './status.ts';
import { setUpToolbar } from './toolbar.ts';

const store = new Store();
const engine = new Engine(store);
const queue = new Queue(store, engine);
new Gallery(store);
const notices = new Notices(store, engine, queue);
setUpSetup(store, engine, queue);
setUpKept(store, notices);
setUpToolbar(store, queue);
setUpDock(store, queue);

const add = (files: NamedFile[]) => {
  addPhotos(store, files);
  void queue.start();
};
takePhotos(add);
for (const button of document.querySelectorAll<HTMLButtonElement>('[data-action="samples"]')) {
  button.addEventListener('click', () => {
    button.disabled = true;
    fromSamples()
      .then(add, (error: unknown) => notices.pass(error instanceof Error ? error.message : String(error)))
      .finally(() => {
        button.disabled = false;
      });
  });
}

// Photos that came before the model was there are taken up now.
store.on('engine', () => void queue.start());

for (const event of ['online', 'offline']) {
  addEventListener(event, () => {
    store.state.online = navigator.onLine;
    store.tell('engine');
    if (navigator.onLine && store.state.engine.phase === 'failed') void engine.load();
  });
}

let begun = false;
void watchStatus((status) => {
  store.state.modules = status;
  if (!begun || store.state.engine.phase === 'building') void engine.load();
  else store.tell('engine');
  begun = true;
});
