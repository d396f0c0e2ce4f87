// The smaller tasks of a handle; api/score-one.ts has the one that scores.
import type { Seat, Seats } from '../pool/engines.js';
import type { SharedModel } from '../pool/shared-model.js';
import { EngineTask } from '../pool/task.js';
import type { MemoryUse } from '../types.js';

/** Makes the handle's engine in the first worker. */
export class Join extends EngineTask<void> {
  constructor(signal: AbortSignal, seats: Seats) {
    super(signal, 'first', seats);
  }

  protected async ask(): Promise<void> {}
}

/** Adds a scene. */
export class AddScene extends EngineTask<void> {
  readonly #seats: Seats;
  readonly #id: string;
  readonly #template: string;

  constructor(signal: AbortSignal, seats: Seats, id: string, template: string) {
    super(signal, 'first', seats);
    this.#seats = seats;
    this.#id = id;
    this.#template = template;
  }

  protected ask({ client }: Seat): Promise<void> {
    return this.#seats.add(client, this.#id, this.#template, this.signal);
  }
}

/** Measures the memory of all workers. */
export class MeasureMemory extends EngineTask<MemoryUse> {
  readonly #shared: SharedModel;

  constructor(signal: AbortSignal, seats: Seats, shared: SharedModel) {
    super(signal, 'first', seats);
    this.#shared = shared;
  }

  protected async ask({ client }: Seat): Promise<MemoryUse> {
    // The others are asked while they compute. One that dies meanwhile has no memory.
    const { workers, spotChecks } = this.#shared;
    const all = [...workers.map((worker) => worker.client), ...(spotChecks.client ? [spotChecks.client] : [])];
    const others = all.filter((other) => other !== client);
    const sizes = await Promise.all([
      client.request('memory', {}, { signal: this.signal }),
      ...others.map((other) => other.request('memory', {}).catch(() => undefined)),
    ]);
    const living = sizes.filter((size) => size !== undefined);
    return { wasm: living.reduce((sum, { wasm }) => sum + wasm, 0), workers: living.length };
  }
}
