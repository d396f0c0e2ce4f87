// Style sheets of a filter, in each tree that it looks into. They are made by script, so a page's Content-Security-
// Policy does not refuse them, and nothing of them is in the page's own styles.
import { isShown, MARK } from './watch.js';

/**
 * How an element is marked, as the value of {@link MARK}. `seen`: shown, though there is a veil; `wait`: hidden until
 * judged.
 */
export type Mark = 'blur' | 'hide' | 'badge' | 'no-background' | 'seen' | 'wait';

/**
 * What marks mean. Nothing here changes the size of a box, or what `background-image` says: that is looked at again.
 */
const ACTIONS = `
[${MARK}="blur"] {
  filter: blur(var(--gamma-filter-blur, 24px)) !important;
  clip-path: inset(0) !important;
  transition: none !important;
}
[${MARK}="hide"] { visibility: hidden !important; }
[${MARK}="no-background"] { background-size: 0 0 !important; background-repeat: no-repeat !important; }
`;

/**
 * Hides pictures that are not judged. An animation does it, because that ends by itself: at the latest after `limit`
 * milliseconds the picture is shown, whatever becomes of the script.
 */
const veilOf = (limit: number) => `
@keyframes gamma-filter-unmarked { from, to { visibility: hidden; } }
@keyframes gamma-filter-waiting { from, to { visibility: hidden; } }
img:not([${MARK}]), video[poster]:not([${MARK}]) { animation: gamma-filter-unmarked ${limit}ms linear !important; }
[${MARK}="wait"] { animation: gamma-filter-waiting ${limit}ms linear !important; }
`;

/** The text of the sheets, for who inserts them in another way: an extension, before its script runs. */
export const styleText = (limit?: number): string => (limit === undefined ? ACTIONS : ACTIONS + veilOf(limit));

type Tree = Document | ShadowRoot;

/** The sheets of one filter. */
export class Sheets {
  readonly #trees = new Map<Tree, { actions: () => void; veil?: (() => void) | undefined }>();
  readonly #limit: number | undefined;
  #veiled: boolean;

  /** `limit`: milliseconds of the veil; undefined for none. */
  constructor(limit: number | undefined) {
    this.#limit = limit;
    this.#veiled = limit !== undefined;
  }

  adopt(tree: Tree): void {
    if (this.#trees.has(tree)) return;
    this.#trees.set(tree, { actions: adopt(tree, ACTIONS), veil: this.#veil(tree) });
  }

  /** Puts up the veil, or takes it away. */
  setVeil(on: boolean): void {
    this.#veiled = on && this.#limit !== undefined;
    for (const [tree, sheets] of this.#trees) {
      if (this.#veiled) sheets.veil ??= this.#veil(tree);
      else {
        sheets.veil?.();
        sheets.veil = undefined;
      }
    }
  }

  /** Forgets trees that are gone. */
  sweep(): void {
    for (const tree of this.#trees.keys()) {
      const isThere = 'host' in tree ? tree.isConnected : isShown(tree);
      if (!isThere) this.#remove(tree);
    }
  }

  dispose(): void {
    for (const tree of [...this.#trees.keys()]) this.#remove(tree);
  }

  #remove(tree: Tree): void {
    const sheets = this.#trees.get(tree);
    this.#trees.delete(tree);
    sheets?.actions();
    sheets?.veil?.();
  }

  #veil(tree: Tree): (() => void) | undefined {
    return this.#veiled && this.#limit !== undefined ? adopt(tree, veilOf(this.#limit)) : undefined;
  }
}

/** Adds a sheet to a tree; gives what takes it away. */
export function adopt(tree: Tree, text: string): () => void {
  const page = 'host' in tree ? tree.ownerDocument : tree;
  try {
    // A sheet belongs to the document in which it was made.
    const Sheet = (page.defaultView as (Window & typeof globalThis) | null)?.CSSStyleSheet ?? CSSStyleSheet;
    const sheet = new Sheet();
    sheet.replaceSync(text);
    tree.adoptedStyleSheets = [...tree.adoptedStyleSheets, sheet];
    return () => {
      tree.adoptedStyleSheets = tree.adoptedStyleSheets.filter((each) => each !== sheet);
    };
  } catch {
    // Content scripts of Firefox may not do that to a page, and older browsers cannot.
    const style = page.createElement('style');
    style.textContent = text;
    ('host' in tree ? tree : (page.head ?? page.documentElement)).append(style);
    return () => style.remove();
  }
}
