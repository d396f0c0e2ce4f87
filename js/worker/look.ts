// What tells photos of the same from others: when and how each was taken, and what it shows.
import { throwIfAborted } from '../error.js';
import type { WireLook, WirePhoto } from '../protocol.js';
import { type Decoders, decodePhoto, openFile } from './decode.js';

/** Bytes of a file in which cameras write when and how it was taken. */
const CAPTURE_BYTES = 1 << 20;

/** Looks at a photo. */
export async function look(decoders: Decoders, wire: WirePhoto, signal: AbortSignal): Promise<WireLook> {
  const start = await startOf(decoders, wire);
  throwIfAborted(signal);
  const capture = start ? await decoders.extras.capture(start, signal) : new Uint8Array();
  const { photo } = await decodePhoto(decoders, wire, false, signal);
  const { engine } = decoders;
  return { capture, shown: new Float32Array(await engine.shown(photo)), grid: engine.grid };
}

async function startOf({ platform }: Decoders, wire: WirePhoto): Promise<Uint8Array | undefined> {
  if (wire.kind === 'bytes') return new Uint8Array(wire.bytes).slice(0, CAPTURE_BYTES);
  if (wire.kind !== 'file') return undefined;
  const file = await openFile(platform, wire.file);
  try {
    return await file.read(0, Math.min(file.size, CAPTURE_BYTES));
  } finally {
    await file.close();
  }
}
