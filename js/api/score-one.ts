// One photo's way to its score: from what is kept of it, or through a worker.

import { type CallSignal, callSignal } from '../abort.js';
import { identityOf } from '../bytes.js';
import { GammaError, toGammaError } from '../error.js';
import type { Taken } from '../photo/pending.js';
import { callBack } from '../pool/client.js';
import type { Seat, Seats } from '../pool/engines.js';
import type { Loaded } from '../pool/open.js';
import type { Kept, Rest, Shelf } from '../pool/results.js';
import type { SharedModel } from '../pool/shared-model.js';
import { EngineTask, type Where } from '../pool/task.js';
import type { PreparedPhoto, WireAssessment, WirePhoto, WireScore } from '../protocol.js';
import type { Assessment, Assessments, PixelSource, ScoreOptions } from '../types.js';
import type { JobOptions } from '../wasm.js';
import { ALL_SCENES } from './options.js';
import type { KeptPhoto, Room } from './room.js';

/** What of a photo is wanted beside all of its crops. */
export interface Wanted {
  /** Whether the first crops are enough. */
  readonly preview?: boolean | undefined;
  /** Where the photo may be kept if crops are left. */
  readonly room?: Room | undefined;
  /** Whether its pixels are asked for. */
  readonly pixels?: boolean | undefined;
}

/** What a call asks about a photo, checked. */
export interface Order extends Wanted {
  readonly scene: string;
  readonly job: JobOptions;
  readonly index: number;
  readonly onProgress: ScoreOptions['onProgress'];
  /** Hears what takes the place of the answer, if the GPU turns out to compute wrongly; or why nothing could. */
  readonly onCorrected?: ((corrected: Answer | GammaError) => void) | undefined;
}

/** A photo in the hands of a call. */
export interface Subject {
  readonly taken: Taken;
  /** Whether it stays what it is until its turn comes. */
  readonly lasting: boolean;
  /** The object that the photo is, if it can never show another one. */
  readonly constant: object | undefined;
  /** What an earlier order for it left to do. */
  readonly rest?: Remainder | undefined;
}

/** What is left to do of a photo, and the photo itself if it was kept. */
export interface Remainder extends Rest {
  readonly photo?: KeptPhoto | undefined;
}

/** What comes of an order. */
export interface Answer {
  readonly assessment: Assessment | Assessments;
  /** Crops planned. */
  readonly total: number;
  /** Crops that are left. */
  readonly rest?: Remainder | undefined;
  readonly pixels?: PixelSource | undefined;
}

/** What is kept that answers the order; its caller hears of it as of any other answer. */
export function recall(order: Order, { constant }: Subject, shelf: Shelf, seats: Seats): Answer | undefined {
  const scenes = seats.scenes ?? [];
  const kept = constant && shelf.get(shelfKey(constant, order, seats, scenes));
  const asked = order.scene === ALL_SCENES ? scenes.map(({ id }) => id) : [order.scene];
  if (!kept || (kept.rest && !order.preview)) return undefined;
  const found = asked.map((scene) => kept.assessments.get(seats.keyOf(scene)));
  if (!found.every((assessment) => assessment !== undefined)) return undefined;
  const [{ score, percent, uncertainty, crops } = missing()] = found;
  const { index, onProgress } = order;
  const progress = { index, done: crops.length, total: kept.total, estimate: { score, percent, uncertainty } };
  callBack(() => onProgress?.(progress));
  return answerOf(order, found, kept);
}

/** What {@link ScoreOptions.onProgress} hears of an answer that takes the place of a wrong one. */
export function correction(index: number, onProgress: ScoreOptions['onProgress']): Order['onCorrected'] {
  if (!onProgress) return undefined;
  return (corrected) => {
    if (corrected instanceof GammaError) return;
    const { assessment, total } = corrected;
    const [{ score, percent, uncertainty, crops } = missing()] = isOne(assessment)
      ? [assessment]
      : Object.values(assessment);
    onProgress({ index, done: crops.length, total, estimate: { score, percent, uncertainty }, corrected: assessment });
  };
}

