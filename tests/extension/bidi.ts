// Firefox with a temporary add-on, over WebDriver BiDi (https://w3c.github.io/webdriver-bidi/).
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Evaluate } from '../browser/drivers/tab.ts';
import type { ExtensionBrowser, ExtensionTab } from './browsers.ts';

/** The identity by which the add-on's pages are found, which Firefox would draw by lot. */
const UUID = '5c0ad1de-7a3e-4f0c-9d52-4f6f3b0f8a11';
/** Without a window, driven from here; pages of an add-on are reached with system access alone. */
const ARGUMENTS = ['--headless', '--no-remote', '--remote-debugging-port', '0', '--remote-allow-system-access'];
/** Milliseconds that Firefox may take to start. */
const START = 120_000;

type Reply = { id?: number; type: string; result?: unknown; error?: string; message?: string };

/** A connection; commands by their numbers. */
class Connection {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.id !== undefined) this.#waiting.get(reply.id)?.(reply);
    };
  }

  static async open(address: string): Promise<Connection> {
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error(`no connection to ${address}`));
    });
    return new Connection(socket);
  }

  async send<Result>(method: string, params: object): Promise<Result> {
    const id = ++this.#last;
    const reply = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { type, result, error, message } = await reply;
    this.#waiting.delete(id);
    if (type === 'error') throw new Error(`${method}: ${error}: ${message}`);
    return result as Result;
  }

  close(): void {
    this.#socket.close();
  }
}

class FirefoxTab implements ExtensionTab {
  constructor(
    readonly connection: Connection,
    readonly context: string,
  ) {}

  evaluate: Evaluate = async <Result>(fn: (argument: never) => Result, argument?: unknown): Promise<Result> => {
    const call = `async () => JSON.stringify({ value: await (${fn})(${JSON.stringify(argument) ?? ''}) })`;
    const found = await this.connection.send<{
      type: string;
      result?: { value: string };
      exceptionDetails?: { text: string };
    }>('script.callFunction', {
      functionDeclaration: call,
      awaitPromise: true,
      target: { context: this.context },
    });
    if (found.type === 'exception') throw new Error(found.exceptionDetails?.text);
    return JSON.parse(found.result?.value ?? '{}').value as Result;
  };

  async close(): Promise<void> {
    await this.connection.send('browsingContext.close', { context: this.context });
  }
}

class Firefox implements ExtensionBrowser {
  readonly name = 'firefox';
  readonly base = `moz-extension://${UUID}/`;

  constructor(
    readonly connection: Connection,
    readonly end: () => void,
  ) {}

  async open(url: string): Promise<ExtensionTab> {
    const { context } = await this.connection.send<{ context: string }>('browsingContext.create', { type: 'tab' });
    await this.connection.send('browsingContext.navigate', { context, url, wait: 'interactive' });
    return new FirefoxTab(this.connection, context);
  }

  async close(): Promise<void> {
    await this.connection.send('browser.close', {}).catch(() => {});
    this.connection.close();
    this.end();
  }
}

/** Starts Firefox without a window and installs the add-on in `folder`, whose identity is `id`. */
export async function startFirefox(program: string, folder: string, id: string): Promise<ExtensionBrowser> {
  const profile = mkdtempSync(join(tmpdir(), 'gamma-firefox-'));
  const preferences = { 'extensions.webextensions.uuids': JSON.stringify({ [id]: UUID }) };
  const lines = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`);
  writeFileSync(join(profile, 'user.js'), lines.join('\n'));
  const child = spawn(program, [...ARGUMENTS, '--profile', profile], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const end = () => {
    child.kill('SIGKILL');
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const connection = await Connection.open(`${await addressOf(child)}/session`);
    await connection.send('session.new', { capabilities: {} });
    await connection.send('webExtension.install', { extensionData: { type: 'path', path: folder } });
    return new Firefox(connection, end);
  } catch (error) {
    end();
    throw error;
  }
}

/** The address that Firefox says it listens at. */
function addressOf({ stderr }: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Firefox says no address')), START);
    if (stderr === null) return;
    createInterface(stderr).on('line', (line) => {
      const address = line.match(/WebDriver BiDi listening on (ws:\S+)/)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    });
  });
}
