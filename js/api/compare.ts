// Which of two photos people find better, as far as their scores tell.
import { GammaError } from '../error.js';
import type { Assessment, Scene } from '../types.js';

/** How one photo compares with another. */
export type Difference = 'better' | 'worse' | 'no difference';

/**
 * Compares the first photo with the second.
 *
 * @throws {GammaError} `option` for assessments under different scenes, or under one whose reliability the model does not state.
 */
export function compare(scenes: readonly Scene[], first: Assessment, second: Assessment): Difference {
  const { scene } = first;
  if (second.scene !== scene) {
    throw new GammaError('option', `compare: scores under \`${scene}\` and \`${second.scene}\` are not comparable`);
  }
  const stated = scenes.find(({ id }) => id === scene)?.reliability;
  if (!stated)
    throw new GammaError(
      'option',
      `compare: the model does not state how far its scores under \`${scene}\` can be relied on`,
    );
  // Scores of some of the crops alone are known less well.
  const least = stated.difference + Math.hypot(first.uncertainty, second.uncertainty);
  const gap = first.score - second.score;
  if (!(Math.abs(gap) > least)) return 'no difference';
  return gap > 0 ? 'better' : 'worse';
}
