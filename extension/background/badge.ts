// The badge: how many images of a tab are treated. Each frame tells its own number; those of a tab are kept for the session, since the
// service worker may end between two of them.
import { webext } from '../webext.js';

const key = (tab: number) => `count-${tab}`;

/** Changes go one after the other: each reads what the one before it wrote. */
let queue: Promise<void> = Promise.resolve();

/** Shows the number of a tab after a frame told its own. */
export function show(tab: number | undefined, frame: number, count: number): Promise<void> {
  if (tab === undefined) return Promise.resolve();
  queue = queue
    .then(async () => {
      const kept = (await webext.storage.session.get(key(tab)))[key(tab)] as Record<string, number> | undefined;
      // The first word of the outermost frame is that of a new page, which has none of the old one's frames.
      const counts = frame === 0 && count === 0 ? {} : { ...kept };
      counts[frame] = count;
      await webext.storage.session.set({ [key(tab)]: counts });
      const sum = Object.values(counts).reduce((all, one) => all + one, 0);
      await webext.action.setBadgeBackgroundColor({ color: '#555' });
      await webext.action.setBadgeText({ tabId: tab, text: sum === 0 ? '' : String(sum) });
    })
    // A tab that is gone has no badge.
    .catch(() => {});
  return queue;
}

/** Forgets a tab. */
export function forget(tab: number): void {
  webext.storage.session.remove(key(tab)).catch(() => {});
}
