// Which picture an element shows at this moment, and whether it is one to judge.
import { signatureOf } from '../photo/element.js';
import type { PictureKind } from './types.js';

/** A picture as an element shows it. */
export interface Shown {
  readonly kind: PictureKind;
  /** Absolute; empty while there is none. */
  readonly address: string;
  /**
   * Equal as long as the element shows the same picture. Attributes are part of it: `currentSrc` follows them a
   * microtask later, and an answer may come in between.
   */
  readonly signature: string;
  /** Whether the picture is there: an `<img>` has loaded the address. */
  readonly settled: boolean;
}

const TAGS = new Set(['IMG', 'VIDEO']);

/** Whether elements of this kind are watched without looking at their style. */
export const isMedia = (element: Element): boolean => TAGS.has(element.tagName.toUpperCase());

/** What the element shows. `backgrounds`: its style is looked at, too. */
export function shownBy(element: Element, backgrounds: boolean): Shown | undefined {
  switch (element.tagName.toUpperCase()) {
    case 'IMG':
      return ofImage(element as HTMLImageElement);
    case 'VIDEO':
      return ofVideo(element as HTMLVideoElement);
    default:
      return backgrounds ? ofBackground(element) : undefined;
  }
}

function ofImage(image: HTMLImageElement): Shown {
  const { currentSrc, complete, naturalWidth } = image;
  const signature = `img\n${signatureOf(image)}`;
  return { kind: 'img', address: currentSrc, signature, settled: currentSrc !== '' && complete && naturalWidth > 0 };
}

function ofVideo(video: HTMLVideoElement): Shown | undefined {
  // Once it plays, its poster is not shown any more.
  const playing = !video.paused || video.currentTime > 0;
  const address = playing ? '' : video.poster;
  return { kind: 'poster', address, signature: `poster\n${address}`, settled: address !== '' };
}

function ofBackground(element: Element): Shown | undefined {
  const view = element.ownerDocument.defaultView;
  const style = view?.getComputedStyle(element);
  const written = style?.backgroundImage.match(/url\((["']?)(.*?)\1\)/)?.[2];
  if (!view || !style || !written) return undefined;
  // One of many pictures in a file, moved into place.
  const isSprite = /-\d/.test(style.backgroundPosition);
  const address = isSprite ? '' : new URL(written, element.ownerDocument.baseURI).href;
  return { kind: 'background', address, signature: `background\n${address}`, settled: address !== '' };
}

/**
 * Why a picture is left alone: it is smaller than `smallest`, an SVG, or said to be no content. Undefined if it is
 * judged.
 */
export function whySkipped(
  element: Element,
  { kind, address }: Shown,
  smallest: number,
): 'small' | 'svg' | 'decorative' | undefined {
  if (/^data:image\/svg\+xml/i.test(address) || /\.svgz?$/i.test(pathOf(address))) return 'svg';
  if (/^(presentation|none)$/.test(element.getAttribute('role') ?? '')) return 'decorative';
  const { width, height } = element.getBoundingClientRect();
  if (Math.min(width, height) < smallest) return 'small';
  if (kind === 'img') {
    const { naturalWidth, naturalHeight } = element as HTMLImageElement;
    // Pixels per CSS pixel are taken off natural sizes of `srcset`, so this is an estimate for large densities.
    if (Math.min(naturalWidth, naturalHeight) < smallest && !isDense(element as HTMLImageElement)) return 'small';
  }
  return undefined;
}

/** Whether the browser chose from a list, whose densities or widths change the natural size. */
function isDense(image: HTMLImageElement): boolean {
  return image.srcset !== '' || image.parentElement?.tagName.toUpperCase() === 'PICTURE';
}

function pathOf(address: string): string {
  if (address.startsWith('data:') || address.startsWith('blob:')) return '';
  try {
    return new URL(address).pathname;
  } catch {
    return '';
  }
}

/**
 * How far the middle of the element is from the viewport, in CSS pixels: 0 where about half of it can be seen. `below`:
 * whether it lies below or right of it.
 */
export function distanceOf(element: Element): { pixels: number; below: boolean } {
  const { top, bottom, left, right } = element.getBoundingClientRect();
  let x = (left + right) / 2;
  let y = (top + bottom) / 2;
  let view: Window | null = element.ownerDocument.defaultView;
  // Into the coordinates of the outermost page that may be looked at.
  for (let frame = frameOf(view); frame; frame = frameOf(view)) {
    const box = frame.getBoundingClientRect();
    x += box.left;
    y += box.top;
    view = frame.ownerDocument.defaultView;
  }
  const { innerHeight = 0, innerWidth = 0 } = view ?? {};
  const pixels = Math.max(0, -y, y - innerHeight, -x, x - innerWidth);
  return { pixels, below: y > innerHeight || x > innerWidth };
}

/** The element that shows a window, null for a page of its own or in another origin's. */
function frameOf(view: Window | null): Element | null {
  try {
    return view?.frameElement ?? null;
  } catch {
    return null;
  }
}
