// Photos of the same: each is looked at by a worker, then one worker puts all together.
import { type CallSignal, callSignal, reasonOf } from '../abort.js';
import { type GammaError, toGammaError } from '../error.js';
import { callBack } from '../pool/client.js';
import type { Seat, Seats } from '../pool/engines.js';
import { EngineTask, type Where } from '../pool/task.js';
import type { WireLook } from '../protocol.js';
import type { Together } from '../wasm.js';
import { checkCall } from './options.js';
import { atOnce, type Item } from './score-many.js';
import { content, type Subject } from './score-one.js';
import type { Handle } from './session.js';

/** Photos that belong together. */
export interface PhotoGroup<P> {
  /**
   * `single`: a photo like no other near it; `alike`: photos of the same, of which one may stand for all. The others are sets that are
   * worth something only whole: the exposures of a `bracket`, the distances of a `focus-stack`, the views of a `panorama`.
   */
  readonly kind: Together['kind'];
  /** In the order in which they were taken. */
  readonly photos: readonly P[];
  /** Their positions in what was given. */
  readonly indices: readonly number[];
}

/** What comes of `group`. */
export interface Grouped<P> {
  /** By camera, in the order of their first photos; each photo that could be read is in one. */
  readonly groups: readonly PhotoGroup<P>[];
  /** Photos that could not be read. */
  readonly failed: readonly { readonly index: number; readonly photo: P; readonly error: GammaError }[];
}

/** Options of `group`. */
export interface GroupOptions {
  readonly signal?: AbortSignal | undefined;
  /** Is told how many photos were looked at, after each. */
  readonly onProgress?: ((progress: { readonly done: number }) => void) | undefined;
}

/** Has a worker look at a photo. */
class Look extends EngineTask<WireLook> {
  readonly #subject: Subject;
  readonly #call: CallSignal;
  readonly #again: boolean;

  constructor(subject: Subject, where: Where, call: CallSignal, seats: Seats, again: boolean) {
    super(call.signal, where, seats);
    this.#subject = subject;
    this.#call = call;
    this.#again = again;
  }

  protected ask({ client, engine }: Seat): Promise<WireLook> {
    const { signal } = this;
    return this.#subject.taken.send(this.#call, this.#again, (photo) =>
      client.request('look', { engine, photo }, { transfer: this.#again ? [] : content(photo), signal }),
    );
  }
}

/** Has a worker put photos together. */
class PutTogether extends EngineTask<Together[]> {
  readonly #looks: readonly WireLook[];

  constructor(looks: readonly WireLook[], signal: AbortSignal, seats: Seats) {
    super(signal, 'first', seats);
    this.#looks = looks;
  }

  protected async ask({ client }: Seat): Promise<Together[]> {
    return (await client.request('group', { looks: this.#looks }, { signal: this.signal })).groups;
  }
}

/** As `group` of `GammaBase`. */
export async function groupPhotos<P, Q extends P>(
  handle: Handle<P>,
  photos: Iterable<Q> | AsyncIterable<Q>,
  options: GroupOptions,
): Promise<Grouped<Q>> {
  checkCall(options);
  const found: { item: Item<Q>; look: WireLook }[] = [];
  const failed: { index: number; photo: Q; error: GammaError }[] = [];
  let done = 0;
  // Ends the work under way when the call fails.
  const gone = new AbortController();
  const call = callSignal(options.signal, handle.signal, gone.signal);
  try {
    for await (const { item, look, error } of atOnce(handle, photos, call, (item) => lookAt(handle, item, call))) {
      if (look) found.push({ item, look });
      else failed.push({ index: item.index, photo: item.photo, error });
      done += 1;
      callBack(() => options.onProgress?.({ done }));
    }
    if (found.length === 0) return { groups: [], failed };
    const looks = found.map(({ look }) => look);
    const together = await call.race(handle.ask((seats) => new PutTogether(looks, call.signal, seats)));
    const items = (places: readonly number[]) => places.flatMap((place) => found[place]?.item ?? []);
    const groups = together.map(({ kind, places }) => ({
      kind,
      photos: items(places).map(({ photo }) => photo),
      indices: items(places).map(({ index }) => index),
    }));
    return { groups, failed };
  } finally {
    gone.abort();
    call.release();
  }
}

type Outcome<P> = { item: Item<P> } & ({ look: WireLook; error?: undefined } | { look?: undefined; error: GammaError });

/** What one of the photos shows; only what ends the whole call is thrown. */
async function lookAt<P, Q extends P>(handle: Handle<P>, item: Item<Q>, call: CallSignal): Promise<Outcome<Q>> {
  const subject = handle.subject(item.photo, call);
  const where = handle.workers > 1 ? 'any' : 'first';
  const { loaded } = handle.now;
  // As for a score: the photo is needed again where its worker may be lost.
  const again = loaded.device.kind === 'webgpu' || (handle.workers > 1 && !subject.lasting);
  let task: Look | undefined;
  try {
    subject.taken.begin();
    const look = await call.race(
      handle.ask((seats) => {
        task = new Look(subject, where, call, seats, again);
        return task;
      }),
    );
    return { item, look };
  } catch (error) {
    if (call.signal.aborted) throw reasonOf(call.signal);
    if (!task?.reached) throw error;
    return { item, error: toGammaError(error, 'worker') };
  } finally {
    subject.taken.drop();
  }
}
