import type { Status } from './serve.ts';

export type { Status };

/** How often the state of the build is asked for while something is being built, in milliseconds. */
const INTERVAL = 2000;

/** What is built, or undefined where nobody says (a static host without `status.json`, or no connection). */
export async function fetchStatus(): Promise<Status | undefined> {
  try {
    const response = await fetch(new URL('status.json', document.baseURI), { cache: 'no-store' });
    return response.ok ? ((await response.json()) as Status) : undefined;
  } catch {
    return undefined;
  }
}

const isBuilding = (status: Status) => Object.values(status.modules).includes('building');

/** Tells the state of the build now, and again as it changes, until nothing is being built any more. */
export async function watchStatus(tell: (status: Status | undefined) => void): Promise<void> {
  let status = await fetchStatus();
  tell(status);
  let before = JSON.stringify(status);
  while (status && isBuilding(status)) {
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    // A missed answer is no news: the server may be restarting.
    status = (await fetchStatus()) ?? status;
    const now = JSON.stringify(status);
    if (now !== before) tell(status);
    before = now;
  }
}
