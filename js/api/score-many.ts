// Many photos: in one pass, or in two of which the first gives an estimate of each.
import { type CallSignal, callSignal, reasonOf } from '../abort.js';
import { GammaError, toGammaError } from '../error.js';
import type { Ahead } from '../photo/pending.js';
import type { Assessment, Assessments, PixelSource, ScoreAllOptions, ScoreOptions } from '../types.js';
import { inOrder } from './in-order.js';
import { checkCall, checkKeep, checkPixels, checkPreviews } from './options.js';
import { Room } from './room.js';
import type { Order, Remainder, ScoreTask, Wanted } from './score-one.js';
import type { Handle } from './session.js';

/** What `scoreAll` yields for a photo: its assessment, or the error that it ran into. */
export type PhotoResult<P, A = Assessment> = {
  /** Position of the photo. */
  readonly index: number;
  readonly photo: P;
  /**
   * Whether nothing more comes of this photo. Without {@link ScoreAllOptions.previews} always; with them, an assessment that is not final is
   * an estimate of the first crops, as good as its {@link Assessment.uncertainty} says.
   */
  readonly final: boolean;
  /** The photo as the model looks at it, upright: see {@link ScoreAllOptions.pixels}. */
  readonly pixels?: PixelSource | undefined;
  /**
   * Whether it takes the place of a final result of this loop, which a GPU had computed that was found out by a spot check. It may come after
   * those of later photos, and the loop does not end before all have been checked.
   */
  readonly corrected?: true | undefined;
} & (
  | { readonly assessment: A; readonly error?: undefined }
  | { readonly error: GammaError; readonly assessment?: undefined }
);

type Result<P> = PhotoResult<P, Assessment | Assessments>;

/** A photo, and what the first pass left to do. */
export interface Item<P> {
  readonly index: number;
  readonly photo: P;
  readonly rest?: Remainder | undefined;
}

/** What comes of an item in one pass. */
interface Outcome<P> {
  readonly result: Result<P>;
  readonly rest?: Remainder | undefined;
}

/** As `scoreAll` of {@link GammaBase}. */
export async function* scoreMany<P, Q extends P>(
  handle: Handle<P>,
  photos: Iterable<Q> | AsyncIterable<Q>,
  options: ScoreAllOptions,
): AsyncGenerator<Result<Q>, void, void> {
  checkCall(options);
  const previews = checkPreviews(options.previews);
  const bytes = checkKeep(options.keepBytes) ?? handle.room;
  const pixels = checkPixels(options.pixels);
  handle.order(options, 0);
  const left: Item<Q>[] = [];
  const late: Result<Q>[] = [];
  const first = { pixels, ...(previews && { preview: true, room: new Room(bytes) }) };
  yield* pass(handle, numbered(iterate(photos)), options, first, { left, late });
  if (left.length > 0) yield* pass(handle, left.values(), options, {}, { left: [], late });
}

/** Bytes of photos that are read before their turn; what comes after them is read when a worker is free. */
const MOST_AHEAD = 256 << 20;

/** What a pass gives beside its results. */
interface Beside<P> {
  /** Photos of which the first crops did for now. */
  readonly left: Item<P>[];
  /** Results that take the place of others. */
  readonly late: Result<P>[];
}

/** One pass over photos, of each of which it is said what is `wanted`. */
async function* pass<P, Q extends P>(
  handle: Handle<P>,
  items: AsyncIterator<Item<Q>> | Iterator<Item<Q>>,
  options: ScoreOptions,
  wanted: Wanted,
  { left, late }: Beside<Q>,
): AsyncGenerator<Result<Q>, void, void> {
  // Ends the work under way when the caller leaves the loop.
  const gone = new AbortController();
  const call = callSignal(options.signal, handle.signal, gone.signal);
  const ahead: Ahead = { bytes: 0 };
  const begin = async (item: Item<Q>) => {
    const order = withLate(handle.order(options, item.index, wanted), item, late);
    return outcome(handle, item, order, call, ahead);
  };
  let count = 0;
  try {
    for await (const { result, rest } of each(handle, items, call, begin)) {
      if (rest) left.push({ index: result.index, photo: result.photo, rest });
      yield result;
      yield* late.splice(0);
      count += 1;
    }
    // One photo alone is checked in its time, as by `score`.
    if (count > 1) await call.race(handle.settle());
    yield* late.splice(0);
  } finally {
    gone.abort();
    call.release();
  }
}

