import type { PhotoEntry, SortKey } from './state.ts';

const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/**
 * The photos in the order of the cards. Photos without a score come after those with one, in order of arrival, whichever
 * way the scores run; equal photos keep their order of arrival.
 *
 * @param scoreOf The photo's score, or undefined while it has none.
 */
export function sorted(
  photos: readonly PhotoEntry[],
  key: SortKey,
  descending: boolean,
  scoreOf: (photo: PhotoEntry) => number | undefined,
): PhotoEntry[] {
  const sign = descending ? -1 : 1;
  const compare = (a: PhotoEntry, b: PhotoEntry): number => {
    if (key === 'arrival') return sign * (a.id - b.id);
    if (key === 'name') return sign * byName.compare(a.name, b.name) || a.id - b.id;
    const left = scoreOf(a);
    const right = scoreOf(b);
    if (left === undefined || right === undefined) {
      return Number(left === undefined) - Number(right === undefined) || a.id - b.id;
    }
    return sign * (left - right) || a.id - b.id;
  };
  return [...photos].sort(compare);
}

/** What the direction button says for a key. */
export function directionLabel(key: SortKey, descending: boolean): string {
  if (key === 'score') return descending ? 'Best first' : 'Worst first';
  if (key === 'name') return descending ? 'Z to A' : 'A to Z';
  return descending ? 'Newest first' : 'Oldest first';
}
