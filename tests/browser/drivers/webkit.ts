// WebKitGTK: MiniBrowser, driven by WebKitWebDriver in the calls of W3C WebDriver.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { findBrowser, webkitParts } from '../../../scripts/lib/browsers.mjs';
import type { Driver, Evaluate, Tab } from './tab.ts';

/** Milliseconds between two looks at whether a function in the page is done. */
const LOOK = 25;
/** Milliseconds that a program may take to start. */
const START = 60_000;

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The first line that a program writes there. */
const firstLine = (stream: Readable) => new Promise<string>((resolve) => createInterface(stream).once('line', resolve));

/** A session of WebDriver. Commands go one after the other, since each one means the window that was chosen last. */
class Session {
  #queue: Promise<unknown> = Promise.resolve();
  #window = '';
  path = '/session';

  constructor(readonly address: string) {}

  async call<Result>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Result> {
    const init = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(this.address + path, init);
    const { value } = (await response.json()) as { value: Result & { error?: string; message?: string } };
    if (!response.ok) throw new Error(`WebDriver: ${value.error}: ${value.message}`);
    return value;
  }

  /** Performs a command in a window. */
  inWindow<Result>(window: string, method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Result> {
    const command = async () => {
      if (window !== this.#window) {
        await this.call('POST', `${this.path}/window`, { handle: window });
        this.#window = window;
      }
      return this.call<Result>(method, this.path + path, body);
    };
    const done = this.#queue.then(command);
    this.#queue = done.catch(() => {});
    return done;
  }
}

/** What a function in the page has come to. */
type Outcome = { value: string } | { error: string } | null;

class WebKitTab implements Tab {
  constructor(
    readonly session: Session,
    readonly handle: string,
    readonly errors: string[],
    readonly end: () => Promise<unknown>,
  ) {}

  async goto(url: string): Promise<void> {
    await this.session.inWindow(this.handle, 'POST', '/url', { url });
  }

  // Started by one command and looked after by others, so that functions can run in two windows at once.
  evaluate: Evaluate = async <Result>(fn: (argument: never) => Result, argument?: unknown): Promise<Result> => {
    const run = <T>(script: string, ...args: unknown[]) =>
      this.session.inWindow<T>(this.handle, 'POST', '/execute/sync', { script, args });
    const id = await run<number>(
      `const all = (globalThis.evaluations ??= []);
       const id = all.push(null) - 1;
       (async () => (${fn})(...arguments))().then(
         (value) => { all[id] = { value: JSON.stringify({ value }) }; },
         (error) => { all[id] = { error: String(error?.stack ? error + '\\n' + error.stack : error) }; },
       );
       return id;`,
      ...(argument === undefined ? [] : [argument]),
    );
    for (;;) {
      const outcome = await run<Outcome>('return globalThis.evaluations[arguments[0]];', id);
      if (outcome === null) await sleep(LOOK);
      else if ('error' in outcome) throw new Error(outcome.error);
      else return JSON.parse(outcome.value).value as Result;
    }
  };

  async close(): Promise<void> {
    await this.end();
  }
}

class WebKitDriver implements Driver {
  readonly name = 'webkit';
  readonly errors: string[] = [];
  #busy = false;

  constructor(
    readonly version: string,
    readonly session: Session,
    /** The window that it began with. It stays open: without one the browser would end. */
    readonly first: string,
    readonly end: () => void,
  ) {}

  async open(url: string): Promise<Tab> {
    // The first window serves when it is free: it is in view, and pages in windows behind it are not drawn.
    const free = !this.#busy;
    const { handle } = free
      ? { handle: this.first }
      : await this.session.inWindow<{ handle: string }>(this.first, 'POST', '/window/new', { type: 'window' });
    if (free) this.#busy = true;
    this.errors.length = 0;
    const end = () =>
      free
        ? this.session.inWindow(handle, 'POST', '/url', { url: 'about:blank' }).finally(() => {
            this.#busy = false;
          })
        : this.session.inWindow(handle, 'DELETE', '/window');
    const tab = new WebKitTab(this.session, handle, this.errors, end);
    await tab.goto(url);
    return tab;
  }

  async close(): Promise<void> {
    await this.session.inWindow(this.first, 'DELETE', '').catch(() => {});
    this.end();
  }
}

/** Starts WebKitGTK on a display of its own. Its console goes to its standard output, from which errors are taken. */
export async function launchWebKit(): Promise<Driver> {
  const { miniBrowser = '', xvfb = '' } = webkitParts();
  const home = mkdtempSync(join(tmpdir(), 'gamma-webkit-'));
  const children: ChildProcess[] = [];
  const end = () => {
    for (const child of children.reverse()) child.kill();
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const screen = spawn(xvfb, ['-displayfd', '3', '-screen', '0', '1400x1000x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    children.push(screen);
    const display = `:${await firstLine(screen.stdio[3] as Readable)}`;
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    const program = spawn(findBrowser('webkit') ?? '', [`--port=${port}`, '--host=127.0.0.1'], {
      env: {
        ...process.env,
        DISPLAY: display,
        HOME: home,
        XDG_DATA_HOME: join(home, 'data'),
        XDG_CACHE_HOME: join(home, 'cache'),
        // A sandbox of namespaces, which a container does not allow.
        WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(program);
    const session = new Session(`http://127.0.0.1:${port}`);
    for (const deadline = performance.now() + START; ; await sleep(50)) {
      const ready = await session.call('GET', '/status').catch((error: Error) => error);
      if (!(ready instanceof Error)) break;
      if (performance.now() > deadline) throw ready;
    }
    const options = { binary: miniBrowser, args: ['--automation', '--enable-write-console-messages-to-stdout=true'] };
    const { sessionId, capabilities } = await session.call<{
      sessionId: string;
      capabilities: { browserVersion: string };
    }>('POST', '/session', {
      capabilities: { alwaysMatch: { browserName: 'MiniBrowser', 'webkitgtk:browserOptions': options } },
    });
    session.path = `/session/${sessionId}`;
    const first = await session.call<string>('GET', `${session.path}/window`);
    const driver = new WebKitDriver(capabilities.browserVersion, session, first, end);
    for (const stream of [program.stdout, program.stderr]) {
      createInterface(stream as Readable).on('line', (line) => {
        if (/: CONSOLE (JS )?ERROR /.test(line)) driver.errors.push(line);
      });
    }
    return driver;
  } catch (error) {
    end();
    throw error;
  }
}
