// A fault of a photo in words for people.
import type { Finding } from './types.js';

/** By the id of the fault's scene and its form; without a form, what is true of all of them. */
const WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  sharpness: {
    '': 'not sharp',
    focus: 'out of focus',
    motion: 'blurred by motion',
    oversharpened: 'sharpened too much',
  },
  noise: { '': 'noisy' },
  exposure: { '': 'badly exposed', under: 'too dark', over: 'too bright', contrast: 'of the wrong contrast' },
  compression: { '': 'compressed too much', artefacts: 'compressed too much', banding: 'of too few tones' },
  colour: { '': 'of wrong colours', pale: 'too pale', oversaturated: 'too colourful', fringes: 'with colour fringes' },
};

/** What follows "It is" or "It looks"; the ids themselves of faults that only another model knows. */
export function faultText({ fault, form = '' }: Finding): string {
  const words = Object.hasOwn(WORDS, fault) ? WORDS[fault] : undefined;
  const known = words && Object.hasOwn(words, form) ? words[form] : words?.[''];
  return known ?? (form ? `${fault}: ${form}` : fault);
}
