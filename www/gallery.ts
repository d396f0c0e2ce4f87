import { Card } from './card.ts';
import { byId, reducedMotion } from './dom.ts';
import { removePhotos } from './intake.ts';
import { sorted } from './sorting.ts';
import type { PhotoEntry, Store } from './state.ts';

/** While scores come in, cards change places at most this often, in milliseconds. */
const REORDER_INTERVAL = 500;
/** Thumbnails are made for cards this near to the screen. */
const NEAR = '600px';
/** Beyond this many cards a change of order is shown without motion. */
const MOVING_CARDS = 120;

/** The list of cards: makes them, keeps them up to date and in order. */
export class Gallery {
  private readonly list = byId('photos');
  private readonly cards = new Map<number, Card>();
  private readonly near: IntersectionObserver;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly store: Store) {
    this.near = new IntersectionObserver((entries) => this.meet(entries), { rootMargin: NEAR });
    store.on('photos', () => this.syncPhotos());
    store.on('photo', (photo) => this.updatePhoto(photo));
    store.on('view', () => this.updateView());
  }

  private syncPhotos(): void {
    const { photos } = this.store.state;
    const here = new Set(photos.map(({ id }) => id));
    for (const [id, card] of this.cards) if (!here.has(id)) this.drop(id, card);
    for (const photo of photos) {
      if (this.cards.has(photo.id)) continue;
      const card = new Card(photo, () => this.remove(photo));
      this.cards.set(photo.id, card);
      this.list.append(card.element);
      if (!reducedMotion())
        card.element.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 220, easing: 'ease-out' });
      this.draw(photo);
      this.near.observe(card.element);
    }
    document.body.toggleAttribute('data-empty', photos.length === 0);
    this.reorder();
  }

  private meet(entries: IntersectionObserverEntry[]): void {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      this.near.unobserve(target);
      void this.cards
        .get(Number((target as HTMLElement).dataset.id))
        ?.showThumbnail(this.store.state.run !== undefined);
    }
  }

  private drop(id: number, card: Card): void {
    this.near.unobserve(card.element);
    card.close();
    this.cards.delete(id);
  }

  /** Removes one photo; the keyboard goes on at its neighbour. */
  private remove(photo: PhotoEntry): void {
    const element = this.cards.get(photo.id)?.element;
    const neighbour = element?.nextElementSibling ?? element?.previousElementSibling;
    removePhotos(this.store, ({ id }) => id === photo.id);
    const next =
      neighbour?.querySelector<HTMLElement>('.remove') ?? document.querySelector<HTMLElement>('.intake button');
    next?.focus();
  }

  private draw(photo: PhotoEntry): void {
    this.cards.get(photo.id)?.update(this.store.assessment(photo), this.store.state.showCrops);
  }

  private updatePhoto(photo: PhotoEntry): void {
    this.draw(photo);
    if (photo.status === 'scoring' || this.timer !== undefined) return;
    this.timer = setTimeout(() => this.reorder(), REORDER_INTERVAL);
  }

  private updateView(): void {
    for (const photo of this.store.state.photos) this.draw(photo);
    this.reorder();
  }

  /** Puts the cards in order, each gliding to its new place. */
  private reorder(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { photos, sort, descending } = this.store.state;
    const order = sorted(photos, sort, descending, (photo) => this.store.assessment(photo)?.score);
    const elements = order.flatMap(({ id }) => this.cards.get(id)?.element ?? []);
    if (elements.every((element, index) => this.list.children[index] === element)) return;
    const focused = document.activeElement;
    const before = elements.length <= MOVING_CARDS && !reducedMotion() ? placesOf(elements) : undefined;
    elements.forEach((element, index) => {
      const there = this.list.children[index] ?? null;
      if (there !== element) this.list.insertBefore(element, there);
    });
    // Moving an element takes the keyboard away from it.
    if (focused instanceof HTMLElement && this.list.contains(focused)) focused.focus({ preventScroll: true });
    if (before) glide(elements, before);
  }
}

const placesOf = (elements: HTMLElement[]) => elements.map((element) => element.getBoundingClientRect());

function glide(elements: HTMLElement[], before: DOMRect[]): void {
  const after = placesOf(elements);
  elements.forEach((element, index) => {
    const from = before[index];
    const to = after[index];
    if (!from || !to) return;
    const [x, y] = [from.left - to.left, from.top - to.top];
    const onScreen = [from, to].some(({ top, bottom }) => bottom > 0 && top < innerHeight);
    if ((x === 0 && y === 0) || !onScreen) return;
    element.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: 'none' }], {
      duration: 280,
      easing: 'ease-out',
    });
  });
}
