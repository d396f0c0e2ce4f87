// From a picture's address to its assessment: reads the bytes, looks whether they are known, and has them scored if
// not.
import { GammaError } from '../error.js';
import type { Gamma } from '../index.js';
import type { Assessment, Assessments, Estimate, ScoreProgress } from '../types.js';
import { Reader } from './read.js';
import type { Store } from './store.js';
import type { Assess, Assessed, AssessRequest } from './types.js';

/** Assessments that are at hand without the store. */
const MOST_KNOWN = 1000;
/** Files that are held for a full score after their estimate. */
const MOST_HELD = 24;

/** Thrown for a picture that is left alone, which is known only once it is read. */
export class LeftAlone extends Error {}

/** Assesses pictures by a model. */
export class Judge {
  readonly #gamma: () => Promise<Gamma>;
  readonly #store: Store | undefined;
  readonly #reader = new Reader();
  readonly #known = new Map<string, Pick<Assessed, 'assessment' | 'final'>>();
  readonly #underway = new Map<string, Promise<Assessed>>();
  /** The same object again lets the engine go on from its first crops. */
  readonly #held = new Map<string, Blob>();
  #fingerprint: Promise<string> | undefined;

  constructor(gamma: () => Promise<Gamma>, store: Store | undefined) {
    this.#gamma = gamma;
    this.#store = store;
  }

  readonly assess: Assess = async (request) => {
    const { address, element, scene, estimate, signal } = request;
    const photo = await this.#reader.read(address, element, signal);
    if (!(photo instanceof Blob)) return this.#score(photo, request);
    if (/^image\/svg\+xml\b/i.test(photo.type)) throw new LeftAlone('an SVG');
    const hash = await hashOf(photo);
    if (hash === undefined) return this.#score(photo, request);
    // The scene is what a rule has to do with a score. Thresholds and origins are looked at afterwards.
    const key = [hash, scene ?? ''].join('|');
    const known = await this.#recall(key, estimate);
    if (known) return { ...known, known: true };
    throwIfGone(signal);
    const asked = `${key}|${estimate}`;
    // Another element shows the same; if it goes away meanwhile, its work ends.
    const found = await this.#underway.get(asked)?.catch(() => undefined);
    if (found) return found;
    throwIfGone(signal);
    const underway = this.#compute(key, photo, request);
    this.#underway.set(asked, underway);
    return underway.finally(() => this.#underway.delete(asked));
  };

  async #recall(key: string, estimate: boolean): Promise<Pick<Assessed, 'assessment' | 'final'> | undefined> {
    const enough = (found: Pick<Assessed, 'final'> | undefined) => found && (found.final || estimate);
    const known = this.#known.get(key);
    if (known && enough(known)) {
      remember(this.#known, key, known, MOST_KNOWN);
      return known;
    }
    const kept = await this.#store?.get(`${await this.#model()}|${key}`);
    if (!kept || !enough(kept)) return undefined;
    remember(this.#known, key, kept, MOST_KNOWN);
    return kept;
  }

  async #compute(key: string, photo: Blob, request: AssessRequest): Promise<Assessed> {
    const held = this.#held.get(key) ?? photo;
    const keep = (assessed: Assessed) => {
      remember(this.#known, key, assessed, MOST_KNOWN);
      // Nobody waits for it.
      if (this.#store) void this.#model().then((model) => this.#store?.put(`${model}|${key}`, assessed));
    };
    // Of a GPU that was found out: what shows the picture keeps its looks until it is judged again.
    const onCorrected = (assessment: Assessed['assessment']) => keep({ assessment, final: true });
    const found = await this.#score(held, request, onCorrected, this.#known.get(key)?.assessment);
    if (found.final) this.#held.delete(key);
    else remember(this.#held, key, held, MOST_HELD);
    keep(found);
    return found;
  }

  /** `before`: what an estimate said. */
  async #score(
    photo: Blob | ImageBitmap,
    { scene, estimate, enough, signal }: AssessRequest,
    onCorrected: (assessment: Assessed['assessment']) => void = () => {},
    before?: Assessed['assessment'],
  ): Promise<Assessed> {
    const gamma = await this.#gamma();
    throwIfGone(signal);
    const stop = new AbortController();
    const abort = () => stop.abort();
    signal.addEventListener('abort', abort);
    let decided: Estimate | undefined;
    const onProgress = ({ estimate: now, done, total, corrected }: ScoreProgress) => {
      if (corrected) return onCorrected(corrected);
      if (!before || decided || done >= total || !enough?.(now)) return;
      decided = now;
      stop.abort();
    };
    const options = { ...(scene !== undefined && { scene }), signal: stop.signal, previews: estimate, onProgress };
    try {
      // Any free worker takes it; `score` would wait for the first one. Leaving the loop after an estimate, there is no
      // second pass.
      for await (const result of gamma.scoreAll([photo], options)) {
        if (result.error) throw result.error;
        return { assessment: result.assessment as Assessment | Assessments, final: result.final };
      }
      throw new GammaError('worker', 'no answer came');
    } catch (error) {
      if (!decided || signal.aborted) throw error;
      return { assessment: { ...before, ...decided } as Assessment, final: false };
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /**
   * What tells the model from others, one that was trained anew under the same name among them: what it says of a plain
   * picture.
   */
  #model(): Promise<string> {
    this.#fingerprint ??= this.#gamma().then(async (gamma) => {
      const side = 224;
      const data = new Uint8ClampedArray(4 * side * side).map((_, at) => (at % 4 === 3 ? 255 : (at * at) % 251));
      const plain = { width: side, height: side, data };
      const scores: (number | undefined)[] = [];
      // Several at once have the model's other workers started.
      for await (const { assessment } of gamma.scoreAll(Array(4).fill(plain), { policy: 'center', crops: 1 })) {
        scores.push(assessment?.score);
      }
      return `${gamma.model.name}|${gamma.device.kind}|${scores[0]}`;
    });
    return this.#fingerprint;
  }
}

/** The SHA-256 of a file in hexadecimal digits; undefined in pages over plain http, which have no digests. */
async function hashOf(blob: Blob): Promise<string | undefined> {
  const { subtle } = globalThis.crypto ?? {};
  if (!subtle) return undefined;
  const digest = await subtle.digest('SHA-256', await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function throwIfGone(signal: AbortSignal): void {
  if (signal.aborted) throw new GammaError('aborted', 'the picture is not asked for any more');
}

/** Puts an entry at the end of a map, and takes the first one away where there are too many. */
function remember<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  const [first] = map.keys();
  if (map.size > most && first !== undefined) map.delete(first);
}
