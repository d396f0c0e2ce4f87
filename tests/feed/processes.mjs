// What the processes of a Chromium take: all of them, so that the filter's worker is among them.
import { readFileSync } from 'node:fs';

/** Bytes of memory that all processes of the browser's pages have to themselves, and their processor time in seconds. */
export async function usageOf(browser) {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const pages = processInfo.filter(({ type }) => type === 'renderer');
    return {
      memory: pages.reduce((sum, { id }) => sum + privateMemory(id), 0),
      seconds: pages.reduce((sum, { cpuTime }) => sum + cpuTime, 0),
    };
  } finally {
    await session.detach();
  }
}

function privateMemory(id) {
  const [, kilobytes = 0] = readFileSync(`/proc/${id}/status`, 'utf8').match(/^RssAnon:\s+(\d+) kB/m) ?? [];
  return 1024 * Number(kilobytes);
}
