// Browsers with the extension in them.
import { createHash } from 'node:crypto';
import type { BrowserContext, Page } from 'playwright-core';
import { startWithExtension } from '../../scripts/lib/launch.mjs';
import { findChromium } from '../browser/chromium.ts';
import type { Evaluate } from '../browser/drivers/tab.ts';

/** A page. */
export interface ExtensionTab {
  evaluate: Evaluate;
  close(): Promise<void>;
}

/** A running browser with the extension. */
export interface ExtensionBrowser {
  readonly name: 'chromium' | 'firefox';
  /** The address of the extension's files. */
  readonly base: string;
  /** A new page; resolves when its tree is there. */
  open(url: string): Promise<ExtensionTab>;
  close(): Promise<void>;
}

/** The identity that Chromium gives to an unpacked extension: a hash of its path, in the letters a to p. */
const idOf = (folder: string) =>
  createHash('sha256')
    .update(folder)
    .digest('hex')
    .slice(0, 32)
    .replace(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 16)));

export class ChromiumWithExtension implements ExtensionBrowser {
  readonly name = 'chromium';
  readonly base: string;

  private constructor(
    readonly context: BrowserContext,
    readonly folder: string,
  ) {
    this.base = `chrome-extension://${idOf(folder)}/`;
  }

  static async start(folder: string): Promise<ChromiumWithExtension> {
    return new ChromiumWithExtension(await startWithExtension(findChromium(), folder), folder);
  }

  async open(url: string): Promise<ExtensionTab & { page: Page }> {
    const page = await this.context.newPage();
    await page.goto(url, { waitUntil: 'domcontentloaded' });
    return { page, evaluate: page.evaluate.bind(page) as Evaluate, close: () => page.close() };
  }

  /** The service worker, which was not killed yet. */
  async worker() {
    const running = this.context.serviceWorkers().find((worker) => worker.url().startsWith(this.base));
    return running ?? this.context.waitForEvent('serviceworker');
  }

  /** Ends the service worker, as the browser does when it is idle for long. Gives how many ran. */
  async killWorker(): Promise<number> {
    const browser = this.context.browser();
    if (!browser) throw new Error('the browser cannot be asked');
    const session = await browser.newBrowserCDPSession();
    const { targetInfos } = await session.send('Target.getTargets');
    const workers = targetInfos.filter(({ type, url }) => type === 'service_worker' && url.startsWith(this.base));
    for (const { targetId } of workers) await session.send('Target.closeTarget', { targetId });
    await session.detach();
    return workers.length;
  }

  /** How many documents of the engine there are. */
  async engines(): Promise<number> {
    const browser = this.context.browser();
    if (!browser) throw new Error('the browser cannot be asked');
    const session = await browser.newBrowserCDPSession();
    const { targetInfos } = await session.send('Target.getTargets');
    await session.detach();
    return targetInfos.filter(({ url }) => url === `${this.base}offscreen.html`).length;
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
