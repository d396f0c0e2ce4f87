// The filter: brings together what elements show, which of them are near, what is known of their pictures, and what is
// done to them.
import type { GammaError } from '../error.js';
import type { Assessment } from '../types.js';
import { Appearance } from './appearance.js';
import { LeftAlone } from './judge.js';
import { Lazy } from './lazy.js';
import { Near } from './near.js';
import { PageScores } from './page-scores.js';
import { Picture } from './picture.js';
import { Places } from './places.js';
import { Queue } from './queue.js';
import { ALL, dependsOnPage, LEAST_PICTURES, listOf, sceneOf, type Verdict, verdict } from './rule.js';
import { PARALLEL, type Settings, WORKERS } from './settings.js';
import { shownBy, whySkipped } from './shown.js';
import { statsOf } from './stats.js';
import { asGammaError, Telling } from './telling.js';
import type { Assess, Assessed, AssessRequest, Filter, FilterStats } from './types.js';
import { isThere, Watch } from './watch.js';

/** Milliseconds in which pictures that come together are compared with each other once. */
const COMPARE = 200;
/** Addresses of pictures that somebody wanted to see. */
const MOST_REVEALED = 1000;

/** A filter at work on one page. */
export class PageFilter implements Filter {
  readonly #settings: Settings;
  readonly #assess: Assess;
  readonly #end: () => void;
  readonly #scene: string | undefined;
  readonly #watch: Watch;
  readonly #near: Near;
  readonly #queue: Queue;
  readonly #appearance: Appearance;
  readonly #lazy = new Lazy();
  readonly #places = new Places();
  readonly #scores = new PageScores();
  readonly #pictures = new Map<Element, Picture>();
  readonly #revealed = new Set<string>();
  /** Shown small now; they may grow. */
  readonly #small = new ResizeObserver((entries) => {
    for (const { target } of entries) this.#grown(target);
  });
  readonly #telling: Telling;
  readonly #counts = { byEstimate: 0, known: 0, late: 0 };
  #comparing: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  /** `end` is called when it is disposed of. */
  constructor(root: Node, settings: Settings, assess: Assess, end: () => void) {
    this.#settings = settings;
    this.#assess = assess;
    this.#end = end;
    this.#scene = sceneOf(settings.rules);
    this.#telling = new Telling(settings.rules, settings.onVerdict);
    this.#appearance = new Appearance(settings.veil);
    const { perSecond, scrolling, ahead, backgrounds, frames } = settings;
    this.#queue = new Queue({ parallel: PARALLEL, long: WORKERS, perSecond, scrolling });
    this.#near = new Near(ahead, {
      onNear: (element) => this.#look(element),
      onFar: (element) => this.#far(element),
      onSight: (element) => this.#sight(element),
    });
    this.#watch = new Watch(
      {
        onFound: (element) => this.#found(element),
        onChanged: (element, now) => this.#changed(element, now),
        onRemoved: () => this.#sweep(),
        onTree: (tree) => this.#appearance.adopt(tree),
        onScroll: (event) => this.#scrolled(event),
      },
      { backgrounds, frames },
    );
    this.#watch.start(root);
  }

  pause(): void {
    this.#queue.pause();
    this.#appearance.setVeil(false);
  }

  resume(): void {
    if (this.#ended) return;
    this.#appearance.setVeil(true);
    this.#queue.resume();
  }

  reveal(element: Element): boolean {
    const picture = this.#pictures.get(element);
    if (!picture) return false;
    const undone = (picture.verdict?.action ?? 'none') !== 'none' || picture.mark === 'wait';
    this.#revealed.add(picture.shown.address);
    const [oldest] = this.#revealed;
    if (this.#revealed.size > MOST_REVEALED && oldest !== undefined) this.#revealed.delete(oldest);
    this.#forget(picture);
    this.#settle(picture, 'revealed');
    return undone;
  }

  stats(): FilterStats {
    return statsOf([...this.#pictures.values()], this.#counts);
  }

  dispose(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#comparing);
    this.#watch.dispose();
    this.#near.dispose();
    this.#queue.end();
    this.#small.disconnect();
    this.#lazy.dispose();
    for (const picture of this.#pictures.values()) picture.controller?.abort();
    this.#pictures.clear();
    this.#appearance.dispose();
    this.#end();
  }

  #found(element: Element): void {
    const known = this.#pictures.get(element);
    if (known) {
      this.#near.again(element);
      this.#look(element);
      return;
    }
    const shown = shownBy(element, this.#settings.backgrounds);
    if (!shown) return;
    const picture = new Picture(element, shown);
    this.#pictures.set(element, picture);
    // A copy of an element that was marked has the mark without the verdict.
    this.#appearance.set(picture, undefined);
    this.#near.watch(element);
    if (shown.settled) this.#look(element);
  }

  #changed(element: Element, now: boolean): void {
    const picture = this.#pictures.get(element);
    if (!picture) {
      if (this.#settings.backgrounds && isThere(element)) this.#found(element);
      return;
    }
    if (now) {
      this.#appearance.keep(picture);
      this.#renew(picture);
      // `currentSrc` follows the attributes a microtask later.
      queueMicrotask(() => queueMicrotask(() => this.#look(element)));
      return;
    }
    this.#lazy.settled(element);
    // It may have got its size only now.
    if (!this.#near.isNear(element)) this.#near.again(element);
    this.#look(element);
  }

  #sweep(): void {
    for (const [element, picture] of this.#pictures) {
      if (isThere(element)) continue;
      this.#forget(picture);
      this.#appearance.set(picture, undefined);
      this.#near.unwatch(element);
      this.#small.unobserve(element);
      this.#lazy.settled(element);
      this.#pictures.delete(element);
    }
    this.#watch.sweep();
    this.#appearance.moved();
  }

  /** Brings what is known of the element up to date, and queues its picture if there is something to do. */
  #look(element: Element): void {
    const picture = this.#pictures.get(element);
    if (!picture || this.#ended) return;
    this.#renew(picture);
    const { shown, state } = picture;
    if (state !== 'idle') return;
    const isNear = this.#near.isNear(element);
    if (!shown.settled) {
      if (isNear && shown.kind === 'img') this.#lazy.load(element);
      return;
    }
    const isRevealed = this.#revealed.has(shown.address);
    if (!isRevealed && !isNear) return;
    const why = isRevealed ? undefined : whySkipped(element, shown, this.#settings.smallest);
    if (why === 'small') this.#small.observe(element);
    if (isRevealed || why) {
      this.#settle(picture, isRevealed ? 'revealed' : 'skipped');
      return;
    }
    this.#appearance.wait(picture);
    this.#enqueue(picture, true);
  }

  /** Drops what is known if the element shows another picture by now. */
  #renew(picture: Picture): void {
    const shown = shownBy(picture.element, this.#settings.backgrounds);
    if (shown?.signature === picture.shown.signature) {
      picture.shown = shown;
      return;
    }
    this.#forget(picture);
    this.#small.unobserve(picture.element);
    this.#appearance.set(picture, undefined);
    picture.shown = shown ?? { ...picture.shown, address: '', signature: '', settled: false };
    picture.state = 'idle';
  }

  /** The picture has no verdict any more, and none is on its way. */
  #forget(picture: Picture): void {
    picture.controller?.abort();
    picture.controller = undefined;
    if (picture.job) this.#queue.remove(picture.job);
    picture.job = undefined;
    this.#count(picture, -1);
    picture.found = undefined;
    picture.verdict = undefined;
    picture.compared = false;
  }

  /** What has gone by without a verdict needs none; an estimate that is known makes the next time shorter. */
  #far(element: Element): void {
    const picture = this.#pictures.get(element);
    if (picture?.state !== 'queued' || picture.verdict) return;
    this.#forget(picture);
    // The time of a veil begins anew when it comes near again.
    this.#appearance.set(picture, undefined);
    picture.state = 'idle';
  }

  #sight(element: Element): void {
    const picture = this.#pictures.get(element);
    if (!picture || picture.verdict !== undefined || picture.state === 'idle') return;
    this.#appearance.wait(picture);
    if (!picture.found || !this.#isDue(picture)) return;
    picture.controller?.abort();
    if (picture.job) this.#queue.remove(picture.job);
    picture.job = undefined;
    this.#decide(picture, picture.found);
  }

  /** Whether what is known has to do: it comes into sight of a scrolled page. A veil gives it time. The verdict stays. */
  #isDue({ element }: Picture): boolean {
    const { veil } = this.#settings;
    return veil === undefined && this.#places.isScrolled && this.#near.isInSight(element);
  }

  #grown(element: Element): void {
    const picture = this.#pictures.get(element);
    const isSmall = picture?.state === 'skipped';
    if (isSmall && whySkipped(element, picture.shown, this.#settings.smallest)) return;
    this.#small.unobserve(element);
    if (!isSmall) return;
    picture.state = 'idle';
    this.#look(element);
  }

  #scrolled(event: Event): void {
    this.#places.scrolled(event);
    this.#near.scrolled(this.#places.speed);
    this.#queue.scrolled();
    this.#appearance.moved();
  }

  #enqueue(picture: Picture, estimate: boolean): void {
    const run = () => this.#work(picture, estimate);
    const job = { place: () => this.#places.of(picture), long: !estimate, run };
    picture.job = job;
    picture.state = 'queued';
    this.#queue.add(job);
  }

  /** Has the picture assessed; what comes of it counts only if the element still shows this picture. */
  async #work(picture: Picture, estimate: boolean): Promise<void> {
    const controller = new AbortController();
    const { element, shown } = picture;
    Object.assign(picture, { job: undefined, state: 'working', controller });
    const { address, kind, signature } = shown;
    const isSame = () => {
      if (this.#ended || picture.controller !== controller) return false;
      return isThere(element) && shownBy(element, this.#settings.backgrounds)?.signature === signature;
    };
    try {
      const enough = estimate ? undefined : this.#enough(picture);
      const request = { address, element, kind, scene: this.#scene, estimate, enough, signal: controller.signal };
      const found = await this.#assess(request);
      if (found.known) this.#counts.known += 1;
      if (isSame()) this.#land(picture, found, estimate);
      else this.#late(picture, controller);
    } catch (error) {
      if (!isSame()) this.#late(picture, controller);
      else if (error instanceof LeftAlone) this.#settle(picture, 'skipped');
      else this.#fail(picture, asGammaError(error));
    }
  }

  /** Whether a better estimate of the picture decides. */
  #enough(picture: Picture): AssessRequest['enough'] {
    const { found } = picture;
    if (!found || this.#scene === ALL) return undefined;
    return (estimate) => {
      const better = { ...found, assessment: { ...found.assessment, ...estimate } as Assessment };
      return this.#verdictOf(better).clear;
    };
  }

  #late(picture: Picture, controller: AbortController): void {
    this.#counts.late += 1;
    // The change was not told yet; it will not be told again.
    if (picture.controller === controller) this.#look(picture.element);
  }

  #land(picture: Picture, found: Assessed, estimate: boolean): void {
    picture.controller = undefined;
    picture.state = 'judged';
    this.#count(picture, -1);
    picture.found = found;
    this.#count(picture, 1);
    const close = estimate && !found.final && !this.#verdictOf(found).clear;
    // One in sight has the estimate's verdict until then.
    if (!close || this.#isDue(picture)) this.#decide(picture, found);
    if (close) this.#enqueue(picture, false);
  }

  /** Judges the picture by what is known of it. */
  #decide(picture: Picture, found: Assessed): void {
    picture.controller = undefined;
    picture.state = 'judged';
    if (!found.final) this.#counts.byEstimate += 1;
    this.#judge(picture, this.#verdictOf(found));
    if (dependsOnPage(this.#settings.rules)) this.#comparing ??= setTimeout(() => this.#compare(), COMPARE);
  }

  #verdictOf(found: Assessed): Verdict {
    const { rules, action } = this.#settings;
    return verdict(found.assessment, rules, this.#scores, action);
  }

  /** Adds the picture to the scores of the page, or takes it away. */
  #count({ found }: Picture, sign: 1 | -1): void {
    if (!found) return;
    for (const { scene, percent } of listOf(found.assessment)) {
      if (sign > 0) this.#scores.add(scene, percent);
      else this.#scores.remove(scene, percent);
    }
  }

  /**
   * Judges all pictures anew by the scores that the page has now; those in sight only if they could not be compared
   * before.
   */
  #compare(): void {
    this.#comparing = undefined;
    for (const picture of this.#pictures.values()) {
      const { verdict: before, found, element, compared } = picture;
      if (!before || !found || (compared && this.#near.isInSight(element))) continue;
      const after = this.#verdictOf(found);
      if (!after.clear && !found.final) {
        if (this.#near.isNear(element) && picture.state === 'judged') this.#enqueue(picture, false);
        continue;
      }
      if (after.rule !== before.rule) this.#judge(picture, after);
      else picture.compared = this.#isComparable(picture);
    }
  }

  #isComparable({ found }: Picture): boolean {
    return (
      found !== undefined && listOf(found.assessment).every(({ scene }) => this.#scores.count(scene) >= LEAST_PICTURES)
    );
  }

  #judge(picture: Picture, said: Verdict): void {
    picture.verdict = said;
    picture.compared = this.#isComparable(picture);
    this.#appearance.act(picture, said);
    this.#telling.tell(picture, 'judged');
  }

  /** The picture is shown as it is. */
  #settle(picture: Picture, state: Picture['state']): void {
    picture.controller = undefined;
    picture.state = state;
    this.#appearance.show(picture);
  }

  #fail(picture: Picture, error: GammaError): void {
    if (picture.found) {
      // An estimate is better than nothing.
      picture.state = 'judged';
      this.#judge(picture, this.#verdictOf(picture.found));
      return;
    }
    const state = error.code === 'photo-tainted' ? 'unreadable' : 'failed';
    this.#settle(picture, state);
    this.#telling.tell(picture, state, error);
  }
}
