// Pictures with `loading=lazy`. Browsers load them late, Firefox 600 pixels before they come into sight: at reading
// speed a second, too little to judge them.

/** Has lazy pictures loaded that are near enough to be judged. */
export class Lazy {
  /** The attribute as the page wrote it, until the picture is there. */
  readonly #written = new Map<HTMLImageElement, string>();

  /** Has the browser load the picture now, if it waits for its place to come nearer. */
  load(element: Element): void {
    const image = element as HTMLImageElement;
    const written = image.loading === 'lazy' && !image.complete ? image.getAttribute('loading') : null;
    // With `sizes=auto` the browser takes another file for an image that is not lazy.
    if (written === null || /^\s*auto\b/i.test(image.sizes)) return;
    this.#written.set(image, written);
    // It may not be put back before the picture is there: Firefox would stop loading.
    image.loading = 'eager';
  }

  /** The picture is there, or never will be: leaves the attribute as the page wrote it. */
  settled(element: Element): void {
    const image = element as HTMLImageElement;
    const written = this.#written.get(image);
    if (written === undefined) return;
    this.#written.delete(image);
    // The page may have chosen anew.
    if (image.getAttribute('loading') === 'eager') image.setAttribute('loading', written);
  }

  dispose(): void {
    for (const image of [...this.#written.keys()]) this.settled(image);
  }
}
