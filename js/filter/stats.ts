// Counts of a filter.
import type { Picture } from './picture.js';
import type { FilterStats } from './types.js';

/** The counts of what is on the page, with those of all so far. */
export function statsOf(
  pictures: readonly Picture[],
  soFar: Pick<FilterStats, 'byEstimate' | 'known' | 'late'>,
): FilterStats {
  const count = (holds: (picture: Picture) => boolean) => pictures.filter(holds).length;
  const are = (state: Picture['state']) => count((picture) => picture.state === state);
  return {
    watched: pictures.length,
    waiting: are('queued') + count(({ state, verdict }) => state === 'working' && verdict === undefined),
    judged: count(({ verdict }) => verdict !== undefined),
    acted: count(({ verdict }) => verdict !== undefined && verdict.action !== 'none'),
    skipped: are('skipped'),
    unreadable: are('unreadable'),
    failed: are('failed'),
    ...soFar,
  };
}
