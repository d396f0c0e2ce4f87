// The context menu: scores an image, or shows one that is blurred or hidden.
import type { Answer, Question, ToContent } from '../messages.js';
import { type Clicked, type TabInfo, webext } from '../webext.js';

const SCORE = 'score';
const REVEAL = 'reveal';

/** Makes the entries, which the browser keeps. */
export async function createMenus(): Promise<void> {
  await webext.contextMenus.removeAll();
  webext.contextMenus.create({ id: SCORE, title: 'Score this image', contexts: ['image'] });
  // A hidden image is no image to the browser: the page's script knows which one was meant.
  webext.contextMenus.create({ id: REVEAL, title: 'Show this one', contexts: ['image', 'link', 'page', 'frame'] });
}

/** Does what an entry says. */
export async function onMenu(
  { menuItemId, srcUrl, frameId = 0 }: Clicked,
  tab: TabInfo | undefined,
  answer: (question: Question) => Promise<Answer>,
): Promise<void> {
  const id = tab?.id;
  if (id === undefined) return;
  // A page without our script, such as one of the browser's own, hears nothing.
  const tell = (message: ToContent) => webext.tabs.sendMessage(id, message, { frameId }).catch(() => {});
  if (menuItemId === REVEAL) await tell({ to: 'content', kind: 'reveal' });
  if (menuItemId === SCORE && srcUrl !== undefined) {
    await tell({ to: 'content', kind: 'waiting' });
    await tell({ to: 'content', kind: 'score', answer: await answer({ url: srcUrl, estimate: false }) });
  }
}
