// One handle's engines: one in each worker of the model, all with the same scenes.

import type { Scene } from '../types.js';
import type { Client } from './client.js';

/** The number of an engine in a worker. */
export interface Place {
  readonly client: Client;
  readonly engine: number;
}

/** An engine, and what it knows. */
export interface Seat extends Place {
  readonly scenes: readonly Scene[];
  /** Stands for a scene as this engine has it, and for no other one that had the same id at another time or in another handle. */
  keyOf(scene: string): string;
}

let lastEngine = 0;

/** The engines of one handle, which has scenes of its own. */
export class Seats {
  #seats: Engine[] = [];
  /** Scenes that were added, to add them in each worker: their prompts by their ids. */
  readonly #added = new Map<string, string>();
  #scenes: readonly Scene[] | undefined;

  /** The scenes of the model and those that were added; undefined before the first engine is there. */
  get scenes(): readonly Scene[] | undefined {
    return this.#scenes;
  }

  /** Engines in workers that live. */
  get places(): readonly Place[] {
    return this.#seats.filter(({ client }) => !client.death);
  }

  /** As {@link Seat.keyOf}, of the scenes as they are now. */
  keyOf(scene: string): string {
    return keyOf(scene, this.#added);
  }

  /** The engine in this worker. It is made, or told of scenes that were added meanwhile, if need be. */
  async at(client: Client, signal: AbortSignal): Promise<Seat> {
    let engine = this.#seats.find((known) => known.client === client);
    if (!engine) {
      engine = await Engine.in(client, signal);
      this.#seats = [...this.#seats.filter((known) => !known.client.death), engine];
    }
    for (const [scene, template] of this.#added) await engine.learn(scene, template, signal);
    this.#scenes = engine.scenes;
    return engine;
  }

  /** Adds a scene in this worker, and from then on wherever it lacks. */
  async add(client: Client, scene: string, template: string, signal: AbortSignal): Promise<void> {
    const engine = (await this.at(client, signal)) as Engine;
    await engine.learn(scene, template, signal);
    this.#added.set(scene, template);
    this.#scenes = engine.scenes;
  }
}

class Engine implements Seat {
  readonly client: Client;
  readonly engine: number;
  readonly #added = new Map<string, string>();
  #scenes: readonly Scene[];

  private constructor(client: Client, engine: number, scenes: readonly Scene[]) {
    this.client = client;
    this.engine = engine;
    this.#scenes = scenes;
  }

  static async in(client: Client, signal: AbortSignal): Promise<Engine> {
    lastEngine += 1;
    const engine = lastEngine;
    const { scenes } = await client.request('share', { engine }, { signal });
    return new Engine(client, engine, scenes);
  }

  get scenes(): readonly Scene[] {
    return this.#scenes;
  }

  keyOf(scene: string): string {
    return keyOf(scene, this.#added);
  }

  async learn(scene: string, template: string, signal: AbortSignal): Promise<void> {
    const { client, engine } = this;
    if (this.#added.get(scene) === template) return;
    const { scenes } = await client.request('add-scene', { engine, scene, template }, { signal });
    this.#added.set(scene, template);
    this.#scenes = scenes;
  }
}

function keyOf(scene: string, added: ReadonlyMap<string, string>): string {
  const template = added.get(scene);
  return template === undefined ? scene : JSON.stringify([scene, template]);
}
