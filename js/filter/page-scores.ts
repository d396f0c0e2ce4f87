// The scores of a page's pictures, sorted, so that one of them can be placed among the others.

/** Scores in per cent by scene. */
export class PageScores {
  /** Ascending. */
  readonly #percents = new Map<string, number[]>();

  /** Counts a picture. */
  add(scene: string, percent: number): void {
    const all = this.#percents.get(scene) ?? [];
    all.splice(position(all, percent), 0, percent);
    this.#percents.set(scene, all);
  }

  /** Counts a picture no longer. */
  remove(scene: string, percent: number): void {
    const all = this.#percents.get(scene) ?? [];
    const at = position(all, percent);
    if (all[at] === percent) all.splice(at, 1);
  }

  /** How many pictures have a score under the scene. */
  count(scene: string): number {
    return this.#percents.get(scene)?.length ?? 0;
  }

  /** How many of them have a lower one. */
  lower(scene: string, percent: number): number {
    return position(this.#percents.get(scene) ?? [], percent);
  }
}

/** Where the first number that is not below `percent` stands, by bisection. */
function position(sorted: readonly number[], percent: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? Infinity) < percent) low = middle + 1;
    else high = middle;
  }
  return low;
}