const isOne = (assessment: Assessment | Assessments): assessment is Assessment => Array.isArray(assessment.crops);

/** A photo on its way to a worker, and its answer on the way back. */
export class ScoreTask extends EngineTask<Answer> {
  readonly #order: Order;
  readonly #subject: Subject;
  readonly #call: CallSignal;
  readonly #seats: Seats;
  readonly #shared: SharedModel;
  readonly #life: AbortSignal;

  /** `life` ends with the handle, which may be long after the call. */
  constructor(
    order: Order,
    subject: Subject,
    where: Where,
    call: CallSignal,
    { seats, shared, life }: { seats: Seats; shared: SharedModel; life: AbortSignal },
  ) {
    super(call.signal, where, seats);
    this.#order = order;
    this.#subject = subject;
    this.#call = call;
    this.#seats = seats;
    this.#shared = shared;
    this.#life = life;
  }

  /** From what is known by now, or computed. */
  protected async ask(seat: Seat, loaded: Loaded): Promise<Answer> {
    const found = recall(this.#order, this.#subject, this.#shared.shelf, this.#seats);
    if (found) return found;
    if (loaded.device.kind === 'webgpu') await this.#shared.spotChecks.room();
    return this.#compute(seat, loaded);
  }

  /** Has the worker compute it, and keeps it where the photo is constant: then under all scenes, since that costs nothing. */
  async #compute(seat: Seat, { client, device: { kind } }: Loaded): Promise<Answer> {
    const { shelf, workers, generation } = this.#shared;
    const { scene, job } = this.#order;
    const { constant, lasting } = this.#subject;
    const all = seat.scenes.map(({ id }) => id);
    const asked = scene === ALL_SCENES ? all : [scene];
    // A tolerance has to do for the scenes asked about, and for no other.
    const whole = constant && job.tolerance === undefined;
    const scenes = whole ? [...asked, ...all.filter((id) => !asked.includes(id))] : asked;
    const keys = all.map((id) => seat.keyOf(id));
    const known = [generation, ...keys].join('\n');
    const shelfed = constant === undefined ? undefined : shelfKey(constant, this.#order, seat, seat.scenes);
    const left = this.#subject.rest ?? (shelfed === undefined ? undefined : shelf.get(shelfed)?.rest);
    // The numbers are those of the scenes that the engine had.
    const usable = left?.scenes === known ? left : undefined;
    // A GPU may be lost on the way and a worker of several may die: the photo is needed again then.
    const again = kind === 'webgpu' || (workers.length > 1 && !lasting);
    const { reply, rest } = await this.#request(seat, scenes, usable, again);
    const assessments = reply.assessments.map((each) => ({ ...each, ms: each.ms + (rest?.ms ?? 0) }));
    const [first = missing()] = assessments;
    const kept: Kept = {
      assessments: new Map(assessments.map((each) => [seat.keyOf(each.scene), each])),
      device: kind,
      total: reply.total,
      rest: reply.settled ? undefined : { answered: reply.answered, scenes: known, ms: first.ms },
    };
    if (kind === 'webgpu') {
      await this.#note(reply, scenes, keys);
      // Found out meanwhile.
      if (client.death?.code === 'device') throw client.death;
    }
    if (shelfed !== undefined) shelf.put(shelfed, kept);
    const answer = answerOf(this.#order, assessments.slice(0, asked.length), kept);
    const { prepared } = reply;
    if (!prepared) return answer;
    const { room, pixels } = this.#order;
    return {
      ...answer,
      rest: answer.rest && { ...answer.rest, photo: room?.keep(prepared) },
      ...(pixels && { pixels: pixelsOf(prepared) }),
    };
  }

  /** Has the answer checked sooner or later. */
  #note(reply: WireScore, scenes: readonly string[], keys: readonly string[]): Promise<void> {
    const { taken } = this.#subject;
    const { spotChecks } = this.#shared;
    const signal = this.#life;
    // What is left to do is done anew, not gone on with.
    const redo = async () => (reply.settled ? this.#correct() : undefined);
    const options = this.#order.job;
    return spotChecks.note({ taken, seats: this.#seats, options, scenes, keys, reply, signal, redo });
  }

  /** Computes it anew, for whoever had the answer. */
  async #correct(): Promise<void> {
    const order = { ...this.#order, onProgress: undefined, room: undefined, pixels: false };
    const call = callSignal(this.#life);
    const user = { seats: this.#seats, shared: this.#shared, life: this.#life };
    const tell = (corrected: Answer | GammaError) => callBack(() => this.#order.onCorrected?.(corrected));
    try {
      const task = new ScoreTask(order, this.#subject, 'first', call, user);
      this.#shared.take(task);
      tell(await task.answer);
    } catch (error) {
      if (!this.#life.aborted) tell(toGammaError(error, 'worker'));
    } finally {
      call.release();
    }
  }

  /** Sends the photo; a copy of it where it is needed `again` if the worker dies. Goes on with `left` if it is of this very photo. */
  #request(
    { client, engine }: Seat,
    scenes: readonly string[],
    left: Rest | undefined,
    again: boolean,
  ): Promise<{ reply: WireScore; rest: Rest | undefined }> {
    const { job, index, preview = false, room, pixels, onProgress } = this.#order;
    const { signal } = this;
    const keep = pixels || (room?.free ?? 0) > 0;
    return this.#subject.taken.send(this.#call, again, async (photo) => {
      // Another time there may be another photo at the same address.
      const rest = this.#subject.constant || photo.kind === 'prepared' ? left : undefined;
      const reply = await client.request(
        'score',
        { engine, photo, scenes, options: job, preview, keep, answered: rest?.answered },
        {
          transfer: again ? [] : content(photo),
          signal,
          onProgress: (progress) => {
            if (progress.phase !== 'crops' || signal.aborted) return;
            const { loaded: done, total, estimate } = progress;
            onProgress?.({ index, done, total, estimate });
          },
        },
      );
      return { reply, rest };
    });
  }
}

function answerOf({ scene }: Order, assessments: readonly WireAssessment[], { device, total, rest }: Kept): Answer {
  // Copies: what is kept is nobody's to change.
  const own = assessments.map((each): Assessment => ({ ...structuredClone(each), device }));
  const [first = missing()] = own;
  const assessment = scene === ALL_SCENES ? Object.fromEntries(own.map((each) => [each.scene, each])) : first;
  return { assessment, total, rest };
}

/** The pixels of a photo, as a canvas takes them. */
function pixelsOf({ width, height, rgb }: PreparedPhoto): PixelSource {
  const colors = new Uint8Array(rgb);
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let from = 0, to = 0; from < colors.length; from += 3, to += 4) {
    data[to] = colors[from] ?? 0;
    data[to + 1] = colors[from + 1] ?? 0;
    data[to + 2] = colors[from + 2] ?? 0;
  }
  return { width, height, data };
}

/** A photo and how it is looked at. With a tolerance the number of crops depends on the scenes asked about, too. */
function shelfKey(
  photo: object,
  { job, scene }: Order,
  scenes: { keyOf(scene: string): string },
  offered: readonly { id: string }[],
): string {
  const asked = scene === ALL_SCENES ? offered.map(({ id }) => id) : [scene];
  const depends = job.tolerance === undefined ? [] : asked.map((id) => scenes.keyOf(id));
  return JSON.stringify([identityOf(photo), job, ...depends]);
}

function missing(): never {
  throw new GammaError('worker', 'the worker answered without an assessment');
}

/** What of a photo can be handed over instead of copied. */
export function content(wire: WirePhoto): object[] {
  switch (wire.kind) {
    case 'bytes':
      return [wire.bytes];
    case 'rgba':
      return [wire.data];
    case 'prepared':
      return [wire.rgb];
    case 'bitmap':
      return [wire.bitmap];
    case 'file':
      return [];
  }
}
