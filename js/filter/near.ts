// Which elements are near the viewport, and which can be seen.

/** What is told of an element's place. */
export interface Nearness {
  /** It has come near, or is near again after {@link Near.again}. */
  onNear(element: Element): void;
  onFar(element: Element): void;
  /** It has come into sight, or almost. */
  onSight(element: Element): void;
}

/** How close to the viewport an element counts as in sight, in CSS pixels. */
const SIGHT = 64;

/** Watches places. It costs nothing while nothing moves. */
export class Near {
  readonly #near = new WeakSet<Element>();
  readonly #inSight = new WeakSet<Element>();
  readonly #observers: IntersectionObserver[];

  /** `ahead`: how far the viewport counts as near, in its own heights. */
  constructor(ahead: number, nearness: Nearness) {
    // In pixels: what a share is of differs from browser to browser, some take the whole document for it.
    const { innerHeight: height = 800, innerWidth: width = 800 } = globalThis;
    const near = `${Math.round(ahead * height)}px ${Math.round(width / 2)}px`;
    const observe = (
      margin: string,
      seen: WeakSet<Element>,
      onEnter: (e: Element) => void,
      onLeave: (e: Element) => void,
    ) =>
      new IntersectionObserver(
        (entries) => {
          for (const { target, isIntersecting } of entries) {
            if (isIntersecting) seen.add(target);
            else seen.delete(target);
            (isIntersecting ? onEnter : onLeave)(target);
          }
        },
        // The second margin is about boxes that scroll within the page, where the browser knows it.
        { rootMargin: margin, scrollMargin: margin } as IntersectionObserverInit,
      );
    this.#observers = [
      observe(
        near,
        this.#near,
        (element) => nearness.onNear(element),
        (element) => nearness.onFar(element),
      ),
      observe(
        `${SIGHT}px`,
        this.#inSight,
        (element) => nearness.onSight(element),
        () => {},
      ),
    ];
  }

  watch(element: Element): void {
    for (const observer of this.#observers) observer.observe(element);
  }

  unwatch(element: Element): void {
    for (const observer of this.#observers) observer.unobserve(element);
    this.#near.delete(element);
    this.#inSight.delete(element);
  }

  /**
   * Has the place told anew: browsers tell nothing of an element that gets its size at a place where it already was.
   */
  again(element: Element): void {
    for (const observer of this.#observers) {
      observer.unobserve(element);
      observer.observe(element);
    }
  }

  isNear(element: Element): boolean {
    return this.#near.has(element);
  }

  isInSight(element: Element): boolean {
    return this.#inSight.has(element);
  }

  dispose(): void {
    for (const observer of this.#observers) observer.disconnect();
  }
}
