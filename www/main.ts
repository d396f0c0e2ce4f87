import { setUpDock } from './dock.ts';
import { takePhotos } from './drop.ts';
import { Engine } from './engine.ts';
import { Gallery } from './gallery.ts';
import { addPhotos, fromSamples, type Intake, lostText } from './intake.ts';
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
const notices = new Notices(store, engine);
setUpSetup(store, engine);
setUpKept(store, notices);
setUpToolbar(store, queue);
setUpDock(store, queue);

const add = (intake: Intake) => {
  addPhotos(store, intake.photos);
  if (intake.lost.length > 0) notices.pass(lostText(intake));
  void queue.start();
};
takePhotos(add);
for (const button of document.querySelectorAll<HTMLButtonElement>('[data-action="samples"]')) {
  button.addEventListener('click', () => {
    button.disabled = true;
    fromSamples()
      .then(add)
      .finally(() => {
        button.disabled = false;
      });
  });
}

// Photos that came before the model was there are taken up now.
store.on('engine', () => void queue.start());
// Other weights, other scores: those of the weights before would not compare.
store.on('weights', () => queue.requeue(({ status }) => status !== 'stopped'));

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
