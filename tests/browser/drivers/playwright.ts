// Chromium over its own protocol and Firefox over WebDriver BiDi, both by Playwright.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, firefox, type Page } from 'playwright-core';
import { findBrowser } from '../../../scripts/lib/browsers.mjs';
import { FLAGS } from '../../../scripts/lib/flags.mjs';
import { launched } from '../../../scripts/lib/launch.mjs';
import type { Driver, Evaluate, Tab } from './tab.ts';

class PlaywrightTab implements Tab {
  readonly errors: string[] = [];
  readonly evaluate: Evaluate;

  constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(`${message.text()} ${message.location().url}`);
    });
    this.evaluate = page.evaluate.bind(page) as Evaluate;
  }

  async goto(url: string): Promise<void> {
    await this.page.goto(url);
  }

  close(): Promise<void> {
    return this.page.close();
  }
}

class PlaywrightDriver implements Driver {
  readonly version: string;
  readonly #profile: string;

  constructor(
    readonly name: 'chromium' | 'firefox',
    readonly context: BrowserContext,
    profile: string,
  ) {
    this.version = context.browser()?.version() ?? '';
    this.#profile = profile;
  }

  async open(url: string): Promise<Tab> {
    const tab = new PlaywrightTab(await this.context.newPage());
    await tab.goto(url);
    return tab;
  }

  async close(): Promise<void> {
    await this.context.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }
}

/** Starts a browser with an empty profile on the disk: in a private one files of a site would lie in memory. */
export async function launch(
  name: 'chromium' | 'firefox',
  preferences: Record<string, boolean | string> = {},
): Promise<Driver> {
  const profile = mkdtempSync(join(tmpdir(), `gamma-${name}-`));
  const executablePath = findBrowser(name) ?? '';
  const viewport = { width: 1280, height: 860 };
  const context = await launched(() =>
    name === 'chromium'
      ? chromium.launchPersistentContext(profile, { executablePath, args: FLAGS, viewport })
      : firefox.launchPersistentContext(profile, {
          executablePath,
          channel: 'moz-firefox',
          firefoxUserPrefs: preferences,
          viewport,
        }),
  );
  return new PlaywrightDriver(name, context, profile);
}
