// Finds elements that show pictures, wherever they are on the page: in the document, in open shadow roots, in frames of
// the same origin, from the beginning or added later; and tells when one may show something else.
import { isMedia } from './shown.js';

/** What is told of elements. */
export interface Finder {
  /** An element that may show a picture. Told again of one that was moved. */
  onFound(element: Element): void;
  /** It may show another picture. `now`: its attributes changed just now. */
  onChanged(element: Element, now: boolean): void;
  /** Elements were removed, which ones is not told. */
  onRemoved(): void;
  /** A tree that is watched from now on. */
  onTree(tree: Document | ShadowRoot): void;
  onScroll(event: Event): void;
}

/** The attribute by which elements are marked: what the page does to it is told as a change. */
export const MARK = 'data-gamma-filter';

const ATTRIBUTES = ['src', 'srcset', 'sizes', 'media', 'type', 'poster', 'role', MARK];
/** With backgrounds. */
const STYLES = ['class', 'style'];

/** Milliseconds of walking at once. */
const SLICE = 6;

/** Events that tell of a picture which is there now. They do not bubble, so each tree is listened to. */
const EVENTS = ['load', 'error', 'playing', 'emptied'];

/** Watches trees. */
export class Watch {
  readonly #finder: Finder;
  readonly #backgrounds: boolean;
  readonly #frames: boolean;
  readonly #scrolled = (event: Event) => this.#finder.onScroll(event);
  readonly #observer: MutationObserver;
  readonly #sizes: ResizeObserver;
  readonly #trees = new Map<Node, () => void>();
  readonly #watchedFrames = new WeakSet<Element>();
  readonly #awaited = new Set<string>();
  /** Subtrees to be walked. */
  readonly #walks: Iterator<void>[] = [];
  /** The page of a root that is not all of it. */
  #page: Document | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #walking = false;
  #ended = false;

