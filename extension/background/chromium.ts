// The service worker of Chromium. It may end between any two events and keeps nothing in memory that is needed later.
import type { Answer, Question, ToEngine } from '../messages.js';
import { webext } from '../webext.js';
import { startBackground } from './background.js';

const PAGE = 'offscreen.html';
/** How often a question is asked whose document ended meanwhile, or does not listen yet. */
const ATTEMPTS = 8;
/** Milliseconds before the second attempt; before the third twice as many. */
const PAUSE = 50;

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
  for (let attempt = 1; ; attempt++) {
    try {
      await open();
      const message: ToEngine = { to: 'engine', question, idle };
      const answer = (await webext.runtime.sendMessage(message)) as Answer | undefined;
      if (answer) return answer;
      throw new Error('the engine ended');
    } catch (error) {
      if (attempt === ATTEMPTS) return { error: { code: 'engine', message: String(error) } };
      await new Promise((resolve) => setTimeout(resolve, attempt * PAUSE));
    }
  }
}

startBackground(ask);
