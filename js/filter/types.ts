// What callers of a filter give and get.
import type { GammaError } from '../error.js';
import type { Gamma } from '../index.js';
import type { Assessment, Assessments, Estimate } from '../types.js';
import type { Action, Rule } from './rule.js';

/** How an element shows a picture. */
export type PictureKind = 'img' | 'poster' | 'background';

/** A picture that is to be assessed. */
export interface AssessRequest {
  /** Its absolute address: of an `<img>` its `currentSrc`. */
  readonly address: string;
  /** The element that shows it. */
  readonly element: Element;
  readonly kind: PictureKind;
  /** The scene asked about: undefined for the model's default, `all` for every one. */
  readonly scene: string | undefined;
  /** Whether an estimate will do. If it leaves the verdict open, another request asks for the full score. */
  readonly estimate: boolean;
  /**
   * Of a request for the full score, where one scene is asked about: whether an estimate on the way there decides
   * already. An assessor may stop then, and answer with an assessment that has its numbers and is not `final`.
   */
  readonly enough?: ((estimate: Estimate) => boolean) | undefined;
  /** Aborted when the element shows another picture or is gone. */
  readonly signal: AbortSignal;
}

/** What became of a request. */
export interface Assessed {
  /** An object by scene if the request was for `all`. */
  readonly assessment: Assessment | Assessments;
  /** Whether it is the full score. */
  readonly final: boolean;
  /** Whether it was known already. */
  readonly known?: boolean | undefined;
}

/**
 * Assesses pictures in the place of the filter's own reading and scoring: an extension does that in a page of its own.
 *
 * A picture that may not be read is to reject with code `photo-tainted`.
 */
export type Assess = (request: AssessRequest) => Promise<Assessed>;

/** What {@link FilterOptions.onVerdict} is told of a picture. */
export interface PictureEvent {
  readonly element: Element;
  readonly kind: PictureKind;
  readonly address: string;
  /**
   * `judged`; `unreadable`: it comes from another origin that does not allow to read it; `failed`: it could not be
   * assessed. The last two are shown as they are.
   */
  readonly state: 'judged' | 'unreadable' | 'failed';
  /** What is done to the picture. */
  readonly action: Action;
  /** The rule that it meets; undefined if it meets none. */
  readonly rule: Rule | undefined;
  /** Of `judged`. */
  readonly assessment?: Assessment | Assessments | undefined;
  /** Whether the score is the full one, not an estimate that was enough or had to do. */
  readonly final: boolean;
  /** Of `unreadable` and `failed`. */
  readonly error?: GammaError | undefined;
}

/** How many pictures a filter works at. */
export interface Budget {
  /** The most pictures a second; 60 unless told. */
  readonly perSecond?: number | undefined;
  /** The most a second while the page is scrolled; 40 unless told. */
  readonly scrolling?: number | undefined;
}

/** Options of `filter`. */
export interface FilterOptions {
  /** What to look for; of several rules the first one that a picture meets decides. */
  readonly rule: Rule | readonly Rule[];
  /** What is done to pictures that meet a rule without an action of its own: `blur` unless told. */
  readonly action?: Action | undefined;
  /**
   * The model; Gamma-Lite, loaded when the first picture needs it, unless told. It is not disposed of with the filter.
   */
  readonly gamma?: Gamma | Promise<Gamma> | undefined;
  /**
   * The model that is loaded in the place of Gamma-Lite where there is no `gamma`, as `Gamma.load` takes it. For rules with the scene
   * `ai-generated-quality`: `'gamma-wasm/weights/gamma-lite-ai.safetensors'`, for non-commercial use only.
   */
  readonly weights?: string | URL | undefined;
  /** Assesses pictures in the place of reading and scoring them here; `gamma` and `cache` are not used then. */
  readonly assess?: Assess | undefined;
  /** Told of each picture, and again when its verdict changes. What it throws is reported as an uncaught error. */
  readonly onVerdict?: ((event: PictureEvent) => void) | undefined;
  /** Disposes of the filter. */
  readonly signal?: AbortSignal | undefined;
  /** Pictures whose shorter side, as shown or in the file, has fewer pixels are left alone; 80 unless told. */
  readonly smallest?: number | undefined;
  /** Also judges `background-image` of elements; false unless told, since every element's style has to be looked at. */
  readonly backgrounds?: boolean | undefined;
  /** Also looks into frames of the same origin; true unless told. */
  readonly frames?: boolean | undefined;
  /**
   * How far from the viewport pictures are loaded and judged, in heights of the viewport: 2 unless told. While the page
   * is scrolled steadily what comes into sight within six seconds is, too, up to three times as far.
   */
  readonly ahead?: number | undefined;
  readonly budget?: Budget | undefined;
  /**
   * Hides pictures until they are judged, so that none is seen before its verdict, but no longer than this many
   * milliseconds each: the browser shows it then, whatever the filter does. Off unless told; `true` is 3000.
   */
  readonly veil?: boolean | number | undefined;
  /**
   * How many assessments are kept in IndexedDB, the least recently used going first: 5000 unless told, none with
   * `false` or 0.
   */
  readonly cache?: false | number | undefined;
}

/** Counts of a filter. */
export interface FilterStats {
  /** Pictures that are on the page and watched. */
  readonly watched: number;
  /** Of them: near the viewport, and neither judged nor left alone. */
  readonly waiting: number;
  /** Of them: judged. */
  readonly judged: number;
  /** Of them: blurred, hidden or with a badge. */
  readonly acted: number;
  /** Of them: too small, decorative or SVG. */
  readonly skipped: number;
  /** Of them: from another origin that does not allow to read them. */
  readonly unreadable: number;
  /** Of them: could not be assessed. */
  readonly failed: number;
  /** Of all so far: verdicts by an estimate, without the full score. */
  readonly byEstimate: number;
  /** Of all so far: assessments that were known already. */
  readonly known: number;
  /** Of all so far: assessments that came too late, for a picture that was gone. */
  readonly late: number;
}

/** A filter at work. */
export interface Filter {
  /** Judges nothing further until {@link resume}; what is blurred or hidden stays so. */
  pause(): void;
  /** Goes on. */
  resume(): void;
  /**
   * Shows the picture of `element`, for as long as the filter lives, in whichever element it appears. Tells whether
   * there was something to undo.
   */
  reveal(element: Element): boolean;
  stats(): FilterStats;
  /** Ends the filter and leaves the page as it was. A second call does nothing. */
  dispose(): void;
}
