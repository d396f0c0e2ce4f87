// Advice about one photo.
import { GammaError } from '../error.js';
import { Gamma } from '../index.js';
import { Lease } from '../lease.js';
import { type Reason, remarks, sizeOf, strongest } from '../reasons.js';
import type { Assessment, Provenance } from '../types.js';

/** Options of `check`. */
export interface CheckOptions {
  /** Id of the scene; the model's default unless told. */
  readonly scene?: string | undefined;
  /** The least score in per cent, 0 to 100, that is `ok`; every score is unless told. */
  readonly atLeast?: number | undefined;
  /** The most pixels, width times height, that are `ok`. */
  readonly maxPixels?: number | undefined;
  /** The model; Gamma-Lite, loaded for the first check and let go of half a minute after the last, unless told. */
  readonly gamma?: Gamma | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is said of a photo. */
export interface Advice {
  /** Whether it has enough quality, no more pixels than allowed, and can be read as a photo. */
  readonly ok: boolean;
  /** The score on the model's own scale, about 0.2 to 1; undefined if it cannot be read as a photo. */
  readonly score: number | undefined;
  /** The same in per cent, the scale of `atLeast`. */
  readonly percent: number | undefined;
  /** Why it is not `ok`, and then remarks, which there may be of a photo that is. */
  readonly reasons: readonly Reason[];
  /** What the file declares about its origin. Anybody can write a declaration or drop one: absence means nothing. */
  readonly provenance: Provenance | undefined;
  /** All that is known. */
  readonly assessment: Assessment | undefined;
}

const lease = new Lease(() => Gamma.load());

/** Codes of errors that are about the photo, not about the engine. */
const ABOUT_PHOTO = /^(image-|photo-type|io$)/;

/**
 * Advice about a photo.
 *
 * @throws {GammaError} `option`, `scene-unknown`, `aborted`; codes of the engine if it cannot be had. A photo that
 * cannot be read is an advice.
 */
export async function check(file: Blob, options: CheckOptions = {}): Promise<Advice> {
  const { scene, atLeast, maxPixels, gamma, signal } = options;
  if (!(file instanceof Blob)) throw new GammaError('photo-type', 'expected a File or Blob');
  inRange('atLeast', atLeast, 100);
  inRange('maxPixels', maxPixels, Infinity);
  const score = (model: Gamma) => model.score(file, { ...(scene !== undefined && { scene }), signal });
  let assessment: Assessment;
  try {
    assessment = gamma ? await score(gamma) : await lease.use(score);
  } catch (error) {
    if (!(error instanceof GammaError) || !ABOUT_PHOTO.test(error.code)) throw error;
    return unread(error);
  }
  return adviceOf(assessment, atLeast, maxPixels);
}

function adviceOf(assessment: Assessment, atLeast = 0, maxPixels = Infinity): Advice {
  const { score, percent, levels, provenance } = assessment;
  const faults: Reason[] = [];
  if (percent < atLeast) {
    const text = `It looks ${strongest(levels)}: ${Math.round(percent)} of 100, and at least ${atLeast} is wanted.`;
    faults.push({ code: 'low-score', text });
  }
  const { width, height } = sizeOf(assessment);
  if (width * height > maxPixels) {
    const text = `It has ${width} x ${height} pixels, more than ${maxPixels}.`;
    faults.push({ code: 'too-many-pixels', text });
  }
  const reasons = [...faults, ...remarks(assessment)];
  return { ok: faults.length === 0, score, percent, reasons, provenance, assessment };
}

const unread = ({ message }: GammaError): Advice => ({
  ok: false,
  score: undefined,
  percent: undefined,
  reasons: [{ code: 'not-a-photo', text: `It cannot be read as a photo: ${message}.` }],
  provenance: undefined,
  assessment: undefined,
});

function inRange(name: string, value: unknown, most: number): void {
  if (value === undefined || (typeof value === 'number' && value >= 0 && value <= most)) return;
  throw new GammaError('option', `option \`${name}\`: expected a number of at least 0, at most ${most}`);
}
