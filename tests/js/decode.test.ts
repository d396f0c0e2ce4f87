// Who decodes a photo: the engine, the module of rarer formats, or the browser.
import { expect, test } from 'vitest';
import type { Engine, EnginePhoto, EngineUrls, Rgba, WasmModule } from '../../js/wasm.js';
import { decodePhoto } from '../../js/worker/decode.js';
import { Extras } from '../../js/worker/extras.js';
import type { HostPlatform } from '../../js/worker/platform.js';

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xe0]);

const DECLARED = { source: 'ai', evidence: [], c2pa: 'absent', verified: false } as const;

interface Setting {
  bytes?: Uint8Array<ArrayBuffer>;
  thrown: { code: string; message?: string; incomplete?: boolean };
  /** What the browser answers; undefined where there is none, an error where it cannot either. */
  browser?: Rgba | Error;
}

/** Decodes a photo that the engine refuses. */
async function decode({ bytes = PNG, thrown, browser }: Setting) {
  const engine = {
    decode: () => {
      throw Object.assign(new Error(thrown.message ?? 'the engine says no'), thrown);
    },
    pixels: (width: number, height: number) => ({ width, height }) as EnginePhoto,
  } as unknown as Engine;
  const module = { needs_extras: () => false, may_declare: () => false } as unknown as WasmModule;
  const platform = {
    ...(browser && {
      decode: async () => {
        if (browser instanceof Error) throw browser;
        return browser;
      },
    }),
  } as unknown as HostPlatform;
  const decoders = { platform, module, engine, extras: new Extras(platform, {} as EngineUrls) };
  const wire = { kind: 'bytes', bytes: bytes.slice().buffer, type: '' } as const;
  return decodePhoto(decoders, wire, false, new AbortController().signal);
}

const browser: Rgba = { width: 3, height: 2, data: new Uint8Array(24) };

test.each([
  ['of another format', { thrown: { code: 'image-format' }, browser }],
  ['that the engine finds damaged', { thrown: { code: 'image-decode' }, browser }],
] satisfies [string, Setting][])('a photo %s is shown by the browser, and that is said', async (_, setting) => {
  const { photo, about } = await decode(setting);
  expect(about).toEqual({ source: 'browser' });
  expect([photo.width, photo.height]).toEqual([3, 2]);
});

const damaged = { code: 'image-decode', message: 'the image is damaged' };

test.each([
  ['of what is cut off', { thrown: { ...damaged, incomplete: true }, browser }],
  ['of JPEG', { bytes: JPEG, thrown: damaged, browser }],
  ['where the browser cannot either', { thrown: damaged, browser: new Error('no') }],
  ['where there is no browser', { thrown: damaged }],
  ['of what is too large', { thrown: { code: 'image-too-large', message: 'the image is damaged' }, browser }],
  [
    'of a RAW file without a preview',
    { thrown: { code: 'image-format', message: 'a camera RAW file: the image is damaged' }, browser },
  ],
] satisfies [string, Setting][])('the engine has the last word %s', async (_, setting) => {
  const { code } = setting.thrown;
  await expect(decode(setting)).rejects.toMatchObject({
    code,
    message: expect.stringContaining('the image is damaged'),
  });
});

test('what neither can read is said of both', async () => {
  const setting = { thrown: { code: 'image-format', message: 'it is JPEG XL' }, browser: new Error('no') };
  await expect(decode(setting)).rejects.toMatchObject({
    code: 'image-format',
    message: 'it is JPEG XL, nor one that this browser can read',
  });
});

test.each([
  ['for a model that scales photos it comes scaled', { short_side: 384 }, { scale: 0.096, enlarged: false }],
  ['for another one it does not', {}, undefined],
] as const)('of a RAW file the preview is decoded: %s', async (_, photo, scaled) => {
  const engine = {
    model: () => ({ photo }),
    photo: (width: number, height: number) => ({ width, height }) as EnginePhoto,
  } as unknown as Engine;
  const about = { source: 'raw-preview', preview: { width: 6000, height: 4000 } } as const;
  const asked: object[] = [];
  const extras = {
    preview: async (_file: unknown, options: { short_side?: number }) => {
      asked.push(options);
      const size = options.short_side ? { width: 576, height: 384 } : about.preview;
      return { ...size, data: new Uint8Array(), about };
    },
  } as unknown as Extras;
  const decoders = { platform: {} as HostPlatform, module: {} as WasmModule, engine, extras };
  const wire = { kind: 'file', file: new Blob([]), type: '' } as const;
  const decoded = await decodePhoto(decoders, wire, false, new AbortController().signal);
  expect(asked).toEqual([{ parity: false, ...photo }]);
  expect(decoded.about).toEqual(about);
  expect(decoded.scaled).toEqual(scaled);
});

test.each([
  ['is read by the other module', async () => DECLARED, DECLARED],
  [
    'stays unknown where that cannot be fetched, and the photo is decoded',
    () => Promise.reject(new Error('no')),
    undefined,
  ],
] as const)('a declared origin %s', async (_, provenance, expected) => {
  const engine = { decode: () => ({ width: 1, height: 1 }) as EnginePhoto } as unknown as Engine;
  const module = { needs_extras: () => false, may_declare: () => true } as unknown as WasmModule;
  const extras = { provenance } as unknown as Extras;
  const wire = { kind: 'bytes', bytes: PNG.slice().buffer, type: '' } as const;
  const decoders = { platform: {} as HostPlatform, module, engine, extras };
  const decoded = await decodePhoto(decoders, wire, false, new AbortController().signal);
  expect(decoded.provenance).toEqual(expected);
  expect(decoded.about).toEqual({ source: 'file' });
});
