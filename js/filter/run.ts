// A picture's way to its score in two steps: an estimate, and the rest if that is asked for.
import { GammaError } from '../error.js';
import type { Gamma } from '../index.js';
import type { ScoreProgress } from '../types.js';
import type { Assessed } from './types.js';

/** What one step hears of the crops. */
export type Hear = (progress: ScoreProgress) => void;

/** One run of `scoreAll` over one picture. Between its steps it keeps the pixels as the model looks at them, not the file. */
export class Run {
  readonly #stop = new AbortController();
  readonly #results: ReturnType<Gamma['scoreAll']>;
  #hear: Hear = () => {};

  /** `estimate`: whether the first step ends after the first crops. */
  constructor(gamma: Gamma, photo: Blob | ImageBitmap, scene: string | undefined, estimate: boolean) {
    const onProgress: Hear = (progress) => this.#hear(progress);
    const options = {
      ...(scene !== undefined && { scene }),
      signal: this.#stop.signal,
      previews: estimate,
      onProgress,
    };
    // Any free worker takes it; `score` would wait for the first one.
    this.#results = gamma.scoreAll([photo], options);
  }

  /** The next step; `signal` ends the run while that is under way, and so does an error. */
  async next(signal: AbortSignal, hear: Hear): Promise<Assessed> {
    this.#hear = hear;
    const abort = () => this.end();
    signal.addEventListener('abort', abort);
    try {
      const { value: result } = await this.#results.next();
      if (!result) throw new GammaError('worker', 'no answer came');
      if (result.error) throw result.error;
      return { assessment: result.assessment, final: result.final };
    } catch (error) {
      this.end();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Ends it, and lets go of what it keeps. */
  end(): void {
    this.#stop.abort();
    // It has an end to come to, not a caller who waits for it.
    this.#results.return().catch(() => {});
  }
}
