import type { Assessment, DeviceInfo, ModelInfo } from 'gamma-wasm';
import { LEVELS } from './format.ts';
import type { PhotoEntry } from './state.ts';

/** What the exported files say about how the scores came about. */
export interface Provenance {
  model: ModelInfo;
  device: DeviceInfo;
}

const COLUMNS = [
  'image',
  'scene',
  'score',
  'percent',
  ...LEVELS,
  'spread',
  'crops',
  'policy',
  'seed',
  'width',
  'height',
  'scale',
  'enlarged',
  'device',
  'ms',
  'model',
  'trained',
  'error_code',
  'error_message',
] as const;

type Row = Partial<Record<(typeof COLUMNS)[number], string | number | boolean>>;

/**
 * One field of RFC 4180. A text that a spreadsheet would run as a formula gets a leading apostrophe: file names come from
 * anywhere.
 */
function field(value: string | number | boolean | undefined): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function row(photo: PhotoEntry, assessment: Assessment | undefined, { model }: Provenance): Row {
  if (!assessment) {
    return { image: photo.name, error_code: photo.error?.code ?? '', error_message: photo.error?.message ?? '' };
  }
  const { levels, crops, ms, ...rest } = assessment;
  return {
    ...rest,
    ...levels,
    image: photo.name,
    crops: crops.length,
    ms: Math.round(ms),
    model: model.name,
    trained: model.trained,
  };
}

const exported = (photos: readonly PhotoEntry[]) =>
  photos.filter(({ status }) => status === 'done' || status === 'failed');

/** One line a photo, under one scene; photos that failed have the error's code and message. */
export function toCsv(photos: readonly PhotoEntry[], scene: string, provenance: Provenance): string {
  const lines = exported(photos).map((photo) => {
    const cells = row(photo, photo.status === 'done' ? photo.results?.[scene] : undefined, provenance);
    return COLUMNS.map((column) => field(cells[column])).join(',');
  });
  return [COLUMNS.join(','), ...lines, ''].join('\r\n');
}

/** Every photo under every scene, with its crops. */
export function toJson(photos: readonly PhotoEntry[], { model, device }: Provenance): string {
  const items = exported(photos).map((photo) =>
    photo.status === 'done' ? { image: photo.name, scenes: photo.results } : { image: photo.name, error: photo.error },
  );
  return `${JSON.stringify({ model, device, photos: items }, null, 2)}\n`;
}

/** Hands a text to the browser as a file to keep. */
export function saveText(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by the next turn of the event loop; the address is not needed after that.
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
