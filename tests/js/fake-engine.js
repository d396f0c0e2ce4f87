// A stand-in for the WebAssembly glue: the same surface, no model. What it does is written in the bytes that it is given,
// so that one file serves tests in one thread and tests with a real worker.
//
// Weights: JSON, see `Settings` in fakes.ts; of several files the first one tells, and the others are only counted. Photos:
// JSON, too. What `model().config` says of the bytes lets a test see that none was lost, doubled or changed.

/** @type {import('./fake-engine-types.ts').Live} */
export const live = {
  photos: 0,
  jobs: 0,
  loaders: 0,
  groupings: 0,
  engines: 0,
  steps: 0,
  resumed: 0,
  mostJobs: 0,
  merges: 0,
  extras: 0,
  decoded: [],
  begun: [],
};

const failure = (code, message) => Object.assign(new Error(message), { code });
const trap = () => new WebAssembly.RuntimeError('unreachable');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * What `open_device` does; tests change it.
 *
 * @type {import('./fake-engine-types.ts').FakeDevice}
 */
export const device = { kind: 'cpu', name: 'fake', software: false, half: false, error: undefined };

export default async function init({ module_or_path }) {
  if (!(module_or_path instanceof WebAssembly.Module)) throw new TypeError('expected a module');
}

/** Grows as engines are there. */
export function memory_bytes() {
  return 65_536 * (1 + live.engines);
}

/** A photo that says `extra` is of a rarer format. */
export function needs_extras(first) {
  return new TextDecoder().decode(first).startsWith('{"extra"');
}

/** A photo that says `declares` declares that a model made it. */
export function may_declare(bytes) {
  return new TextDecoder().decode(bytes).includes('"declares"');
}

/** The module `extras`: its own glue has these and no engine. */
export function decode(bytes, options) {
  live.extras += 1;
  return Photo.of(bytes, options);
}

/** @returns {import('../../js/types.js').Provenance} */
export function provenance(bytes) {
  return { source: may_declare(bytes) ? 'ai' : 'unknown', evidence: [], c2pa: 'absent', verified: false };
}

/**
 * A photo that says when it was taken.
 *
 * @returns {import('../../js/wasm.js').Capture}
 */
