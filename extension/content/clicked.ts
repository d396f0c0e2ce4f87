// What the context menu was opened on. A hidden picture is no image to the browser, so the place decides.
import { isMedia } from '../../js/filter/shown.js';

let place = { x: 0, y: 0 };
let target: EventTarget | undefined;

/** Listens from now on. */
export function watchClicks(): void {
  const note = (event: MouseEvent) => {
    place = { x: event.clientX, y: event.clientY };
    [target] = event.composedPath();
  };
  document.addEventListener('contextmenu', note, { capture: true, passive: true });
}

/** The element with a picture that was meant: the target, else the one of `elements` at this place. */
export function clickedOn(elements: Iterable<Element>): Element | undefined {
  if (target instanceof Element && isMedia(target)) return target;
  const { x, y } = place;
  for (const element of elements) {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    if (left <= x && x <= right && top <= y && y <= bottom) return element;
  }
  return undefined;
}
