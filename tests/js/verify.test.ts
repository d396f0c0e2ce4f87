// `gamma-wasm/verify` with a stand-in of `@contentauth/c2pa-web`; the case `verify` of tests/packaging tries the real one.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Provenance } from '../../js/types.js';
import { type C2pa, type C2paReader, verify } from '../../js/verify/index.js';

const DECLARED: Provenance = { source: 'ai', evidence: [], c2pa: 'present', verified: false };
const photo = new Blob(['bytes'], { type: 'image/png' });

type Store = Awaited<ReturnType<C2paReader['manifestStore']>>;

/** Answers `store`, or that there is no manifest; counts what is opened and freed. */
function library(store?: Store | Error) {
  const log = { formats: [] as string[], freed: 0 };
  const c2pa: C2pa = {
    reader: {
      async fromBlob(format) {
        log.formats.push(format);
        if (!store) return null;
        return {
          async manifestStore() {
            if (store instanceof Error) throw store;
            return store;
          },
          async free() {
            log.freed += 1;
          },
        };
      },
    },
  };
  return { c2pa, log };
}

test.each([
  ['Trusted', 'trusted'],
  ['Valid', 'valid'],
  ['Invalid', 'invalid'],
  // Older stores say nothing where something is wrong.
  [null, 'invalid'],
] as const)('a manifest that is %s is %s', async (validation_state, verified) => {
  const wrong = [{ code: 'assertion.dataHash.mismatch' }, { code: 'assertion.dataHash.mismatch' }];
  const { c2pa, log } = library({ validation_state, validation_status: verified === 'invalid' ? wrong : null });
  const problems = verified === 'invalid' ? ['assertion.dataHash.mismatch'] : [];
  expect(await verify(photo, DECLARED, c2pa)).toEqual({ ...DECLARED, verified, problems });
  expect(log).toEqual({ formats: ['image/png'], freed: 1 });
});

test('a photo without a manifest is not read, one that names a manifest is', async () => {
  const { c2pa, log } = library();
  const absent: Provenance = { ...DECLARED, c2pa: 'absent' };
  expect(await verify(photo, absent, c2pa)).toEqual({ ...absent, verified: false, problems: [] });
  expect(log.formats).toEqual([]);
  const named: Provenance = { ...absent, evidence: [{ kind: 'remote', value: 'https://example.com/m.c2pa' }] };
  expect((await verify(photo, named, c2pa)).verified).toBe(false);
  expect(log.formats).toEqual(['image/png']);
});

test('the format is that of the bytes, whatever the type says', async () => {
  const { c2pa, log } = library({ validation_state: 'Valid' });
  const beginnings = [[0xff, 0xd8, 0xff, 0xe0], [...new TextEncoder().encode('RIFF1234WEBP')], [0x4d, 0x4d, 0, 0x2a]];
  for (const bytes of beginnings) await verify(new Blob([new Uint8Array(bytes)]), DECLARED, c2pa);
  expect(log.formats).toEqual(['image/jpeg', 'image/webp', 'image/tiff']);
});

test('an error of the library is the caller’s, and the reader is freed', async () => {
  const { c2pa, log } = library(new Error('out of memory'));
  await expect(verify(photo, DECLARED, c2pa)).rejects.toThrow('out of memory');
  expect(log.freed).toBe(1);
});

test('the sample of docs/provenance.md runs as it stands there', async () => {
  const docs = readFileSync(fileURLToPath(new URL('../../docs/provenance.md', import.meta.url)), 'utf8');
  const sample = /```ts\n([^`]*gamma-wasm\/verify[^`]*)```/.exec(docs)?.[1] ?? '';
  const body = sample.replaceAll(/^import .*\n/gm, '');
  expect(body).not.toBe(sample);
  const said: string[] = [];
  const run = Object.getPrototypeOf(async () => {}).constructor(
    'createC2pa',
    'wasmSrc',
    'verify',
    'gamma',
    'file',
    'console',
    body,
  );
  const { c2pa } = library({ validation_state: 'Invalid', validation_status: [{ code: 'claimSignature.mismatch' }] });
  const gamma = { score: async () => ({ provenance: DECLARED }) };
  await run(async () => c2pa, 'c2pa.wasm', verify, gamma, photo, {
    log: (...words: unknown[]) => said.push(words.join(' ')),
  });
  expect(said).toEqual(['ai invalid claimSignature.mismatch']);
});
