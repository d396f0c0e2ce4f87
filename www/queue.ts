import type { Engine } from './engine.ts';
import { toProblem } from './engine.ts';
import type { PhotoEntry, Store } from './state.ts';

/** Scores the waiting photos one after the other, in order of arrival, while there is a model. */
export class Queue {
  private stopper: AbortController | undefined;

  constructor(
    private readonly store: Store,
    private readonly engine: Engine,
  ) {}

  /** Starts, if there is something to do and a model to do it with. Photos that join later are scored in the same run. */
  async start(): Promise<void> {
    const { gamma } = this.engine;
    if (this.stopper || !gamma || !this.next()) return;
    const stopper = new AbortController();
    this.stopper = stopper;
    const { state } = this.store;
    const begun = performance.now();
    let finished = 0;
    for (let photo = this.next(); photo && !stopper.signal.aborted; photo = this.next()) {
      const waiting = this.waiting();
      const left = finished > 0 ? ((performance.now() - begun) / finished) * waiting : undefined;
      state.run = { finished, total: finished + waiting, left };
      this.store.tell('run');
      await this.score(photo, gamma, stopper.signal);
      finished += 1;
    }
    this.stopper = undefined;
    state.run = undefined;
    this.store.tell('run');
    // Photos that came while the last one ended, and those that wait for the next model.
    await this.start();
  }

  /** Ends the run. Photos that were not scored yet say so and can be taken up again. */
  stop(): void {
    for (const photo of this.store.state.photos) {
      if (photo.status === 'waiting' || photo.status === 'scoring') this.become(photo, 'stopped');
    }
    this.stopper?.abort();
  }

  /** Takes up the photos that were stopped. */
  resume(): void {
    this.requeue(({ status }) => status === 'stopped');
  }

  /** Scores these photos afresh: the model or the options changed. */
  requeue(which: (photo: PhotoEntry) => boolean): void {
    for (const photo of this.store.state.photos) {
      if (!which(photo)) continue;
      delete photo.results;
      delete photo.error;
      this.become(photo, 'waiting');
    }
    void this.start();
  }

  /** Gives up the photo in progress because the model goes away; it waits for the next model. */
  interrupt(): void {
    this.stopper?.abort();
  }

  private waiting(): number {
    return this.store.state.photos.filter(({ status }) => status === 'waiting').length;
  }

  private next(): PhotoEntry | undefined {
    return this.store.state.photos.find(({ status }) => status === 'waiting');
  }

  private become(photo: PhotoEntry, status: PhotoEntry['status']): void {
    photo.status = status;
    photo.progress = 0;
    this.store.tell('photo', photo);
  }

  private async score(photo: PhotoEntry, gamma: NonNullable<Engine['gamma']>, run: AbortSignal): Promise<void> {
    this.become(photo, 'scoring');
    // One photo's results under every scene cost one forward pass, so a change of scene needs no new one.
    const own = new AbortController();
    photo.cancel = () => own.abort();
    try {
      const results = await gamma.score(photo.file, {
        scene: 'all',
        ...this.store.state.choice,
        signal: AbortSignal.any([run, own.signal]),
        onProgress: ({ done, total }) => {
          photo.progress = done / total;
          if (photo.status === 'scoring') this.store.tell('photo', photo);
        },
      });
      if (photo.status !== 'scoring') return;
      photo.results = results;
      this.become(photo, 'done');
    } catch (error) {
      if (photo.status !== 'scoring') return;
      if (run.aborted || own.signal.aborted) {
        this.become(photo, 'waiting');
        return;
      }
      photo.error = toProblem(error);
      this.become(photo, 'failed');
    } finally {
      delete photo.cancel;
    }
  }
}
