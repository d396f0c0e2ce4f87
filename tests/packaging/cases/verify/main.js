import { createC2pa } from '@contentauth/c2pa-web';
import wasmSrc from '@contentauth/c2pa-web/resources/c2pa.wasm?url';
import { Gamma } from 'gamma-wasm';
import { verify } from 'gamma-wasm/verify';
import { report } from './report.js';

/** Throws unless a signed photo is valid, the same with another last byte invalid, and one without a manifest neither. */
async function tryVerify(gamma) {
  const c2pa = await createC2pa({ wasmSrc });
  const read = async (name) => (await fetch(name)).blob();
  const signed = await read('signed.jpg');
  const bytes = new Uint8Array(await signed.arrayBuffer());
  // A byte of the picture, before the mark of its end.
  bytes[bytes.length - 4] ^= 1;
  const changed = new Blob([bytes], { type: signed.type });
  const photos = { valid: signed, invalid: changed, false: await read('photos/dog.jpg') };
  for (const [expected, photo] of Object.entries(photos)) {
    const { provenance } = await gamma.score(photo);
    const { verified, problems } = await verify(photo, provenance, c2pa);
    if (String(verified) !== expected) throw new Error(`verify says ${verified}, not ${expected}: ${problems}`);
    if (expected === 'invalid' && !problems.includes('assertion.dataHash.mismatch')) throw new Error(`${problems}`);
  }
  c2pa.dispose();
}

report(async () => {
  const gamma = await Gamma.load({ workers: 2 });
  await tryVerify(gamma);
  return gamma;
});
