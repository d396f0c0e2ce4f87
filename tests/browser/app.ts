import { mkdirSync } from 'node:fs';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { repository } from './repository.ts';
import type { Server } from './server.ts';

/** Everything built and nothing to say about it. */
export const ALL_READY = { modules: { cpu: 'ready', 'cpu-relaxed': 'ready', gpu: 'ready' }, message: '' };

/** The page as a person has it before them. */
export class App {
  /** What the page threw or logged as an error. */
  readonly errors: string[] = [];

  private constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(`${message.text()} ${message.location().url}`);
    });
  }

  /** Opens the page; `before` may set up routes that the page meets at once. */
  static async open(
    browser: Browser,
    server: Server,
    options: BrowserContextOptions = {},
    before: (page: Page) => Promise<unknown> = async () => {},
  ): Promise<App> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 860 },
      reducedMotion: 'reduce',
      ...options,
    });
    const app = new App(await context.newPage());
    await before(app.page);
    await app.page.goto(server.url);
    return app;
  }

  close(): Promise<void> {
    return this.page.context().close();
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name });
  }

  /** Cards in the order in which they are shown. */
  get cards(): Locator {
    return this.page.locator('#photos > .card');
  }

  /** The card of a photo. */
  card(name: string): Locator {
    return this.cards.filter({ has: this.page.getByRole('heading', { name, exact: true }) });
  }

  names(): Promise<string[]> {
    return this.cards.locator('.name').allTextContents();
  }

  async percents(): Promise<number[]> {
    return (await this.cards.locator('.percent').allTextContents()).filter(Boolean).map(Number.parseFloat);
  }

  /** Waits until the model is loaded. */
  async ready(): Promise<void> {
    await this.page.locator('#model-line:not(:empty)').waitFor({ timeout: 120_000 });
  }

  /** Waits until `count` photos are on the page and none of them is waiting for its score. */
  async settled(count: number): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => {
        const cards = [...document.querySelectorAll<HTMLElement>('#photos > .card')];
        const over = cards.every(({ dataset }) => dataset.status !== 'waiting' && dataset.status !== 'scoring');
        return cards.length === wanted && over && document.querySelector('#stop:not([hidden])') === null;
      },
      count,
      { timeout: 240_000 },
    );
    // Cards change places a moment after the last score.
    await this.page.waitForTimeout(600);
  }

  /** Chooses files as a person does in the file dialog. */
  async choose(files: Parameters<Locator['setInputFiles']>[0]): Promise<void> {
    await this.page.locator('#pick-files').setInputFiles(files);
  }

  /** Keeps a picture of the page under `target/screenshots`. */
  async screenshot(name: string): Promise<void> {
    const folder = repository('target/screenshots');
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: `${folder}/${name}.png` });
  }
}

/** The path of a sample photo of the page. */
export const sample = (name: string): string => repository(`www/samples/${name}`);

/** A text file that is called a photo. */
export const FALSE_PHOTO = {
  name: 'notes.jpg',
  mimeType: 'image/jpeg',
  buffer: Buffer.from('These are notes, not a photo.'),
};
