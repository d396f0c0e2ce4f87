// A question to a part of the extension that may have ended, or does not listen yet: it is asked again.
import { GammaError } from '../js/error.js';
import type { Answer } from './messages.js';
import { webext } from './webext.js';

/** How often a question is asked, and the milliseconds before the second time; before the third there are twice as many. */
export interface Patience {
  readonly attempts: number;
  readonly pause: number;
}

/**
 * Sends what `message` makes until there is an answer.
 *
 * @throws {GammaError} `aborted`; else what the last attempt failed with, be it in `message`.
 */
export async function asked<Message extends object>(
  message: () => Message | Promise<Message>,
  { attempts, pause }: Patience,
  signal?: AbortSignal,
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    if (signal?.aborted) throw new GammaError('aborted', 'the picture is not asked for any more');
    try {
      const answer = (await webext.runtime.sendMessage(await message())) as Answer | undefined;
      if (answer) return answer;
      throw new Error('the receiver ended');
    } catch (error) {
      if (attempt === attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, attempt * pause));
    }
  }
}
