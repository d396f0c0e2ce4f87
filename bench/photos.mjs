// The time until a photo's score is close to that of ten crops: ours by `tolerance`, theirs by computing the ten.
import { readdirSync } from 'node:fs';
import { Failure } from '../scripts/lib/say.mjs';
import { Engine, spread } from './engine.mjs';

const CROPS = 10;
const TOLERANCE = 0.01;

/** The first `count` photos of a folder, as paths of the server. */
export function photosIn(folder, count) {
  const names = readdirSync(folder).filter((name) => /\.(jpe?g|png|webp)$/i.test(name));
  if (names.length < count) throw new Failure(`${folder} holds ${names.length} photos, not ${count}.`);
  return names
    .sort()
    .slice(0, count)
    .map((name) => `/images/${encodeURIComponent(name)}`);
}

/** Scores each photo with both engines; afterwards, off the clock, all ten crops with ours. */
export async function adaptive(browser, { ours, theirs }, photos) {
  const pair = [await Engine.open(browser, 'ours', ours), await Engine.open(browser, 'theirs', theirs)];
  const [mine, other] = pair;
  try {
    for (const engine of pair) await engine.photo(photos[0], { crops: CROPS }, false);
    const crops = [];
    let within = 0;
    for (const url of photos) {
      const { score, crops: scored } = await mine.photo(url, { crops: CROPS, tolerance: TOLERANCE });
      await other.photo(url, { crops: CROPS });
      const whole = await mine.photo(url, { crops: CROPS }, false);
      within += Math.abs(score - whole.score) <= TOLERANCE ? 1 : 0;
      crops.push(scored);
    }
    const ratios = mine.times.map((time, index) => other.times[index] / time);
    return {
      ours: { ...mine.report(), crops: spread(crops) },
      theirs: other.report(),
      ratio: spread(ratios),
      within: `${within} of ${photos.length}`,
    };
  } finally {
    for (const engine of pair) await engine.close();
  }
}
