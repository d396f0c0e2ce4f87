// node bench/webgpu.mjs WEIGHTS [PACKAGE...] [--crops N] [--rounds N] [--hardware]: seconds on WebGPU in Chromium, a JSON line for each package
// (pkg/ unless told), each in a browser of its own. WEIGHTS is a safetensors file. Without `--hardware` SwiftShader emulates the GPU: that
// compares two builds, and says nothing about a GPU.
import { basename, dirname, resolve } from 'node:path';
import { SOFTWARE_GPU, WEBGPU } from '../scripts/lib/flags.mjs';
import { launchChromium } from '../scripts/lib/launch.mjs';
import { optionsOf } from '../scripts/lib/options.mjs';
import { inRoot, PKG } from '../scripts/lib/paths.mjs';
import { Failure, main } from '../scripts/lib/say.mjs';
import { EMPTY_PAGE, serveFolders } from '../scripts/lib/serve.mjs';

const PHOTO = inRoot('www/samples/lighthouse.webp');

/** Seconds of loading and of each photo; the first one meets whatever is compiled at first use. */
async function measure(port, module, weights, { crops, rounds, flags }) {
  const browser = await launchChromium(...flags);
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(`http://127.0.0.1:${port}/page.html`);
    return await page.evaluate(
      async ({ module, weights, photo, crops, rounds }) => {
        const { Gamma } = await import(module);
        const seconds = async (action) => {
          const begin = performance.now();
          const value = await action();
          return [Number(((performance.now() - begin) / 1000).toFixed(3)), value];
        };
        const [load, gamma] = await seconds(() => Gamma.load({ weights, device: 'webgpu', cache: 'no-store' }));
        const scene = gamma.scenes[0].id;
        const photos = [];
        let score;
        for (let round = 0; round < rounds; round += 1) {
          const [time, result] = await seconds(() => gamma.score(photo, { scene, policy: 'random', crops, seed: 1 }));
          photos.push(time);
          score = result.score;
        }
        return { device: gamma.device.name, load, photos, score };
      },
      { module, weights, photo: `/photo/${basename(PHOTO)}`, crops, rounds },
    );
  } finally {
    await browser.close();
  }
}

await main(async () => {
  const { values, positionals } = optionsOf({
    options: {
      crops: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '3' },
      hardware: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [weights, ...packages] = positionals;
  if (weights === undefined) throw new Failure('Which weights? A safetensors file.');
  if (packages.length === 0) packages.push(PKG);
  const roots = { weights: dirname(resolve(weights)), photo: dirname(PHOTO) };
  for (const [index, folder] of packages.entries()) roots[`package${index}`] = resolve(folder);
  const options = {
    crops: Number(values.crops),
    rounds: Number(values.rounds),
    flags: values.hardware ? WEBGPU : SOFTWARE_GPU,
  };
  const server = await serveFolders(roots, { pages: EMPTY_PAGE });
  try {
    for (const [index, folder] of packages.entries()) {
      const { port } = server;
      const found = await measure(port, `/package${index}/index.js`, `/weights/${basename(weights)}`, options);
      console.log(JSON.stringify({ package: folder, crops: options.crops, ...found }));
    }
  } finally {
    await server.close();
  }
});
