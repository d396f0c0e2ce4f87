import { announce } from './dom.ts';
import { count } from './format.ts';
import type { PhotoEntry, Store } from './state.ts';
import { Picture } from './thumbnail.ts';

const PHOTO_NAME = /\.(jpe?g|jfif|png|webp|gif|bmp|tiff?|avif|heic|heif|arw|cr2|cr3|dng|nef|orf|pef|raf|rw2|srw)$/i;

/** A file and the name that its card shows. */
export interface NamedFile {
  name: string;
  file: Blob;
}

/** Whether a file looks like a photo by its type or, where the system knows no type for it, by its name. */
export const looksLikePhoto = (file: File): boolean => file.type.startsWith('image/') || PHOTO_NAME.test(file.name);

/**
 * Of a whole folder only what looks like a photo is taken; the rest is counted. Files that were chosen one by one are all
 * taken: a card then says what is wrong with one.
 */
export function fromFolder(files: readonly File[]): NamedFile[] {
  const photos = files.filter(looksLikePhoto);
  const skipped = files.length - photos.length;
  if (skipped > 0) announce(`${count(photos.length, 'photo')} added, ${count(skipped, 'other file')} left out`);
  return photos.map((file) => ({ name: file.webkitRelativePath || file.name, file }));
}

/** Files chosen one by one. */
export const fromFiles = (files: Iterable<File>): NamedFile[] => [...files].map((file) => ({ name: file.name, file }));

/** What came of a source of photos, and what of it could not be had. */
export interface Intake {
  photos: NamedFile[];
  /** Names, or sentences where there is more to say. */
  lost: string[];
}

/** The files below an entry. What cannot be read, such as a dead link, goes to `lost`; the others come all the same. */
async function filesOf(entry: FileSystemEntry, lost: string[]): Promise<File[]> {
  const files: File[] = [];
  try {
    if (entry.isFile) {
      files.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
      return files;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    // A reader hands out a folder's entries in batches and ends with an empty one.
    for (;;) {
      const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (batch.length === 0) return files;
      for (const inner of batch) files.push(...(await filesOf(inner, lost)));
    }
  } catch {
    lost.push(entry.fullPath.replace(/^\//, '') || entry.name);
    return files;
  }
}

/** The files of a drop, those of dropped folders included. */
export async function fromDrop(transfer: DataTransfer): Promise<Intake> {
  // The entries must be taken before the first await: the list is emptied after the event.
  const entries = [...transfer.items].filter(({ kind }) => kind === 'file').map((item) => item.webkitGetAsEntry());
  const loose = [...transfer.files];
  const lost: string[] = [];
  if (!entries.some((entry) => entry?.isDirectory)) return { photos: fromFiles(loose), lost };
  const photos: NamedFile[] = [];
  for (const entry of entries) {
    if (!entry) continue;
    const files = await filesOf(entry, lost);
    photos.push(...(entry.isDirectory ? fromFolder(files) : fromFiles(files)));
  }
  return { photos, lost };
}

/** What to say of files that could not be read. */
export function lostText({ lost }: Intake): string {
  const [first, ...others] = lost;
  if (first === undefined) return '';
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return `${count(lost.length, 'file')} could not be read: ${first}${more}`;
}

/** The photos of a paste. The clipboard calls every picture `image.png`, so each gets a number. */
export function fromPaste(transfer: DataTransfer, already: number): NamedFile[] {
  return [...transfer.files].map((file, index) => ({
    name: file.name && file.name !== 'image.png' ? file.name : `Pasted photo ${already + index + 1}`,
    file,
  }));
}

/** The page's own sample photos, fetched from where the page came from. */
export async function fromSamples(): Promise<Intake> {
  const samples: [name: string, url: URL][] = [
    ['Lighthouse', new URL('./samples/lighthouse.webp', import.meta.url)],
    ['Lighthouse, blurred', new URL('./samples/lighthouse-blurred.webp', import.meta.url)],
    ['Lighthouse, noisy', new URL('./samples/lighthouse-noisy.jpg', import.meta.url)],
    ['Lighthouse, compressed', new URL('./samples/lighthouse-compressed.jpg', import.meta.url)],
    ['Dog', new URL('./samples/dog.jpg', import.meta.url)],
    ['City at night', new URL('./samples/city-at-night.webp', import.meta.url)],
  ];
  const lost: string[] = [];
  const fetched = await Promise.all(
    samples.map(async ([name, url]): Promise<NamedFile[]> => {
      const response = await fetch(url).catch(() => undefined);
      const file = response?.ok ? await response.blob().catch(() => undefined) : undefined;
      if (!file) lost.push(name);
      return file ? [{ name, file }] : [];
    }),
  );
  return { photos: fetched.flat(), lost };
}

let lastId = 0;

/** Puts photos on the page, waiting to be scored. */
export function addPhotos(store: Store, files: readonly NamedFile[]): void {
  if (files.length === 0) return;
  const entries = files.map(({ name, file }): PhotoEntry => {
    lastId += 1;
    return { id: lastId, name, file, picture: new Picture(), status: 'waiting', progress: 0, estimate: false };
  });
  store.state.photos.push(...entries);
  store.tell('photos');
}

/** Takes photos off the page. */
export function removePhotos(store: Store, which: (photo: PhotoEntry) => boolean): void {
  const { state } = store;
  for (const photo of state.photos.filter(which)) {
    // A score in progress must find that nobody wants it any more.
    photo.status = 'stopped';
    photo.cancel?.();
  }
  state.photos = state.photos.filter((photo) => !which(photo));
  store.tell('photos');
}
