// A model in files that the caller handed over: one Blob, several, or a folder.

import { GammaError, messageOf } from '../error.js';
import type { Directory, NamedBlob } from '../file-system.js';
import { chunksOf } from './stream/chunks.js';
import { entryOf, fileLabel, type ModelFiles, NOT_KEPT, type OpenFile, readIndex } from './stream/files.js';

/** The model in these files. One alone is the model, whatever its name. */
export function blobFiles(files: readonly NamedBlob[]): ModelFiles {
  const [only] = files;
  const { index, single } =
    files.length === 1 && only
      ? { index: undefined, single: only.name }
      : entryOf(
          files.map(({ name }) => name),
          'the list',
        );
  const open = (name: string): OpenFile => {
    const file = files.find((each) => each.name === name);
    if (!file) throw missing(name);
    return openBlob(file);
  };
  return {
    single,
    keeping: NOT_KEPT,
    index: async () => (index === undefined ? undefined : readIndex(open(index))),
    open: async (name) => open(name),
  };
}

/** The model in a folder that the person chose. */
export async function folderFiles(folder: Directory): Promise<ModelFiles> {
  const names: string[] = [];
  for await (const [name, { kind }] of folder.entries()) if (kind === 'file') names.push(name);
  const { index, single } = entryOf(names, 'the folder');
  const open = async (name: string): Promise<OpenFile> => {
    if (!names.includes(name)) throw missing(name);
    const blob = await (await folder.getFileHandle(name)).getFile().catch((error: unknown) => {
      throw new GammaError('io', `${fileLabel(name)} could not be read: ${messageOf(error)}`, { cause: error });
    });
    return openBlob({ name, blob });
  };
  return {
    single,
    keeping: NOT_KEPT,
    index: async () => (index === undefined ? undefined : readIndex(await open(index))),
    open,
  };
}

/** The model in chunks that somebody else gives. */
export function streamFiles(chunks: AsyncIterable<Uint8Array>): ModelFiles {
  return {
    single: '',
    keeping: NOT_KEPT,
    index: async () => undefined,
    open: async () => ({ total: undefined, from: 'memory', chunks, close: () => {} }),
  };
}

const missing = (name: string) =>
  new GammaError('shard-missing', `shard \`${name}\`: the index names it, but it is not among the files`);

function openBlob({ name, blob }: NamedBlob): OpenFile {
  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield* chunksOf(blob.stream());
    } catch (error) {
      // A file that was changed or removed since it was chosen.
      throw new GammaError('io', `${fileLabel(name)} could not be read: ${messageOf(error)}`, { cause: error });
    }
  }
  return { total: blob.size, from: 'file', chunks: chunks(), close: () => {} };
}