/** Does something with each of some photos, several at a time, and yields what comes of it in their order. */
export function atOnce<P, Q extends P, R>(
  handle: Handle<P>,
  photos: Iterable<Q> | AsyncIterable<Q>,
  call: CallSignal,
  begin: (item: Item<Q>) => Promise<R>,
): AsyncGenerator<R, void, void> {
  return each(handle, numbered(iterate(photos)), call, begin);
}

function each<P, I, R>(
  handle: Handle<P>,
  items: AsyncIterator<I> | Iterator<I>,
  call: CallSignal,
  begin: (item: I) => Promise<R>,
): AsyncGenerator<R, void, void> {
  const { workers } = handle;
  // While the workers compute, the next photo of each is read. Results that wait for those before them are few, too.
  const window = { active: 2 * workers, taken: 3 * workers - 1 };
  const start = async (item: I, place: number) => {
    if (place > 0) handle.now.shared.hire(Math.min(workers, place + 1), place === 1);
    return begin(item);
  };
  return inOrder(items, window, start, call.race);
}

/** An order whose correction also comes in the loop. */
function withLate<P>(order: Order, { index, photo }: Item<P>, late: Result<P>[]): Order {
  const onCorrected: Order['onCorrected'] = (corrected) => {
    order.onCorrected?.(corrected);
    const found = corrected instanceof GammaError ? { error: corrected } : { assessment: corrected.assessment };
    late.push({ index, photo, ...found, final: true, corrected: true });
  };
  return { ...order, onCorrected };
}

/** What becomes of one of many photos; only what ends the whole run is thrown. */
async function outcome<P, Q extends P>(
  handle: Handle<P>,
  { index, photo, rest: before }: Item<Q>,
  asked: Order,
  call: CallSignal,
  ahead: Ahead,
): Promise<Outcome<Q>> {
  const subject = handle.subject(photo, call, before, ahead);
  // What may change until the second pass is done in the first.
  const order = { ...asked, preview: asked.preview && subject.lasting };
  let task: ScoreTask | undefined;
  try {
    let answer = handle.recall(order, subject);
    if (!answer) {
      if (!subject.lasting || ahead.bytes < MOST_AHEAD) subject.taken.begin();
      task = handle.score(order, subject, handle.workers > 1 ? 'any' : 'first', call);
      answer = await call.race(task.answer);
    }
    const { assessment, rest, pixels } = answer;
    return { result: { index, photo, assessment, final: !rest, ...(pixels && { pixels }) }, rest };
  } catch (error) {
    if (call.signal.aborted) throw reasonOf(call.signal);
    // Not the photo's fault: there is no engine.
    if (!task?.reached) throw error;
    return { result: { index, photo, error: toGammaError(error, 'worker'), final: true } };
  } finally {
    subject.taken.drop();
  }
}

function iterate<T>(items: Iterable<T> | AsyncIterable<T>): AsyncIterator<T> | Iterator<T> {
  if (items !== null && items !== undefined) {
    if (Symbol.asyncIterator in Object(items)) return (items as AsyncIterable<T>)[Symbol.asyncIterator]();
    if (typeof items !== 'string' && Symbol.iterator in Object(items)) return (items as Iterable<T>)[Symbol.iterator]();
  }
  throw new GammaError('option', 'option `photos`: expected an array or another iterable of photos');
}

/** Photos with their numbers; closing it closes the iterator. */
function numbered<P>(photos: AsyncIterator<P> | Iterator<P>): AsyncIterator<Item<P>> {
  let index = 0;
  return {
    next: async () => {
      const { done, value: photo } = await photos.next();
      return done ? { done, value: undefined } : { done: false, value: { index: index++, photo } };
    },
    return: async () => {
      await photos.return?.();
      return { done: true, value: undefined };
    },
  };
}
