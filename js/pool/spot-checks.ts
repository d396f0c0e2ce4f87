// Spot checks of a GPU: now and then the last crop of a photo is computed on the CPU as well, while the GPU goes on.
//
// Drivers pass every test at load and compute wrongly later. What was scored since the last good check is held, so that it can be
// computed anew.
import { reasonOf } from '../abort.js';
import type { Taken } from '../photo/pending.js';
import type { WireScore } from '../protocol.js';
import type { JobOptions } from '../wasm.js';
import type { Client } from './client.js';
import type { Seats } from './engines.js';

/** A check begins at the second photo, and when as many have been scored since the last one that was checked. */
export const EVERY = 16;
/** As many are unchecked at most: the GPU waits for a check that takes longer. */
export const MOST_UNCHECKED = 2 * EVERY;
/** The same for the bytes of their files or pixels. */
const BYTES = 64_000_000;
const MOST_BYTES = 2 * BYTES;
/** Milliseconds without a photo after which the last one is checked, so that none stays unchecked. */
const PAUSE = 2000;
/** Milliseconds without a check after which its worker ends: it holds a model. */
const IDLE = 30_000;
/** Scores of a crop that differ by more are not two roundings of the same: kernels agree within 1e-4, devices within 1e-3. */
export const TOLERANCE = 2e-3;

/** A photo that the GPU scored. */
export interface Scored {
  /** The very photo that was sent, held until it is checked. */
  readonly taken: Taken;
  readonly seats: Seats;
  readonly options: JobOptions;
  /** Scenes that were asked about, and what stood for each of the engine's scenes. */
  readonly scenes: readonly string[];
  readonly keys: readonly string[];
  readonly reply: WireScore;
  /** Ends with the handle that asked. */
  readonly signal: AbortSignal;
  /** Computes it anew and tells who asked; does nothing where that happens anyway. */
  redo(): Promise<void>;
}

/** What the checks are of. */
export interface Checked {
  /** A worker that computes on the CPU, in single precision. */
  open(): Promise<Client>;
  /** A check failed: `verdict` says how, `photos` were scored since the last good one. */
  failed(verdict: string, photos: readonly Scored[]): Promise<void>;
}

interface Held {
  readonly photo: Scored;
  readonly bytes: number;
}

/** The checks of one model. */
export class SpotChecks {
  readonly #checked: Checked;
  /** Scored since the last good check, in their order. */
  #held: Held[] = [];
  /** How many were scored since a check began last. */
  #since = EVERY - 2;
  #bytes = 0;
  #running: Promise<void> | undefined;
  #client: Client | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether there is no CPU to check by, or no GPU any more. */
  #over = false;

  constructor(checked: Checked) {
    this.#checked = checked;
  }

  /** The worker of the checks, while it has one. */
  get client(): Client | undefined {
    return this.#client?.death ? undefined : this.#client;
  }

  /** Waits until one more photo may be scored unchecked. */
  async room(): Promise<void> {
    const full = () => this.#held.length >= MOST_UNCHECKED || sum(this.#held) >= MOST_BYTES;
    while (full() && !this.#over) await this.#check();
  }

  /** Takes note of a photo that was scored, and begins a check if it is time. */
  async note(photo: Scored): Promise<void> {
    if (this.#over) return;
    photo.taken.hold();
    const bytes = await photo.taken.bytes();
    this.#held.push({ photo, bytes });
    this.#since += 1;
    this.#bytes += bytes;
    if (this.#over) this.#drop(this.#held.splice(0));
    else if (this.#since >= EVERY || this.#bytes >= BYTES) void this.#check();
    this.#wait(PAUSE, () => void this.settle());
  }

  /** Waits until all that was scored so far is checked, or computed anew. */
  async settle(): Promise<void> {
    const last = this.#held.at(-1);
    while (last && this.#held.includes(last) && !this.#over) await this.#check();
    await this.#running;
  }

  /** Ends the checks. */
  end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#drop(this.#held.splice(0));
    this.#endWorker();
  }

  #check(): Promise<void> {
    this.#running ??= this.#compare().finally(() => {
      this.#running = undefined;
      if (!this.#over) this.#wait(this.#held.length > 0 ? PAUSE : IDLE, () => void this.#rest());
    });
    return this.#running;
  }

  /** Checks the last photo, and with it all before it: a GPU that has gone wrong stays wrong. */
  async #compare(): Promise<void> {
    this.#since = 0;
    this.#bytes = 0;
    // The question of a handle that has ended is nobody's any more.
    const gone = this.#held.filter(({ photo }) => photo.signal.aborted);
    this.#held = this.#held.filter((held) => !gone.includes(held));
    this.#drop(gone);
    const last = this.#held.at(-1);
    if (!last) return;
    const until = () => this.#held.splice(0, this.#held.indexOf(last) + 1);
    let off: number | undefined;
    try {
      this.#client = this.client ?? (await this.#checked.open());
      off = await difference(this.#client, last.photo);
    } catch {
      // The CPU cannot do it here: not enough memory, say, or offline.
      return last.photo.signal.aborted ? undefined : this.end();
    }
    if (off === undefined || off <= TOLERANCE) return this.#drop(until());
    const all = this.#held.splice(0);
    this.end();
    const verdict = `it computed a crop wrongly after it had passed its test: its score is off by ${off.toFixed(3)}`;
    await this.#checked.failed(
      verdict,
      all.map(({ photo }) => photo),
    );
    this.#drop(all);
  }

  async #rest(): Promise<void> {
    if (this.#held.length > 0) return this.settle();
    this.#endWorker();
  }

  #endWorker(): void {
    void this.#client?.close(reasonOf(AbortSignal.abort()));
    this.#client = undefined;
  }

  #drop(held: readonly Held[]): void {
    for (const { photo } of held) photo.taken.drop();
  }

  /** One wait at a time; it keeps no process alive. */
  #wait(time: number, then: () => void): void {
    clearTimeout(this.#timer);
    if (this.#over) return;
    this.#timer = setTimeout(then, time);
    (this.#timer as { unref?(): void }).unref?.();
  }
}

const sum = (held: readonly Held[]): number => held.reduce((total, { bytes }) => total + bytes, 0);

/** By how much the scores of the last crop differ at most; undefined if no scene is the same any more. */
async function difference(client: Client, photo: Scored): Promise<number | undefined> {
  const { signal, options, reply, seats, keys, scenes: asked } = photo;
  const seat = await seats.at(client, signal);
  const now = seat.scenes.map(({ id }) => seat.keyOf(id));
  // Another scene took the place of one, or came: the numbers of the crops before are those of other scenes.
  if (now.join('\n') !== keys.join('\n')) return undefined;
  const done = reply.assessments[0]?.crops.length ?? 0;
  const before = reply.answered.slice(0, (reply.answered.length / done) * (done - 1));
  const wire = await photo.taken.begin();
  const request = { engine: seat.engine, photo: wire, scenes: asked, options, preview: true };
  const answered = before.length > 0 ? before : undefined;
  const again = await client.request('score', { ...request, answered }, { signal });
  let most = 0;
  for (const [index, { crops }] of again.assessments.entries()) {
    for (const { x, y, size, score } of crops) {
      const found = reply.assessments[index]?.crops.find((crop) => crop.x === x && crop.y === y && crop.size === size);
      // One that the GPU does not have is as wrong as can be.
      most = Math.max(most, found ? Math.abs(found.score - score) : Number.POSITIVE_INFINITY);
    }
  }
  return most;
}
