// npm run test:devices [-- --photos 50] [--policy center] [--release]: the same photos on every device: the CPU natively, burn-wgpu, our own shaders natively, Chromium's CPU and
// WebGPU. Each scores them twice, the same to the bit, and all are within 0.001 of the native CPU. Needs the built package (`npm run build`);
// without `--release` it takes the builds of the tests.
import { join } from 'node:path';
import { SOFTWARE_GPU } from '../../scripts/lib/flags.mjs';
import { launchChromium } from '../../scripts/lib/launch.mjs';
import { commandOnGpu, shadersOnGpu } from '../../scripts/lib/native-gpu.mjs';
import { optionsOf } from '../../scripts/lib/options.mjs';
import { inRoot, REPORTS } from '../../scripts/lib/paths.mjs';
import { capture } from '../../scripts/lib/run.mjs';
import { duration, Failure, main, say } from '../../scripts/lib/say.mjs';
import { Tally } from '../../scripts/lib/tally.mjs';
import { makePhotos } from '../feed/photos.mjs';
import { inChromium } from './chromium.mjs';

/** How far scores may differ from those of the native CPU. */
const SCORE = 1e-3;

/** What a program says of all photos, twice in one process. */
async function natively(program, args, photos) {
  const { code, stdout, stderr } = await capture(program, [...args, ...photos, ...photos]);
  if (code !== 0) throw new Failure(`${program} ${args.join(' ')}\n${stderr}`);
  const scores = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).score);
  return [scores.slice(0, photos.length), scores.slice(photos.length)];
}

/** How a device did: what it scored, and how long that took. */
function judge(name, [first, second], expected, took) {
  const whole = first.length === expected.length && second.length === expected.length;
  const same = whole && first.every((score, at) => Object.is(score, second[at]));
  const off = Math.max(...expected.map((score, at) => Math.abs(score - first[at])));
  const holds = whole && same && off <= SCORE;
  const cells = [name.padEnd(20), off.toExponential(1).padStart(9), (same ? 'the same' : 'DIFFERS').padStart(10)];
  say(`${cells.join('')}${duration(took).padStart(13)}${holds ? '' : '  FAILED'}`);
  return holds;
}

await main(async () => {
  const { values } = optionsOf({
    options: {
      photos: { type: 'string', default: '50' },
      policy: { type: 'string' },
      release: { type: 'boolean', default: false },
    },
  });
  const weights = inRoot('weights/gamma-lite.safetensors');
  const build = { release: values.release };
  const [gamma, shaders] = [await commandOnGpu(build), await shadersOnGpu('score', build)];
  const browser = await launchChromium(...SOFTWARE_GPU);
  const tally = new Tally();
  await tally.close(async () => {
    try {
      const folder = join(REPORTS, 'devices');
      const names = await makePhotos(browser, { count: Number(values.photos), folder });
      const photos = names.map((name) => join(folder, name));
      const policy = values.policy ? ['--policy', values.policy] : [];
      const command = (device) => ['score', '--json', '--device', device, '--weights', weights, ...policy];
      const devices = {
        'native CPU': () => natively(gamma, command('cpu'), photos),
        'native burn-wgpu': () => natively(gamma, command('gpu'), photos),
        'native shaders': () => natively(shaders, [...policy, weights], photos),
        'Chromium CPU': () => inChromium(browser, { device: 'cpu', folder, names, weights, policy: values.policy }),
        'Chromium WebGPU': () =>
          inChromium(browser, { device: 'webgpu', folder, names, weights, policy: values.policy }),
      };
      say(`\n${names.length} photos twice, ${values.policy ?? 'as the model looks'}`);
      say(`${'device'.padEnd(20)}${'at most'.padStart(9)}${'twice'.padStart(10)}${'took'.padStart(13)}`);
      let expected;
      for (const [name, score] of Object.entries(devices)) {
        const begin = performance.now();
        const found = await score();
        expected ??= found[0];
        tally.note(judge(name, found, expected, performance.now() - begin));
      }
    } finally {
      await browser.close();
    }
  });
});