export function capture(start) {
  const [time = ''] = /"time":\d+/.exec(new TextDecoder().decode(start)) ?? [];
  return new TextEncoder().encode(time);
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

/** Photos that show the same number at the same time are of the same. */
export class Grouping extends Freed {
  #photos = [];
  constructor() {
    super('groupings');
  }
  /** @returns {void} */
  add(capture, shown, grid) {
    this.#photos.push(JSON.stringify([...capture, grid, ...shown]));
  }
  /** @returns {import('../../js/wasm.js').Together[]} */
  groups() {
    const places = this.#photos.map((_, place) => place);
    return [...new Set(this.#photos)].map((photo) => {
      const same = places.filter((place) => this.#photos[place] === photo);
      return { kind: same.length > 1 ? 'alike' : 'single', places: same };
    });
  }
}

export class Tokenizer {
  constructor(merges) {
    if (!merges.startsWith('#version')) throw failure('tokenizer', 'tokenizer: not a merges file');
    live.merges += 1;
  }
  prompts(id, template) {
    if (!template.includes('{level}')) throw failure('scene-invalid', `scene \`${id}\`: no {level}`);
    return Array.from({ length: 5 }, () => [1, 2]);
  }
}

export async function open_device() {
  if (device.error) throw failure('device', device.error);
  return { kind: device.kind, name: device.name, software: device.software, half: device.half };
}

/** Adler-32, which sees every change of a byte and of the order. */
function adler(state, chunk) {
  let low = state & 0xffff;
  let high = state >>> 16;
  for (const byte of chunk) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return ((high << 16) | low) >>> 0;
}

export class Loader extends Freed {
  #files = new Map();
  #current;
  #index;
  #only;
  constructor(precision, index, only) {
    super('loaders');
    live.precision = precision;
    this.#index = index;
    this.#only = only;
  }
  set_index(json) {
    if (this.#index) throw new Error('the index is known already');
    try {
      this.#index = JSON.parse(new TextDecoder().decode(json));
    } catch {
      throw failure('weights-index', 'the index is no JSON');
    }
    const { file_bytes: bytes = {} } = this.#index.metadata ?? {};
    const names = [...new Set(Object.values(this.#index.weight_map))];
    const files = names.map((name) => ({ name, bytes: bytes[name], text: name.startsWith('text') }));
    return { files: files.sort((a, b) => Number(a.text) - Number(b.text)) };
  }
  begin(name, bytes) {
    live.begun.push(name);
    this.#current = { parts: [], bytes: 0, sum: 1, total: bytes };
    this.#files.set(this.needs_model() ? 'the model' : name, this.#current);
  }
  push(chunk) {
    if (!this.#current) this.begin('model.safetensors');
    const file = this.#current;
    file.bytes += chunk.byteLength;
    file.sum = adler(file.sum, chunk);
    file.parts.push(chunk.slice());
    const tensors = file.total !== undefined && file.bytes >= file.total ? 1 : 0;
    return { tensors, tensors_total: 1, bytes: file.bytes, bytes_total: file.total ?? 0 };
  }
  needs_model() {
    const [first] = this.#files.values();
    return this.#files.size === 1 && first.parts.some((part) => new TextDecoder().decode(part).includes('"extends"'));
  }
  async finish() {
    this.free();
    if (this.#index) {
      for (const name of Object.values(this.#index.weight_map)) {
        if (name.startsWith('text') === (this.#only === 'text') && !this.#files.has(name)) {
          throw failure('shard-missing', `shard \`${name}\` is missing`);
        }
      }
    }
    const [first] = this.#files.values();
    const config = Object.fromEntries([...this.#files].map(([name, { bytes, sum }]) => [name, `${bytes} ${sum}`]));
    let settings;
    try {
      settings = JSON.parse(await new Blob(first?.parts ?? []).text());
    } catch {
      throw failure('weights-truncated', `the weights are cut off: ${first?.bytes ?? 0} bytes`);
    }
    if (settings.trapAtLoad) throw trap();
    const separate = this.#index && Object.values(this.#index.weight_map).some((name) => name.startsWith('text'));
    const text = settings.noTower ? 'none' : separate ? 'separate' : 'loaded';
    const scenes = (settings.scenes ?? ['generic', 'natural-quality', 'face-quality']).map((id) => ({
      id,
      template: `${id} {level} image`,
    }));
    return new Engine({ ...settings, config, index: this.#index }, { scenes, text, read: new Set() });
  }
}

class Engine extends Freed {
  #settings;
  #scenes;
  #read;
  #text;
  constructor(settings, { scenes, text, read }) {
    super('engines');
    this.#settings = settings;
    this.#scenes = scenes;
    this.#text = text;
    this.#read = read;
  }
  model() {
    const { config } = this.#settings;
    return { name: 'fake', parameters: 1, config, text_tower: this.#text !== 'none', trained: false };
  }
  scenes() {
    if (this.freed) throw new Error('used after free');
    return this.#scenes.map((scene) => ({ ...scene }));
  }
  text_tower() {
    return this.#text;
  }
  text_loader() {
    return new Loader(live.precision, this.#settings.index, 'text');
  }
  async add_text(loader) {
    await loader.finish();
    this.#text = 'loaded';
  }
  share() {
    return new Engine(this.#settings, { scenes: this.scenes(), text: this.#text, read: new Set(this.#read) });
  }
  unread_scenes() {
    return this.#settings.needsMerges ? this.#scenes.filter(({ id }) => !this.#read.has(id)) : [];
  }
  async add_scene(id, template, prompts) {
    if (this.#text !== 'loaded') throw failure('config', 'the model has no text tower');
    if (prompts.length !== 5) throw failure('scene-invalid', `scene \`${id}\`: ${prompts.length} prompts`);
    this.#read.add(id);
    const known = this.#scenes.find((scene) => scene.id === id);
    if (known) known.template = template;
    else this.#scenes.push({ id, template });
  }
  decode(bytes, options) {
    if (needs_extras(bytes)) throw failure('image-format', 'not an image this build can read');
    return Photo.of(bytes, options);
  }
  grid = 1;
  async shown(photo) {
    photo.free();
    if (photo.content.sleep) await sleep(photo.content.sleep);
    if (photo.content.trap === 'step') throw trap();
    return new Float32Array([photo.content.shown ?? 0]);
  }
  photo(width, height, rgb) {
    return new Photo(width, height, JSON.parse(new TextDecoder().decode(rgb)));
  }
  pixels(width, height, rgba) {
    if (rgba.byteLength !== width * height * 4) throw failure('image-decode', 'sizes differ');
    return new Photo(width, height, { score: rgba[0] / 255 });
  }
  job(photo, options) {
    photo.free();
    return new Job(photo, options, this);
  }
}

class Photo extends Freed {
  static of(bytes, { parity = false }) {
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
    return new Photo(photo.side ?? 300, photo.side ?? 200, { ...photo, parity });
  }
  /** @returns {{ source: 'file' }} */
  about() {
    return { source: 'file' };
  }
  into_rgb() {
    this.free();
    return new TextEncoder().encode(JSON.stringify(this.content));
  }
  constructor(width, height, content) {
    super('photos');
    this.width = width;
    this.height = height;
    this.content = content;
  }
}

/** How often a photo that traps for some times only has done so, by its name. */
const trapped = new Map();

function traps({ trap, times, name }) {
  if (!trap || times === undefined) return true;
  const before = trapped.get(name) ?? 0;
  trapped.set(name, before + 1);
  return before < times;
}

class Job extends Freed {
  #photo;
  #options;
  #engine;
  done = 0;
  constructor(photo, options, engine) {
    super('jobs');
    live.mostJobs = Math.max(live.mostJobs, live.jobs);
    this.#photo = photo;
    this.#options = options;
    this.#engine = engine;
    this.crops = options.crops ?? 10;
  }
  is_settled(scene) {
    if (this.#options.tolerance !== undefined && scene === 'generic') return this.done >= 3;
    return this.done >= this.crops;
  }
  /** Its JSON, with spaces up to the size of the pixels. */
  pixels() {
    if (this.freed) throw new Error('used after free');
    const { content, width, height } = this.#photo;
    return new TextEncoder().encode(JSON.stringify(content).padEnd(3 * width * height));
  }
  answered() {
    const { length } = this.#engine.scenes();
    return new Float32Array(6 * length * this.done);
  }
  resume(answered) {
    const each = 6 * this.#engine.scenes().length;
    if (this.done > 0 || answered.length % each !== 0) throw failure('option', 'answers of another job');
    this.done = answered.length / each;
    live.resumed += 1;
  }
  async step() {
    live.steps += 1;
    const { content } = this.#photo;
    if (content.sleep) await sleep(content.sleep);
    if (content.busy) for (const end = Date.now() + content.busy; Date.now() < end; );
    if (this.done + 1 === (content.at ?? 2) && traps(content)) {
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
  /** @returns {import('../../js/wasm.ts').EngineAssessment} */
  assess(scene) {
    if (this.done < 1) throw failure('option', 'not done');
    if (!this.#engine.scenes().some(({ id }) => id === scene)) throw failure('scene-unknown', scene);
    const { content, width, height } = this.#photo;
    const score = content.score ?? 0.5;
    const levels = { bad: 0.2, poor: 0.2, fair: 0.2, good: 0.2, perfect: 0.2 };
    const crops = Array.from({ length: this.done }, (_, x) => ({ x, y: 0, size: 224, score }));
    return {
      score,
      percent: 100 * score,
      levels,
      spread: 0,
      uncertainty: this.done < this.crops ? 0.01 : 0,
      crops,
      scene,
      width,
      height,
      scale: 1,
      enlarged: false,
      policy: this.#options.policy ?? 'random',
      seed: this.#options.seed ?? 0,
      source: 'file',
    };
  }
}
