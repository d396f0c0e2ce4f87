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
/** While the page is scrolled, what comes into sight within so many seconds is near. */
const HORIZON = 6;
/** How much farther the viewport then reaches at most. */
const REACHES = [2, 3];

/** A wider zone around the viewport. */
interface Zone {
  /** Half its extent beyond the viewport, in CSS pixels. */
  readonly reach: number;
  /** Elements in it, and whether they came into it from below. */
  readonly elements: Map<Element, boolean>;
}

/** Watches places. It costs nothing while nothing moves. */
export class Near {
  readonly #nearness: Nearness;
  readonly #near = new WeakSet<Element>();
  readonly #inSight = new WeakSet<Element>();
  /** Near only since the page is scrolled towards them. */
  readonly #ahead = new Set<Element>();
  readonly #zones: Zone[];
  readonly #observers: IntersectionObserver[];
  /** CSS pixels that the page is scrolled a second, downwards above 0. */
  #speed = 0;

  /** `ahead`: how far the viewport counts as near, in its own heights. */
  constructor(ahead: number, nearness: Nearness) {
    this.#nearness = nearness;
    // In pixels: what a share is of differs from browser to browser, some take the whole document for it.
    const { innerHeight: height = 800, innerWidth: width = 800 } = globalThis;
    const sides = Math.round(width / 2);
    const reach = Math.round(ahead * height);
    this.#zones = REACHES.map((times) => ({ reach: times * reach, elements: new Map() }));
    this.#observers = [
      observer(`${reach}px ${sides}px`, ({ target, isIntersecting }) => this.#crossed(target, isIntersecting)),
      observer(`${SIGHT}px`, ({ target, isIntersecting }) => {
        if (isIntersecting) this.#inSight.add(target);
        else this.#inSight.delete(target);
        if (isIntersecting) nearness.onSight(target);
      }),
    ];
    if (ahead === 0) return;
    for (const zone of this.#zones) {
      this.#observers.push(observer(`${zone.reach}px ${sides}px`, (entry) => this.#crossedZone(zone, entry)));
    }
  }

  watch(element: Element): void {
    for (const observer of this.#observers) observer.observe(element);
  }

  unwatch(element: Element): void {
    for (const observer of this.#observers) observer.unobserve(element);
    this.#near.delete(element);
    this.#inSight.delete(element);
    this.#ahead.delete(element);
    for (const { elements } of this.#zones) elements.delete(element);
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

  /** The page is scrolled at this speed, in CSS pixels a second, downwards above 0: what it reaches soon is near. */
  scrolled(speed: number): void {
    const before = this.#reached;
    this.#speed = speed;
    for (const zone of this.#reached) {
      if (before.includes(zone)) continue;
      for (const element of zone.elements.keys()) this.#reach(zone, element);
    }
  }

  isNear(element: Element): boolean {
    return this.#near.has(element) || this.#ahead.has(element);
  }

  isInSight(element: Element): boolean {
    return this.#inSight.has(element);
  }

  dispose(): void {
    for (const observer of this.#observers) observer.disconnect();
    this.#ahead.clear();
    for (const { elements } of this.#zones) elements.clear();
  }

  /** The zones that the speed asks for: each one if what is before it comes into sight too soon. */
  get #reached(): Zone[] {
    const soon = Math.abs(this.#speed) * HORIZON;
    return this.#zones.filter(({ reach }, at) => soon > (this.#zones[at - 1]?.reach ?? reach / (REACHES[0] ?? 1)));
  }

  #reach({ elements }: Zone, element: Element): void {
    const comes = elements.get(element) === this.#speed > 0;
    if (!comes || this.isNear(element)) return;
    this.#ahead.add(element);
    this.#nearness.onNear(element);
  }

  #crossed(element: Element, isNear: boolean): void {
    this.#ahead.delete(element);
    if (isNear) this.#near.add(element);
    else this.#near.delete(element);
    if (isNear) this.#nearness.onNear(element);
    else this.#nearness.onFar(element);
  }

  #crossedZone(zone: Zone, { target, isIntersecting, boundingClientRect }: IntersectionObserverEntry): void {
    if (isIntersecting) {
      zone.elements.set(target, boundingClientRect.top > 0);
      if (this.#reached.includes(zone)) this.#reach(zone, target);
      return;
    }
    zone.elements.delete(target);
    if (this.#zones.some(({ elements }) => elements.has(target)) || !this.#ahead.delete(target)) return;
    this.#nearness.onFar(target);
  }
}

function observer(margin: string, tell: (entry: IntersectionObserverEntry) => void): IntersectionObserver {
  return new IntersectionObserver(
    (entries) => {
      for (const entry of entries) tell(entry);
    },
    // The second margin is about boxes that scroll within the page, where the browser knows it.
    { rootMargin: margin, scrollMargin: margin } as IntersectionObserverInit,
  );
}