  constructor(finder: Finder, { backgrounds, frames }: { backgrounds: boolean; frames: boolean }) {
    this.#finder = finder;
    this.#backgrounds = backgrounds;
    this.#frames = frames;
    this.#observer = new MutationObserver((records) => this.#mutated(records));
    // An element of the page's own that gets a shadow root late gets another size then.
    this.#sizes = new ResizeObserver((entries) => {
      for (const { target } of entries) this.#lookInto(target);
    });
  }

  /** Begins with `root`. */
  start(root: Node): void {
    // Who scrolls the page scrolls what is in it, and its event is not told to elements.
    this.#page = root.ownerDocument ?? undefined;
    this.#page?.addEventListener('scroll', this.#scrolled, { capture: true, passive: true });
    this.#addTree(root);
  }

  dispose(): void {
    this.#ended = true;
    this.#page?.removeEventListener('scroll', this.#scrolled, true);
    this.#observer.disconnect();
    this.#sizes.disconnect();
    for (const undo of this.#trees.values()) undo();
    this.#trees.clear();
    this.#walks.length = 0;
    clearTimeout(this.#timer);
  }

  /** Forgets trees that are gone, so that their memory is free. */
  sweep(): void {
    for (const [tree, undo] of this.#trees) {
      const host = (tree as ShadowRoot).host as Element | undefined;
      const gone = host ? !isThere(host) : tree.nodeType === Node.DOCUMENT_NODE && !isShown(tree as Document);
      if (!gone) continue;
      undo();
      this.#trees.delete(tree);
    }
  }

  #addTree(tree: Node): void {
    if (this.#ended || this.#trees.has(tree)) return;
    const attributeFilter = this.#backgrounds ? [...ATTRIBUTES, ...STYLES] : ATTRIBUTES;
    this.#observer.observe(tree, { subtree: true, childList: true, attributes: true, attributeFilter });
    const changed = ({ target }: Event) => this.#finder.onChanged(target as Element, false);
    for (const name of EVENTS) tree.addEventListener(name, changed, true);
    tree.addEventListener('scroll', this.#scrolled, { capture: true, passive: true });
    this.#trees.set(tree, () => {
      for (const name of EVENTS) tree.removeEventListener(name, changed, true);
      tree.removeEventListener('scroll', this.#scrolled, true);
    });
    const root = tree.getRootNode() as Document | ShadowRoot;
    this.#finder.onTree(root);
    this.#walk(tree);
  }

  #mutated(records: readonly MutationRecord[]): void {
    let removed = false;
    for (const { type, target, addedNodes, removedNodes } of records) {
      if (type === 'attributes') {
        this.#attributes(target as Element);
        continue;
      }
      removed ||= removedNodes.length > 0;
      for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) this.#walk(node);
      // A source that is added to a picture or taken away may change what its image shows.
      if ((target as Element).tagName?.toUpperCase() === 'PICTURE') this.#imagesOf(target as Element);
    }
    if (removed) this.#finder.onRemoved();
  }

  #attributes(element: Element): void {
    const tag = element.tagName.toUpperCase();
    if (tag === 'SOURCE') {
      if (element.parentElement) this.#imagesOf(element.parentElement);
    } else if (isMedia(element) || this.#backgrounds) {
      this.#finder.onChanged(element, true);
    }
  }

  #imagesOf(picture: Element): void {
    for (const image of picture.querySelectorAll('img')) this.#finder.onChanged(image, true);
  }

  /** Walks over a subtree, a slice of time at once. */
  #walk(node: Node): void {
    this.#walks.push(this.#steps(node));
    // Within a walk another one may be found.
    if (this.#timer === undefined && !this.#walking) this.#go();
  }

  #go(): void {
    this.#timer = undefined;
    this.#walking = true;
    const end = performance.now() + SLICE;
    let steps = 0;
    while (this.#walks.length > 0 && !this.#ended) {
      const [walk] = this.#walks;
      if (walk?.next().done) this.#walks.shift();
      steps += 1;
      if (steps % 64 === 0 && performance.now() > end) {
        this.#timer = setTimeout(() => this.#go());
        break;
      }
    }
    this.#walking = false;
  }

  *#steps(node: Node): Generator<void, void, void> {
    const walker = (node.ownerDocument ?? (node as Document)).createTreeWalker(node, NodeFilter.SHOW_ELEMENT);
    for (let at: Node | null = walker.currentNode; at; at = walker.nextNode()) {
      if (at.nodeType === Node.ELEMENT_NODE) this.#visit(at as Element);
      yield;
    }
  }

  #visit(element: Element): void {
    const tag = element.tagName.toUpperCase();
    if (isMedia(element) || this.#backgrounds) this.#finder.onFound(element);
    if (tag === 'IFRAME' || tag === 'FRAME') this.#visitFrame(element as HTMLIFrameElement);
    else this.#lookInto(element);
  }

  /** Watches the element's open shadow root; if it may get one later, that is waited for. */
  #lookInto(element: Element): void {
    const { shadowRoot, localName } = element;
    if (shadowRoot) {
      this.#sizes.unobserve(element);
      this.#addTree(shadowRoot);
    } else if (localName.includes('-')) {
      this.#sizes.observe(element);
      this.#await(element);
    }
  }

  #await(element: Element): void {
    const { localName, ownerDocument } = element;
    const registry = ownerDocument.defaultView?.customElements;
    if (!registry || registry.get(localName) || this.#awaited.has(localName)) return;
    this.#awaited.add(localName);
    // After its callbacks have run in all elements of this name.
    registry.whenDefined(localName).then(
      () => {
        for (const tree of this.#trees.keys()) {
          for (const host of (tree as ParentNode).querySelectorAll(localName)) this.#lookInto(host);
        }
      },
      () => {},
    );
  }

  #visitFrame(frame: HTMLIFrameElement): void {
    if (!this.#frames) return;
    const enter = () => {
      let inside: Document | null = null;
      try {
        inside = frame.contentDocument;
      } catch {
        // Another origin's.
      }
      if (inside?.defaultView) this.#addTree(inside);
    };
    if (!this.#watchedFrames.has(frame)) {
      this.#watchedFrames.add(frame);
      // It shows another document after each load.
      frame.addEventListener('load', () => {
        if (this.#ended) return;
        this.#finder.onRemoved();
        enter();
      });
    }
    enter();
  }
}

/** Whether a document is the one that its window shows. */
export const isShown = (page: Document): boolean => page.defaultView?.document === page;

/** Whether an element is on a page that is shown. */
export const isThere = (element: Element): boolean => element.isConnected && isShown(element.ownerDocument);
