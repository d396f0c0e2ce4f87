// Results for people: aligned columns, and one line about all photos.
import type { Assessment, Levels } from '../node.js';
import { name, printable } from './names.js';
import { LEVELS } from './rows.js';

const COLUMNS = [...'▁▂▃▄▅▆▇█'];

/** The names of the columns; `width` is that of the scenes, where there are several. */
export function tableHeader(width: number | undefined): string {
  const scene = width === undefined ? '' : `${'scene'.padEnd(width)}  `;
  return `percent   score  spread  levels  ${scene}image`;
}

/** One line of a photo and scene. */
export function tableRow(path: Buffer, assessment: Assessment, width: number | undefined): string {
  const { percent, score, spread, levels, scene, enlarged, preview, damaged, findings } = assessment;
  const four = (value: number) => value.toFixed(4).padStart(6);
  const numbers = `${percent.toFixed(1).padStart(7)}  ${four(score)}  ${four(spread)}`;
  const column = width === undefined ? '' : `${scene.padEnd(width)}  `;
  const note = enlarged ? '  (small photo, scaled up)' : '';
  const raw = preview ? `  (preview of ${preview.width}x${preview.height} in the RAW file)` : '';
  const gray = damaged ? `  (damaged: ${share(damaged)} of it is gray)` : '';
  const faults = findings?.map(({ fault, form }) => printable(form === undefined ? fault : `${fault}: ${form}`));
  const found = faults?.length ? `  (${faults.join(', ')})` : '';
  return `${numbers}  ${bar(levels).padEnd(6)}  ${column}${name(path)}${raw}${note}${gray}${found}`;
}

const share = (part: number) => (part < 0.0005 ? 'under 0.1%' : `${(100 * part).toFixed(1)}%`);

/** The five levels from bad to perfect as columns of an eighth to eight eighths of a line. */
const bar = (levels: Levels) => LEVELS.map((level) => COLUMNS[Math.floor(levels[level] * 8)] ?? '█').join('');

/** What is said of all photos together. */
export class Summary {
  scored = 0;
  failed = 0;
  #total = 0;
  #lowest: readonly [number, Buffer] | undefined;
  #highest: readonly [number, Buffer] | undefined;

  add(path: Buffer, { percent }: Assessment): void {
    this.scored += 1;
    this.#total += percent;
    if (!this.#lowest || percent < this.#lowest[0]) this.#lowest = [percent, path];
    if (!this.#highest || percent > this.#highest[0]) this.#highest = [percent, path];
  }

  /** The percentages are said of one scene only; across scenes they have no meaning. */
  line(oneScene: boolean, seconds: number): string {
    let line = `${this.scored} photos scored`;
    if (this.failed > 0) line += `, ${this.failed} failed`;
    if (oneScene && this.#lowest && this.#highest) {
      const [[low, worst], [high, best]] = [this.#lowest, this.#highest];
      const mean = (this.#total / this.scored).toFixed(1);
      line += `; mean ${mean} %, from ${low.toFixed(1)} (${name(worst)}) to ${high.toFixed(1)} (${name(best)})`;
    }
    return `${line}; ${seconds.toFixed(1)} s, ${(this.scored / Math.max(seconds, 1e-9)).toFixed(2)} photos/s`;
  }
}
