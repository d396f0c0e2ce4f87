// A page's pictures are assessed by the engine, in a document of the extension. A background that ended meanwhile is asked again.
import { GammaError } from '../../js/error.js';
import type { Assess } from '../../js/filter/types.js';
import type { Answer, Question, ToBackground } from '../messages.js';
import { webext } from '../webext.js';

/** How often a question is asked. */
const ATTEMPTS = 6;
/** Milliseconds before the second attempt; before the third twice as many. */
const PAUSE = 100;
/** The largest picture of the page's own memory that is passed on. */
const MAX_BLOB = 16 << 20;

/** Asks the engine about a picture of a filter. */
export const assess: Assess = async ({ address, estimate, signal }) => {
  const answer = await ask({ url: await portable(address), estimate }, signal);
  if ('found' in answer) return answer.found;
  throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
};

async function ask(question: Question, signal: AbortSignal): Promise<Answer> {
  const message: ToBackground = { to: 'background', kind: 'judge', question };
  for (let attempt = 1; ; attempt++) {
    if (signal.aborted) throw new GammaError('aborted', 'the picture is not asked for any more');
    try {
      const answer = (await webext.runtime.sendMessage(message)) as Answer | undefined;
      if (answer) return answer;
      throw new Error('the background ended');
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, attempt * PAUSE));
    }
  }
}

/** A picture that lies in the page's own memory is sent along. */
async function portable(address: string): Promise<string> {
  if (!address.startsWith('blob:')) return address;
  const blob = await (await fetch(address)).blob();
  if (blob.size > MAX_BLOB) throw new GammaError('image-too-large', 'the picture is too large to be passed on');
  const reader = new FileReader();
  return new Promise((resolve, reject) => {
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
