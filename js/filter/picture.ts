// What a filter knows of one element.
import type { Job } from './queue.js';
import type { Verdict } from './rule.js';
import type { Mark } from './sheets.js';
import type { Shown } from './shown.js';
import type { Assessed } from './types.js';

/**
 * `idle`: nothing to do yet; `queued`, `working`; `judged`; `skipped`: left alone; `unreadable`, `failed`; `revealed`:
 * shown because somebody asked for it.
 */
export type PictureState = 'idle' | 'queued' | 'working' | 'judged' | 'skipped' | 'unreadable' | 'failed' | 'revealed';

/** An element and the picture that it shows. */
export class Picture {
  state: PictureState = 'idle';
  shown: Shown;
  /** What is known of the picture, and what follows from it. */
  found: Assessed | undefined;
  verdict: Verdict | undefined;
  /** Whether the verdict compares it with enough others. */
  compared = false;
  /** The mark that the element is to have. */
  mark: Mark | undefined;
  /** How often the page took the mark away. */
  marksLost = 0;
  job: Job | undefined;
  controller: AbortController | undefined;
  /** Distance from the viewport, and when it was measured. */
  place = { at: -Infinity, value: 0 };

  constructor(
    readonly element: Element,
    shown: Shown,
  ) {
    this.shown = shown;
  }
}
