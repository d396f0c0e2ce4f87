/**
 * Checks the signatures of what a photo declares, by the library of the Content Authenticity Initiative. It is not a part of this package
 * (2.3 MB in brotli): who wants it installs `@contentauth/c2pa-web` and hands it over.
 *
 * @example
 * ```ts
 * import { createC2pa } from '@contentauth/c2pa-web';
 * import wasmSrc from '@contentauth/c2pa-web/resources/c2pa.wasm?url';
 * import { verify } from 'gamma-wasm/verify';
 *
 * const c2pa = await createC2pa({ wasmSrc });
 * const { verified } = await verify(file, assessment.provenance, c2pa);
 * ```
 *
 * @module
 */
import type { Provenance } from '../types.js';

/** What is used of the SDK that `createC2pa` of `@contentauth/c2pa-web` makes. */
export interface C2pa {
  readonly reader: {
    /** Reads the manifests of a photo of this media type; null if it has none. */
    fromBlob(format: string, photo: Blob): Promise<C2paReader | null>;
  };
}

/** The manifests of a photo. */
export interface C2paReader {
  manifestStore(): Promise<{
    readonly validation_state?: 'Invalid' | 'Valid' | 'Trusted' | null;
    readonly validation_status?: readonly { readonly code: string }[] | null;
  }>;
  free(): Promise<void>;
}

/** What a photo declares, and whether its signature holds. */
export interface VerifiedProvenance extends Omit<Provenance, 'verified'> {
  /**
   * `trusted`: the photo is as it was signed, by somebody on the trust list that `createC2pa` was given. `valid`: as it was signed, by whomever.
   * `invalid`: it was changed since, or its signature is none. `false`: there is no manifest, so nothing was checked.
   */
  readonly verified: 'trusted' | 'valid' | 'invalid' | false;
  /** What does not hold, as codes of the C2PA specification, such as `assertion.dataHash.mismatch`. */
  readonly problems: readonly string[];
}

/** Media types by the bytes that files of them have at a place of their beginning. */
const FORMATS: readonly (readonly [type: string, at: number, bytes: string])[] = [
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/png', 0, '\x89PNG'],
  ['image/gif', 0, 'GIF8'],
  ['image/webp', 8, 'WEBP'],
  ['image/tiff', 0, 'II*\0'],
  ['image/tiff', 0, 'MM\0*'],
  ['image/avif', 4, 'ftypavif'],
  ['image/heic', 4, 'ftyphei'],
  ['image/jxl', 4, 'JXL '],
];

/** What servers and file systems say of a file's type is often nothing. */
async function formatOf(photo: Blob): Promise<string> {
  const bytes = new Uint8Array(await photo.slice(0, 16).arrayBuffer());
  const text = String.fromCharCode(...bytes);
  return FORMATS.find(([, at, start]) => text.startsWith(start, at))?.[0] ?? photo.type;
}

const STATES = { Trusted: 'trusted', Valid: 'valid', Invalid: 'invalid' } as const;

/**
 * Checks the signature of a photo's C2PA manifest. Other declarations, XMP and notes of generators, have none. A photo without a
 * manifest is not read again. The library may ask the network: for trust lists that it was given as addresses, and for a manifest
 * that the photo only names.
 *
 * @param photo The file that was scored.
 * @param provenance What its assessment says.
 * @throws What the library throws: of a format that it does not read, of a module that it could not load.
 */
export async function verify(photo: Blob, provenance: Provenance, c2pa: C2pa): Promise<VerifiedProvenance> {
  const named = provenance.evidence.some(({ kind }) => kind === 'remote');
  const declares = provenance.c2pa === 'present' || named;
  const reader = declares ? await c2pa.reader.fromBlob(await formatOf(photo), photo) : null;
  if (!reader) return { ...provenance, verified: false, problems: [] };
  try {
    const { validation_state, validation_status } = await reader.manifestStore();
    const problems = [...new Set((validation_status ?? []).map(({ code }) => code))];
    return { ...provenance, verified: STATES[validation_state ?? 'Invalid'], problems };
  } finally {
    await reader.free();
  }
}
