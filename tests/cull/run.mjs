// npm run test:cull -- FOLDER [--bursts 100]: how well `gamma cull` groups bursts made of the photos of a folder, and which frame of
// each it takes for the best. Each photo gives two bursts; figures for other thresholds are printed too.

import { resolve } from 'node:path';
import { optionsOf } from '../../scripts/lib/options.mjs';
import { run } from '../../scripts/lib/run.mjs';
import { Failure, main } from '../../scripts/lib/say.mjs';

await main(async () => {
  const { values, positionals } = optionsOf({
    allowPositionals: true,
    options: { bursts: { type: 'string', default: '100' } },
  });
  const [folder] = positionals;
  if (folder === undefined) throw new Failure('Which photos? npm run test:cull -- FOLDER');
  const env = { GAMMA_PHOTOS: resolve(folder), GAMMA_BURSTS: values.bursts };
  await run('cargo', ['test', '--test', 'cull', '--', '--nocapture', 'bursts_among_look_alikes'], { env });
});
