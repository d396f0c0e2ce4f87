// A stand-in for the WebAssembly glue: the same surface, no model. What it does is written in the bytes that it is given,
// so that one file serves tests in one thread and tests with a real worker.
//
// Weights: JSON, see `Settings` in fakes.ts. Photos: JSON, too.

/** @type {{ photos: number, jobs: number, loaders: number, steps: number, merges: number, decoded: string[] }} */
export const live = { photos: 0, jobs: 0, loaders: 0, steps: 0, merges: 0, decoded: [] };

const failure = (code, message) => Object.assign(new Error(message), { code });
const trap = () => new WebAssembly.RuntimeError('unreachable');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What `open_device` does; tests change it. */
export const device = { kind: 'cpu', name: 'fake', software: false, error: undefined };

export default async function init({ module_or_path }) {
  if (!(module_or_path instanceof WebAssembly.Module)) throw new TypeError('expected a module');
}

export async function open_device() {
  if (device.error) throw failure('device', device.error);
  return { kind: device.kind, name: device.name, software: device.software };
}

class Freed {
  #kind;
  #freed = false;
  constructor(kind) {
    this.#kind = kind;
    live[kind] += 1;
  }
  get freed() {
    return this.#freed;
  }
  free() {
    if (this.#freed) throw new Error(`${this.#kind} freed twice`);
    this.#freed = true;
    live[this.#kind] -= 1;
  }
}

export class Loader extends Freed {
  #text = '';
  #decoder = new TextDecoder();
  #bytes = 0;
  constructor() {
    super('loaders');
  }
  async push(chunk) {
    this.#bytes += chunk.byteLength;
    this.#text += this.#decoder.decode(chunk, { stream: true });
    return { tensors: 0, tensors_total: 1, bytes: this.#bytes, bytes_total: 0 };
  }
  async finish() {
    this.free();
    let settings;
    try {
      settings = JSON.parse(this.#text);
    } catch {
      throw failure('weights-truncated', `the weights are cut off: ${this.#bytes} bytes`);
    }
    if (settings.trapAtLoad) throw trap();
    return new Engine(settings);
  }
}

class Engine {
  #settings;
  #scenes;
  #merges = false;
  constructor(settings) {
    this.#settings = settings;
    this.#scenes = (settings.scenes ?? ['generic', 'natural-quality', 'face-quality']).map((id) => ({
      id,
      template: `${id} {level} image`,
    }));
  }
  model() {
    return { name: 'fake', parameters: 1, config: {}, text_tower: !this.#settings.noTower, trained: false };
  }
  scenes() {
    return this.#scenes.map((scene) => ({ ...scene }));
  }
  needs_merges() {
    return Boolean(this.#settings.needsMerges) && !this.#merges;
  }
  async set_merges(text) {
    if (!text.startsWith('#version')) throw failure('tokenizer', 'tokenizer: not a merges file');
    live.merges += 1;
    this.#merges = true;
  }
  async add_scene(id, template) {
    if (this.#settings.noTower) throw failure('config', 'the model has no text tower');
    if (!this.#merges) throw failure('tokenizer', 'no merges');
    if (!template.includes('{level}')) throw failure('scene-invalid', `scene \`${id}\`: no {level}`);
    this.#scenes.push({ id, template });
  }
  decode(bytes, { parity = false }) {
    const text = new TextDecoder().decode(bytes);
    live.decoded.push(text);
    let photo;
    try {
      photo = JSON.parse(text);
    } catch {
      throw failure('image-format', 'not an image this build can read: no JSON');
    }
    if (photo.trap === 'decode') throw trap();
    if (photo.code) throw failure(photo.code, `the photo says ${photo.code}`);
    return new Photo(photo.width ?? 300, photo.height ?? 200, { ...photo, parity });
  }
  pixels(width, height, rgba) {
    if (rgba.byteLength !== width * height * 4) throw failure('image-decode', 'sizes differ');
    return new Photo(width, height, { score: rgba[0] / 255 });
  }
  job(photo, options) {
    photo.free();
    return new Job(photo, options, this);
  }
  free() {}
}

class Photo extends Freed {
  constructor(width, height, content) {
    super('photos');
    Object.assign(this, { width, height, content });
  }
}

class Job extends Freed {
  #photo;
  #options;
  #engine;
  done = 0;
  constructor(photo, options, engine) {
    super('jobs');
    this.#photo = photo;
    this.#options = options;
    this.#engine = engine;
    this.crops = options.crops ?? 10;
  }
  async step() {
    live.steps += 1;
    const { content } = this.#photo;
    if (content.sleep) await sleep(content.sleep);
    if (content.busy) for (const end = Date.now() + content.busy; Date.now() < end; );
    if (this.done + 1 === (content.at ?? 2)) {
      if (content.trap === 'step') throw trap();
      if (content.trap === 'lost') throw failure('device', 'device: the GPU was lost');
      if (content.trap === 'stuck') return this.done;
      if (content.trap === 'detached') {
        setTimeout(() => {
          throw trap();
        });
        return new Promise(() => {});
      }
      if (content.trap === 'exit') process.exit(3);
    }
    if (this.freed) throw new Error('used after free');
    this.done += 1;
    return this.done;
  }
  async assess(scene) {
    if (this.done < this.crops) throw failure('option', 'not done');
    if (!this.#engine.scenes().some(({ id }) => id === scene)) throw failure('scene-unknown', scene);
    const { content, width, height } = this.#photo;
    const score = content.score ?? 0.5;
    const levels = { bad: 0.2, poor: 0.2, fair: 0.2, good: 0.2, perfect: 0.2 };
    const crops = Array.from({ length: this.crops }, (_, x) => ({ x, y: 0, size: 224, score }));
    return {
      score,
      percent: 100 * score,
      levels,
      spread: 0,
      crops,
      scene,
      width,
      height,
      enlarged: false,
      policy: this.#options.policy ?? 'random',
      seed: this.#options.seed ?? 0,
    };
  }
}
