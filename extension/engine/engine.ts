// Answers questions about pictures. The host permission stands for CORS, and the browser's cache has most of them. The model is loaded
// when it is first needed and goes when nothing was asked for a while, and its memory with it; verdicts stay on this device.
import { Judge } from '../../js/filter/judge.js';
import { Store } from '../../js/filter/store.js';
import { Gamma } from '../../js/index.js';
import type { Answer, Question } from '../messages.js';

/** The most verdicts that are kept. */
const MAX_VERDICTS = 20_000;

/** A picture is read by its address alone: there is no element. */
const NO_ELEMENT = { tagName: '' } as Element;

/** A loaded model, or one that is loading. */
interface Loaded {
  readonly judge: Judge;
  readonly store: Store;
  gamma: Promise<Gamma> | undefined;
}

export class Engine {
  readonly #ended: () => void;
  #loaded: Loaded | undefined;
  #running = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `ended` is called when the model is gone. */
  constructor(ended: () => void) {
    this.#ended = ended;
  }

  /** Answers a question, whatever happens. `idle`: seconds without a question after which the model goes. */
  async answer({ url, estimate }: Question, idle: number): Promise<Answer> {
    clearTimeout(this.#timer);
    this.#running += 1;
    this.#loaded ??= load();
    try {
      const { signal } = new AbortController();
      const { judge } = this.#loaded;
      const request = { address: url, element: NO_ELEMENT, kind: 'img', scene: undefined, estimate, signal } as const;
      return { found: await judge.assess(request) };
    } catch (error) {
      const { code, message } = Object(error) as { code?: unknown; message?: unknown };
      return { error: { code: typeof code === 'string' ? code : 'failed', message: String(message ?? error) } };
    } finally {
      this.#running -= 1;
      this.#rest(idle);
    }
  }

  #rest(idle: number): void {
    clearTimeout(this.#timer);
    if (this.#running > 0) return;
    this.#timer = setTimeout(async () => {
      const loaded = this.#loaded;
      this.#loaded = undefined;
      loaded?.store.close();
      await (await loaded?.gamma?.catch(() => undefined))?.dispose();
      if (this.#running === 0) this.#ended();
    }, idle * 1000);
  }
}

function load(): Loaded {
  const store = new Store(MAX_VERDICTS);
  const gamma = () => {
    loaded.gamma ??= Gamma.load().catch((error: unknown) => {
      // The next picture tries again.
      loaded.gamma = undefined;
      throw error;
    });
    return loaded.gamma;
  };
  const loaded: Loaded = { judge: new Judge(gamma, store), store, gamma: undefined };
  return loaded;
}
