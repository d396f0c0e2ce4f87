// A model in Node's file system: one file, an index, or a folder.
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GammaError, messageOf } from '../error.js';
import {
  checkFileName,
  entryOf,
  fileLabel,
  isIndexName,
  type ModelFiles,
  NOT_KEPT,
  type OpenFile,
  readIndex,
} from './stream/files.js';

/** The model at `path`. */
export async function pathFiles(path: string): Promise<ModelFiles> {
  const isFolder = (await reading('', () => stat(path))).isDirectory();
  const folder = isFolder ? path : dirname(path);
  const name = basename(path);
  const { index, single } = isFolder
    ? entryOf(await reading('', () => readdir(path)), 'the folder')
    : isIndexName(name)
      ? { index: name, single: '' }
      : { index: undefined, single: name };
  return {
    single,
    keeping: NOT_KEPT,
    index: async () => (index === undefined ? undefined : readIndex(await openPath(folder, index, false))),
    open: (file) => openPath(folder, file, index !== undefined),
  };
}

async function openPath(folder: string, name: string, indexed: boolean): Promise<OpenFile> {
  const path = join(folder, indexed ? checkFileName(name) : name);
  const { size } = await reading(name, () => stat(path), indexed);
  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    const stream = createReadStream(path, { highWaterMark: 1 << 20 });
    try {
      yield* stream;
    } catch (error) {
      throw failed(name, error, false);
    } finally {
      stream.destroy();
    }
  }
  return { total: size, from: 'file', chunks: chunks(), close: () => {} };
}

async function reading<T>(name: string, work: () => Promise<T>, indexed = false): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failed(name, error, indexed);
  }
}

function failed(name: string, error: unknown, indexed: boolean): GammaError {
  const missing = indexed && (error as { code?: unknown } | null)?.code === 'ENOENT';
  if (missing)
    return new GammaError('shard-missing', `shard \`${name}\`: the index names it, but it is not in the folder`);
  return new GammaError('io', `${fileLabel(name)} could not be read: ${messageOf(error)}`, { cause: error });
}
