// npm run test:gpu: the model on this machine's GPU by burn-wgpu, whose compilation takes minutes, and the benchmark page of a browser's GPU.
// `-- page` tries the page alone, `-- NAME` the tests of burn-wgpu whose names hold NAME.
import { serveGpuPage } from '../../bench/gpu-page.mjs';
import { SOFTWARE_GPU } from '../../scripts/lib/flags.mjs';
import { launchChromium } from '../../scripts/lib/launch.mjs';
import { run } from '../../scripts/lib/run.mjs';
import { Failure, main, say } from '../../scripts/lib/say.mjs';

/** Has the page measure as little as it can, on a GPU that the processor plays. */
async function tryPage() {
  const { url, close } = await serveGpuPage();
  const browser = await launchChromium(...SOFTWARE_GPU);
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(300_000);
    await page.goto(url);
    await page.getByLabel('quick').check();
    await page.getByRole('button', { name: 'Start' }).click();
    const status = page.locator('output', { hasText: /^(Done|It failed)/ });
    const said = await status.textContent();
    if (said !== 'Done.') throw new Failure(`bench/pages/gpu.html: ${said}`);
    const { adapter, kernels, models } = await page.evaluate(() => globalThis.report);
    const figures = [
      ...kernels.map(({ tflops }) => tflops),
      ...models.flatMap(({ batches }) => batches.map(({ ms_a_crop }) => ms_a_crop)),
    ];
    if (kernels.length < 10 || models.length === 0 || !figures.every((figure) => figure > 0)) {
      throw new Failure(`bench/pages/gpu.html measured ${JSON.stringify({ kernels, models })}`);
    }
    say(
      `• bench/pages/gpu.html in Chromium on ${adapter.name || 'a GPU without a name'}: ${kernels.length} kernels, ${models.length} models`,
    );
  } finally {
    await browser.close();
    await close();
  }
}

await main(async () => {
  const chosen = process.argv.slice(2);
  const [first] = chosen;
  if (first !== 'page') {
    const args = ['test', '--features', 'wgpu', '--test', 'gpu', '--', '--nocapture', ...chosen];
    await run('cargo', args, { env: { GAMMA_GPU: 'required' } });
  }
  if (first === undefined || first === 'page') await tryPage();
});
