// A run over a billion photos, simulated (simulation.mjs has the assumptions).
//   node bench/scale/simulate.mjs [--costs bench/scale/costs.json] [--svg docs/scale.svg] [--seed 1]
// Costs of a photo are what cost.mjs measured. Seeded: the same numbers every time.
import { readFileSync, writeFileSync } from 'node:fs';
import { optionsOf } from '../../scripts/lib/options.mjs';
import { plot } from './plot.mjs';
import { meanOf, momentsOf, simulate } from './simulation.mjs';

const { values } = optionsOf({
  options: {
    costs: { type: 'string', default: 'bench/scale/costs.json' },
    photos: { type: 'string', default: '1e9' },
    workers: { type: 'string', default: '2048' },
    seed: { type: 'string', default: '1' },
    svg: { type: 'string' },
  },
});

const moments = momentsOf(JSON.parse(readFileSync(values.costs, 'utf8')));
const photos = Number(values.photos);
const workers = Number(values.workers);
const mean = meanOf(moments);
console.log(`a photo: ${(1e3 * mean).toFixed(0)} ms of a core; all: ${Math.round((photos * mean) / 3600)} core-hours`);
const runs = [];
for (const shard of [10_000, 100_000, 1_000_000]) {
  for (const again of [false, true]) {
    const found = simulate({ moments, photos, workers, shard, again, seed: Number(values.seed) });
    if (!found.complete) throw new Error('a shard was lost');
    runs.push(found);
    const over = `${(100 * (found.hours / found.ideal - 1)).toFixed(1)}% over ${found.ideal.toFixed(2)}`;
    console.log(
      `shards of ${shard}${again ? ', the last ones twice' : ''}: ${found.hours.toFixed(2)} h, ${over}; ` +
        `${found.lost.toFixed(1)} core-hours lost, ${found.wasted.toFixed(1)} done twice`,
    );
  }
}
if (values.svg)
  writeFileSync(
    values.svg,
    plot(
      // A run that takes twice the time would press the others together.
      runs.filter(({ hours, ideal }) => hours < 2 * ideal),
      workers,
    ),
  );
