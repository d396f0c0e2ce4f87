// The document of the engine in Chromium, where a service worker has neither workers nor a long life.
import { meant, type ToEngine } from '../messages.js';
import { webext } from '../webext.js';
import { Engine } from './engine.js';

// The document ends with the model: the next question makes a new one.
const engine = new Engine(() => close());

webext.runtime.onMessage.addListener((message, _sender, respond) => {
  const asked = meant<ToEngine>(message, 'engine');
  if (!asked) return false;
  engine.answer(asked.question, asked.idle).then(respond);
  return true;
});
