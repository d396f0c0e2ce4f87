import type { Gamma, PhotoResult } from 'gamma-wasm';
import type { Engine } from './engine.ts';
import { toProblem } from './engine.ts';
import type { PhotoEntry, Store } from './state.ts';

/** One `scoreAll` over photos that waited. */
interface Pass {
  readonly stopper: AbortController;
  /** Photos as they were taken. */
  readonly photos: PhotoEntry[];
  /** Those of them that are not done. */
  readonly open: Set<PhotoEntry>;
  /** Whether a photo that comes now comes too late for it. */
  closed: boolean;
}

/** Scores the waiting photos while there is a model: all of them at a first glance, then each to its end, in order of arrival. */
export class Queue {
  private pass: Pass | undefined;
  private finished = 0;
  private begun = 0;
  /** Share of the run that was done when it began. */
  private before = 0;

  constructor(
    private readonly store: Store,
    private readonly engine: Engine,
  ) {}

  /**
   * Starts, if there is something to do and a model to do it with. Photos that join while the others get their first glance get theirs in the
   * same pass; for those that come later the pass is begun anew, which costs little: what was computed of a photo is kept.
   */
  async start(): Promise<void> {
    if (this.pass) {
      if (this.pass.closed && this.next()) this.pass.stopper.abort();
      return;
    }
    const { gamma } = this.engine;
    if (!gamma || !this.next()) return;
    this.finished = 0;
    this.begun = performance.now();
    this.before = this.share;
    while (this.next() && this.engine.gamma === gamma) await this.score(gamma);
    this.store.state.run = undefined;
    this.store.tell('run');
    // Photos that wait for the next model.
    if (this.engine.gamma !== gamma) await this.start();
  }

  /** Ends the run. Photos that were not scored yet say so and can be taken up again. */
  stop(): void {
    for (const photo of this.unfinished) this.become(photo, 'stopped');
    this.pass?.stopper.abort();
  }

  /** Takes up the photos that were stopped. */
  resume(): void {
    this.requeue(({ status }) => status === 'stopped');
  }

  /** Scores these photos afresh: the model or the options changed. */
  requeue(which: (photo: PhotoEntry) => boolean): void {
    for (const photo of this.store.state.photos) {
      if (!which(photo)) continue;
      forget(photo);
      this.become(photo, 'waiting');
    }
    // Options are those of a whole pass.
    this.pass?.stopper.abort();
    void this.start();
  }

  private get unfinished(): PhotoEntry[] {
    return this.store.state.photos.filter(({ status }) => status === 'waiting' || status === 'scoring');
  }

  /** The next photo that is not in the pass; first those of which nothing is known. */
  private next(): PhotoEntry | undefined {
    const waiting = this.unfinished.filter((photo) => photo.status === 'waiting' && !this.pass?.open.has(photo));
    return waiting.find(({ results }) => !results) ?? waiting[0];
  }

  /** How much of the run is done, in crops. */
  private get share(): number {
    const { unfinished, finished } = this;
    const done = unfinished.reduce((sum, { progress }) => sum + progress, finished);
    return done / Math.max(1, finished + unfinished.length);
  }

  private tellRun(): void {
    const { share, finished, unfinished } = this;
    const gained = share - this.before;
    const left = gained > 0 ? ((performance.now() - this.begun) / gained) * (1 - share) : undefined;
    const known = unfinished.filter(({ results }) => results).length;
    const total = finished + unfinished.length;
    this.store.state.run = { finished, known: finished + known, total, share, left };
    this.store.tell('run');
  }

  private become(photo: PhotoEntry, status: PhotoEntry['status']): void {
    photo.status = status;
    if (!photo.results) photo.progress = 0;
    this.store.tell('photo', photo);
  }

  private async score(gamma: Gamma): Promise<void> {
    const pass: Pass = { stopper: new AbortController(), photos: [], open: new Set(), closed: false };
    const { signal } = pass.stopper;
    this.pass = pass;
    this.tellRun();
    try {
      // All scenes cost one forward pass, so a change of scene needs no new one.
      const all = gamma.scoreAll(this.take(pass), {
        scene: 'all',
        previews: this.unfinished.length > 1,
        pixels: true,
        ...this.store.state.choice,
        signal,
        onProgress: ({ index, done, total }) => {
          const photo = pass.photos[index];
          if (!photo || !pass.open.has(photo) || photo.status === 'stopped') return;
          photo.progress = done / total;
          photo.status = 'scoring';
          this.store.tell('photo', photo);
        },
      });
      for await (const result of all) {
        const photo = pass.photos[result.index];
        if (signal.aborted) break;
        if (photo && photo.status !== 'stopped') this.note(photo, result, pass);
      }
    } catch (error) {
      // No engine: what it was asked last says so, and the others get their try.
      if (!signal.aborted && this.engine.gamma === gamma) this.fail(error, pass);
    } finally {
      this.pass = undefined;
      for (const photo of pass.open) {
        delete photo.cancel;
        if (photo.status === 'scoring') this.become(photo, 'waiting');
      }
    }
  }

  /** The files of the photos that wait, and of those that join meanwhile. */
  private *take(pass: Pass): Generator<Blob> {
    for (let photo = this.next(); photo; photo = this.next()) {
      pass.photos.push(photo);
      pass.open.add(photo);
      photo.cancel = () => pass.stopper.abort();
      this.become(photo, 'scoring');
      yield photo.file;
    }
    pass.closed = true;
  }

  private note(photo: PhotoEntry, result: PhotoResult<Blob, NonNullable<PhotoEntry['results']>>, pass: Pass): void {
    const { assessment, error, final, pixels } = result;
    if (pixels) photo.picture.give(pixels);
    if (assessment) photo.results = assessment;
    photo.estimate = !final;
    if (error) {
      forget(photo);
      photo.error = toProblem(error);
    }
    if (final) this.close(photo, pass);
    this.become(photo, error ? 'failed' : final ? 'done' : 'waiting');
    this.tellRun();
  }

  private fail(error: unknown, pass: Pass): void {
    const failed = [...pass.open].filter(({ status }) => status === 'scoring');
    for (const photo of failed.length > 0 ? failed : pass.open) {
      forget(photo);
      photo.error = toProblem(error);
      this.close(photo, pass);
      this.become(photo, 'failed');
    }
  }

  private close(photo: PhotoEntry, pass: Pass): void {
    // What takes the place of a final result closes nothing.
    if (!pass.open.delete(photo)) return;
    delete photo.cancel;
    this.finished += 1;
  }
}

function forget(photo: PhotoEntry): void {
  delete photo.results;
  delete photo.error;
  photo.estimate = false;
}
