// What both backgrounds do: questions go to the engine, counts to the badge, the context menu to the page.
import { type Answer, meant, type Question, type ToBackground } from '../messages.js';
import { loadSettings } from '../stored.js';
import { webext } from '../webext.js';
import { forget, show } from './badge.js';
import { createMenus, onMenu } from './menus.js';

/** Asks the engine; always answers. `idle`: seconds without a question after which the engine may end. */
export type Ask = (question: Question, idle: number) => Promise<Answer>;

/** Adds every listener at once: an event that wakes the background is lost on one that is added later. */
export function startBackground(ask: Ask): void {
  const answer = async (question: Question) => ask(question, (await loadSettings()).idle);
  webext.runtime.onMessage.addListener((message, sender, respond) => {
    const told = meant<ToBackground>(message, 'background');
    if (told?.kind === 'judge') {
      answer(told.question).then(respond);
      return true;
    }
    if (told?.kind === 'count') {
      show(sender.tab?.id, sender.frameId ?? 0, told.count).catch(() => {});
    }
    return false;
  });
  webext.runtime.onInstalled.addListener(createMenus);
  webext.contextMenus.onClicked.addListener((clicked, tab) => onMenu(clicked, tab, answer));
  webext.action.onClicked.addListener(() => {
    webext.runtime.openOptionsPage().catch(() => {});
  });
  webext.tabs.onRemoved.addListener(forget);
}
