// From a picture's address to its assessment: reads the bytes, looks whether they are known, and has them scored if
// not.
import { GammaError } from '../error.js';
import type { Gamma } from '../index.js';
import type { Assessment, Estimate, ScoreProgress } from '../types.js';
import { Reader } from './read.js';
import { Run } from './run.js';
import type { Store } from './store.js';
import type { Assess, Assessed, AssessRequest } from './types.js';

/** Assessments that are at hand without the store. */
const MOST_KNOWN = 1000;
/** Pictures that are held for a full score after their estimate, half a megabyte each. */
const MOST_BEGUN = 24;

/** Thrown for a picture that is left alone, which is known only once it is read. */
export class LeftAlone extends Error {}

/** Assesses pictures by a model. */
export class Judge {
  readonly #gamma: () => Promise<Gamma>;
  readonly #store: Store | undefined;
  readonly #reader = new Reader();
  readonly #known = new Map<string, Pick<Assessed, 'assessment' | 'final'>>();
  readonly #underway = new Map<string, Promise<Assessed>>();
  readonly #begun = new Map<string, Run>();
  #fingerprint: Promise<string> | undefined;
  #closed = false;

  constructor(gamma: () => Promise<Gamma>, store: Store | undefined) {
    this.#gamma = gamma;
    this.#store = store;
  }

  readonly assess: Assess = async (request) => {
    const { address, element, scene, estimate, signal } = request;
    const photo = await this.#reader.read(address, element, signal);
    const alone = async () => {
      const run = await this.#begin(photo, request);
      return finish(run, request).finally(() => run.end());
    };
    if (!(photo instanceof Blob)) return alone();
    if (/^image\/svg\+xml\b/i.test(photo.type)) throw new LeftAlone('an SVG');
    const hash = await hashOf(photo);
    if (hash === undefined) return alone();
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

  /** Lets go of the pictures that it holds. */
  close(): void {
    this.#closed = true;
    for (const run of this.#begun.values()) run.end();
    this.#begun.clear();
  }

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
    const keep = (assessed: Assessed) => {
      remember(this.#known, key, assessed, MOST_KNOWN);
      // Nobody waits for it.
      if (this.#store) void this.#model().then((model) => this.#store?.put(`${model}|${key}`, assessed));
    };
    // Of a GPU that was found out: what shows the picture keeps its looks until it is judged again.
    const onCorrected = (assessment: Assessed['assessment']) => keep({ assessment, final: true });
    const begun = this.#begun.get(key);
    this.#begun.delete(key);
    if (request.estimate) begun?.end();
    const run = (!request.estimate && begun) || (await this.#begin(photo, request));
    const found = await finish(run, request, onCorrected, this.#known.get(key)?.assessment);
    const left = !found.final && request.estimate && !this.#closed;
    const ended = left ? remember(this.#begun, key, run, MOST_BEGUN) : run;
    ended?.end();
    keep(found);
    return found;
  }

  async #begin(photo: Blob | ImageBitmap, { scene, estimate, signal }: AssessRequest): Promise<Run> {
    const gamma = await this.#gamma();
    throwIfGone(signal);
    return new Run(gamma, photo, scene, estimate);
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

/** The next step of a run. `before`: what an estimate said; one on the way that is {@link AssessRequest.enough} ends the run. */
async function finish(
  run: Run,
  { enough, signal }: AssessRequest,
  onCorrected: (assessment: Assessed['assessment']) => void = () => {},
  before?: Assessed['assessment'],
): Promise<Assessed> {
  let decided: Estimate | undefined;
  const hear = ({ estimate, done, total, corrected }: ScoreProgress) => {
    if (corrected) return onCorrected(corrected);
    if (!before || decided || done >= total || !enough?.(estimate)) return;
    decided = estimate;
    run.end();
  };
  try {
    return await run.next(signal, hear);
  } catch (error) {
    if (!decided || signal.aborted) throw error;
    return { assessment: { ...before, ...decided } as Assessment, final: false };
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

/** Puts an entry at the end of a map, and takes the first one away where there are too many: gives that. */
function remember<K, V>(map: Map<K, V>, key: K, value: V, most: number): V | undefined {
  map.delete(key);
  map.set(key, value);
  const [first] = map;
  if (map.size <= most || !first) return undefined;
  map.delete(first[0]);
  return first[1];
}
