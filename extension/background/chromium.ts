// The service worker of Chromium. It may end between any two events and keeps nothing in memory that is needed later.
import { asked } from '../asking.js';
import type { Answer, Question, ToEngine } from '../messages.js';
import { webext } from '../webext.js';
import { startBackground } from './background.js';

const PAGE = 'offscreen.html';
/** With a document that ended meanwhile, or does not listen yet. */
const PATIENCE = { attempts: 8, pause: 50 };

let opening: Promise<void> | undefined;

/** Opens the engine's document unless it is there. */
async function open(): Promise<void> {
  const { offscreen } = webext;
  if (!offscreen) throw new Error('this browser has no offscreen documents');
  // A document counts as there while it loads, and does not listen yet.
  if (opening) return opening;
  if (await offscreen.hasDocument()) return;
  opening ??= offscreen
    .createDocument({ url: PAGE, reasons: ['WORKERS'], justification: 'Scores images in a worker.' })
    .finally(() => {
      opening = undefined;
    });
  await opening;
}

async function ask(question: Question, idle: number): Promise<Answer> {
  const message = async (): Promise<ToEngine> => {
    await open();
    return { to: 'engine', question, idle };
  };
  try {
    return await asked(message, PATIENCE);
  } catch (error) {
    return { error: { code: 'engine', message: String(error) } };
  }
}

startBackground(ask);
