// A model that is loaded when it is first needed, and let go of some time after its last use.

/** What can be let go of. */
interface Disposable {
  dispose(): Promise<void>;
}

/** Milliseconds for which a model is kept that nobody uses. */
const IDLE = 30_000;

/** One model for many users. */
export class Lease<G extends Disposable> {
  readonly #load: () => Promise<G>;
  #loaded: Promise<G> | undefined;
  #users = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(load: () => Promise<G>) {
    this.#load = load;
  }

  /** Runs `work` with the model, which stays at least until the end of it. */
  async use<T>(work: (model: G) => Promise<T>): Promise<T> {
    clearTimeout(this.#timer);
    this.#users += 1;
    try {
      this.#loaded ??= this.#load();
      return await work(await this.#model(this.#loaded));
    } finally {
      this.#users -= 1;
      if (this.#users === 0) this.#rest();
    }
  }

  async #model(loaded: Promise<G>): Promise<G> {
    try {
      return await loaded;
    } catch (error) {
      // The next one tries again.
      if (this.#loaded === loaded) this.#loaded = undefined;
      throw error;
    }
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const loaded = this.#loaded;
      this.#loaded = undefined;
      loaded?.then(
        (model) => model.dispose(),
        () => {},
      );
    }, IDLE);
    // A program under Node ends all the same.
    (this.#timer as { unref?(): void }).unref?.();
  }
}
