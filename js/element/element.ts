// The custom element: which photo, when it is scored, and which answers count.
import { GammaError } from '../error.js';
import { Gamma } from '../index.js';
import { Lease } from '../lease.js';
import type { Photo } from '../photo/photo.js';
import type { Assessment, ScoreProgress } from '../types.js';
import { ImageWatch, type Source, sourceOfImage } from './source.js';
import { type ScoreState, View } from './view.js';

/** Attributes that are watched. */
export const ATTRIBUTES = ['src', 'for', 'scene', 'eager'] as const;

/** How near the viewport an element has to be before its photo is scored. */
const NEAR = '300px';

const lease = new Lease(() => Gamma.load());

/** Where there are no elements, as on a server, the class can be imported and does nothing. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/** `<gamma-score>`. */
export class GammaScore extends Base {
  static readonly observedAttributes: readonly string[] = ATTRIBUTES;

  /**
   * The model of all elements; Gamma-Lite, loaded when the first photo needs it, unless told. It is not disposed of by
   * them.
   */
  static gamma: Gamma | Promise<Gamma> | undefined;

  readonly #view: View;
  readonly #images = new ImageWatch(() => this.#plan());
  #near: IntersectionObserver | undefined;
  #isNear = false;
  #photo: Photo | undefined;
  #state: ScoreState = 'idle';
  #assessment: Assessment | undefined;
  #error: GammaError | undefined;
  /** What the state is about. */
  #key: unknown;
  #scored: string | undefined;
  #controller: AbortController | undefined;
  #planned = false;

  constructor() {
    super();
    this.#view = new View(this.attachShadow({ mode: 'open' }));
    this.shadowRoot?.querySelector('slot')?.addEventListener('slotchange', () => this.#plan());
  }

  /**
   * The photo, where it is none that an attribute can name: a File, a canvas, bytes. It comes before `src`, `for` and
   * an image inside.
   */
  get photo(): Photo | undefined {
    return this.#photo;
  }
  set photo(photo: Photo | undefined | null) {
    this.#photo = photo ?? undefined;
    this.#plan();
  }

  get src(): string {
    return this.getAttribute('src') ?? '';
  }
  set src(address: string) {
    this.setAttribute('src', address);
  }

  get scene(): string {
    return this.getAttribute('scene') ?? '';
  }
  set scene(scene: string) {
    this.setAttribute('scene', scene);
  }

  get state(): ScoreState {
    return this.#state;
  }

  /** Of the state `scored`. */
  get assessment(): Assessment | undefined {
    return this.#assessment;
  }

  /** Of the states `failed` and `unreadable`. */
  get error(): GammaError | undefined {
    return this.#error;
  }

  connectedCallback(): void {
    this.#near = new IntersectionObserver(
      (entries) => {
        this.#isNear ||= entries.some(({ isIntersecting }) => isIntersecting);
        if (this.#isNear) this.#near?.disconnect();
        this.#plan();
      },
      { rootMargin: NEAR },
    );
    this.#near.observe(this);
    this.#plan();
  }

  disconnectedCallback(): void {
    this.#near?.disconnect();
    this.#isNear = false;
    this.#images.end();
    this.#stop();
    // Put elsewhere it begins anew; what was scored already is still right.
    if (this.#state === 'waiting') this.#set('idle', undefined);
  }

  attributeChangedCallback(): void {
    this.#plan();
  }

  /**
   * Looks at the source once all that changes in one step has changed: attributes come one by one, before the element
   * is connected, too.
   */
  #plan(): void {
    if (this.#planned || !this.isConnected) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      if (this.isConnected) this.#look();
    });
  }

  #look(): void {
    const source = this.#source();
    if (source === undefined || source === 'wait' || source === 'broken') {
      this.#stop();
      this.#key = undefined;
      if (source === 'broken') this.#fail(new GammaError('photo-type', 'the image could not be loaded'));
      else this.#set(source === 'wait' ? 'waiting' : 'idle', undefined);
      return;
    }
    const scene = this.scene;
    const isSame = this.#key === source.key && this.#scored === scene;
    if (isSame && (this.#controller || this.#state === 'scored' || this.#error)) return;
    this.#stop();
    this.#key = source.key;
    this.#scored = scene;
    this.#set('waiting', undefined);
    if (this.#isNear || this.hasAttribute('eager')) void this.#score(source, scene);
    else this.#key = undefined;
  }

  #source(): Source | 'wait' | 'broken' | undefined {
    if (this.#photo !== undefined) {
      this.#images.watch(undefined);
      return { photo: this.#photo, key: this.#photo };
    }
    if (this.src) {
      this.#images.watch(undefined);
      return { photo: this.src, key: this.src };
    }
    const name = this.getAttribute('for');
    const root = this.getRootNode() as Document | ShadowRoot;
    const image = name ? root.getElementById(name) : this.querySelector('img');
    if (image?.tagName !== 'IMG') {
      this.#images.watch(undefined);
      return undefined;
    }
    this.#images.watch(image as HTMLImageElement);
    return sourceOfImage(image as HTMLImageElement);
  }

  async #score({ photo, key, image }: Source, scene: string): Promise<void> {
    const controller = new AbortController();
    this.#controller = controller;
    const { signal } = controller;
    const told = (assessment: Assessment) => {
      this.#set('scored', assessment);
      this.dispatchEvent(new CustomEvent('gamma-score', { detail: assessment, bubbles: true, composed: true }));
    };
    const onProgress = ({ corrected }: ScoreProgress) => {
      if (corrected && this.#key === key && this.#scored === scene) told(corrected as Assessment);
    };
    const score = (gamma: Gamma) => gamma.score(photo, { ...(scene && { scene }), signal, onProgress });
    // An answer counts only if it is about what the element shows when it comes.
    const counts = () => {
      if (this.#controller !== controller) return false;
      const now = image && sourceOfImage(image);
      if (!now || (typeof now === 'object' && now.key === key)) return true;
      this.#plan();
      return false;
    };
    try {
      const { gamma } = GammaScore;
      const assessment = await (gamma ? score(await gamma) : lease.use(score));
      if (!counts()) return;
      this.#controller = undefined;
      told(assessment);
    } catch (error) {
      if (!counts()) return;
      this.#controller = undefined;
      this.#fail(error instanceof GammaError ? error : new GammaError('worker', String(error), { cause: error }));
    }
  }

  #stop(): void {
    this.#controller?.abort();
    this.#controller = undefined;
  }

  #fail(error: GammaError): void {
    const elsewhere = error.code === 'photo-tainted' || (error.code === 'network' && this.#isElsewhere());
    this.#set(elsewhere ? 'unreadable' : 'failed', undefined, error);
    this.dispatchEvent(new CustomEvent('gamma-error', { detail: error, bubbles: true, composed: true }));
  }

  #isElsewhere(): boolean {
    const address = new URL(this.src || 'about:blank', this.baseURI);
    return /^https?:$/.test(address.protocol) && address.origin !== globalThis.location.origin && navigator.onLine;
  }

  #set(state: ScoreState, assessment: Assessment | undefined, error?: GammaError): void {
    this.#state = state;
    this.#assessment = assessment;
    this.#error = error;
    this.#view.show(state, assessment, error?.message ?? '');
  }
}
