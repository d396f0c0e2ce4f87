// npm run test:gpu: the model on this machine's GPU by burn-wgpu. Compiling that takes minutes. `-- NAME` runs the tests whose names hold NAME.
import { run } from '../../scripts/lib/run.mjs';
import { main } from '../../scripts/lib/say.mjs';

await main(async () => {
  const env = { GAMMA_GPU: 'required' };
  const chosen = process.argv.slice(2);
  await run('cargo', ['test', '--features', 'wgpu', '--test', 'gpu', '--', '--nocapture', ...chosen], { env });
});
