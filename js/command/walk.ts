// Which files the arguments stand for, and what was passed over in folders.
import { closeSync, lstatSync, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs';
import { type Failure, ioFailure, refusal } from './failure.js';
import { printable } from './names.js';

/** Endings that mark a file of a folder as a photo, in small letters. */
const ENDINGS = new Set([
  ...['bmp', 'dib', 'gif', 'jfif', 'jpe', 'jpeg', 'jpg', 'png', 'tif', 'tiff', 'webp'],
  ...['arw', 'cr2', 'cr3', 'dng', 'nef', 'orf', 'pef', 'raf', 'rw2', 'srw'],
]);
/** Bytes that tell a photo of any ending. */
const SIGNATURE = 12;
/** JPEG, PNG and GIF. */
const SIGNATURES = ['\xff\xd8\xff', '\x89PNG\r\n\x1a\n', 'GIF8'];
/** Endings that are named in a message; the rest are counted together. */
const NAMED = 5;

/** Something to score, or why there is nothing. */
export interface Input {
  readonly path: Buffer;
  readonly failure?: Failure;
}

/** The files of the arguments in their order, and what folders hold beside them. */
export interface Found {
  readonly inputs: readonly Input[];
  /** One line for people; undefined if nothing was passed over. */
  readonly passed: string | undefined;
}

/** The files of `places` in their order; a folder stands for the photos in it, sorted by name. */
export function list(places: readonly string[], recursive: boolean): Found {
  const walk = new Walk(recursive);
  for (const place of places) {
    const path = Buffer.from(place);
    if (!attempt(() => statSync(path))?.isDirectory()) {
      walk.inputs.push({ path });
      continue;
    }
    const before = walk.inputs.length;
    walk.folder(path);
    if (walk.inputs.length > before) continue;
    const hint = recursive ? '' : ' (--recursive looks into the folders inside)';
    walk.inputs.push({ path, failure: refusal(path, `the folder holds no photos${hint}`) });
  }
  return { inputs: walk.inputs, passed: walk.sentence() };
}

class Walk {
  readonly inputs: Input[] = [];
  /** Files that are no photos, by their endings. */
  readonly #files = new Map<string, number>();
  /** FIFOs, sockets and devices, which are never opened. */
  readonly #special = new Map<string, number>();
  #hidden = 0;
  #folders = 0;
  #links = 0;

  constructor(readonly recursive: boolean) {}

  /** Adds the photos of a folder, and after them those of the folders inside. */
  folder(path: Buffer): void {
    let names: Buffer[];
    try {
      names = readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare);
    } catch (error) {
      this.inputs.push({ path, failure: ioFailure(path, error) });
      return;
    }
    const folders: Buffer[] = [];
    for (const name of names) this.#entry(join(path, name), name[0] === 0x2e, folders);
    for (const inside of folders) this.folder(inside);
  }

  #entry(path: Buffer, hidden: boolean, folders: Buffer[]): void {
    // What a link leads to; a dead link has a photo's name or none.
    const target = attempt(() => statSync(path));
    if (target?.isDirectory()) {
      // Links to folders are not followed, so that the walk ends.
      if (hidden) return;
      if (attempt(() => lstatSync(path))?.isSymbolicLink()) this.#links += 1;
      else if (this.recursive) folders.push(path);
      else this.#folders += 1;
    } else if (target && !target.isFile()) {
      count(this.#special, special(target));
    } else if (hidden) {
      this.#hidden += isPhoto(path) ? 1 : 0;
    } else if (ENDINGS.has(ending(path)) || isPhoto(path)) {
      this.inputs.push({ path });
    } else {
      count(this.#files, ending(path));
    }
  }

  sentence(): string | undefined {
    const parts: string[] = [];
    const files = [...this.#files].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    if (files.length > 0) {
      const named = files
        .slice(0, NAMED)
        .map(([kind, n]) => `${n} ${kind ? `.${printable(kind)}` : 'without an ending'}`);
      const rest = sum(files.slice(NAMED));
      if (rest > 0) named.push(`${rest} others`);
      parts.push(`${counted(sum(files), 'file that is no photo', 'files that are no photos')} (${named.join(', ')})`);
    }
    for (const [kind, n] of [...this.#special].sort()) parts.push(counted(n, kind, `${kind}s`));
    if (this.#hidden > 0) parts.push(counted(this.#hidden, 'hidden photo', 'hidden photos'));
    if (this.#folders > 0)
      parts.push(`${counted(this.#folders, 'folder', 'folders')} (--recursive looks into folders inside)`);
    if (this.#links > 0) parts.push(counted(this.#links, 'link to a folder', 'links to folders'));
    return parts.length > 0 ? `passed over: ${parts.join(', ')}` : undefined;
  }
}

const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
const counted = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;
const sum = (entries: readonly (readonly [string, number])[]) => entries.reduce((total, [, n]) => total + n, 0);

/** What is neither a file nor a folder. Reading it may never end. */
export function special(stats: Stats): string {
  return stats.isFIFO() ? 'FIFO' : stats.isSocket() ? 'socket' : 'device';
}

function join(folder: Buffer, name: Buffer): Buffer {
  const between = folder.at(-1) === 0x2f ? '' : process.platform === 'win32' ? '\\' : '/';
  return Buffer.concat([folder, Buffer.from(between), name]);
}

function ending(path: Buffer): string {
  const name = path.toString('utf8').split('/').at(-1) ?? '';
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : '';
}

/**
 * Whether a file is a photo by its first bytes. Not by those of TIFF, which most RAW files begin with too, nor by the
 * two
 * letters of BMP: these are known by their endings.
 */
function isPhoto(path: Buffer): boolean {
  const bytes = attempt(() => {
    const file = openSync(path, 'r');
    try {
      const head = Buffer.alloc(SIGNATURE);
      return readSync(file, head) === SIGNATURE ? head.toString('latin1') : '';
    } finally {
      closeSync(file);
    }
  });
  if (bytes === undefined) return false;
  return SIGNATURES.some((signature) => bytes.startsWith(signature)) || /^RIFF.{4}WEBP$/s.test(bytes);
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
