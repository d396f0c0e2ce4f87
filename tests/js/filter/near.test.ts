import { beforeEach, expect, test, vi } from 'vitest';
import { Near } from '../../../js/filter/near.js';
import { Speed } from '../../../js/filter/speed.js';

type Told = (entries: object[]) => void;

/** What observers of a margin, in pixels above and below the viewport, are told by. */
const observers = new Map<number, Told>();

/** Elements by name, as far as the watcher looks at them. */
const elements = new Map<string, Element>();
const element = (name: string) => {
  const known = elements.get(name) ?? ({ toString: () => name } as Element);
  elements.set(name, known);
  return known;
};

beforeEach(() => {
  observers.clear();
  vi.stubGlobal('innerHeight', 800);
  vi.stubGlobal('innerWidth', 1000);
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      observe = () => {};
      unobserve = () => {};
      constructor(told: Told, { rootMargin }: { rootMargin: string }) {
        observers.set(Number.parseInt(rootMargin, 10), told);
      }
    },
  );
  return () => vi.unstubAllGlobals();
});

/** A place watcher with what it told, and a way to move an element to or from the zone of a margin. */
function watched() {
  const told: string[] = [];
  const near = new Near(2, {
    onNear: (element) => told.push(`near ${element}`),
    onFar: (element) => told.push(`far ${element}`),
    onSight: (element) => told.push(`sight ${element}`),
  });
  const move = (margin: number, name: string, isIntersecting: boolean, top = 3000) =>
    observers.get(margin)?.([{ target: element(name), isIntersecting, boundingClientRect: { top } }]);
  return { near, told, move };
}

test('at rest two heights are near', () => {
  const { told, move } = watched();
  move(4800, 'a', true);
  move(3200, 'a', true);
  expect(told).toEqual([]);
  move(1600, 'a', true);
  expect(told).toEqual(['near a']);
  move(1600, 'a', false);
  expect(told).toEqual(['near a', 'far a']);
});

test('what comes into sight within six seconds is near, in the direction of scrolling alone', () => {
  const { near, told, move } = watched();
  move(3200, 'below', true);
  move(3200, 'above', true, -3000);
  near.scrolled(200);
  expect(told).toEqual([]);
  near.scrolled(600);
  expect(told).toEqual(['near below']);
  expect(near.isNear(element('below'))).toBe(true);
  move(4800, 'farther', true);
  move(3200, 'next', true);
  move(1600, 'below', true);
  move(1600, 'below', false);
  expect(told).toEqual(['near below', 'near farther', 'near next', 'near below', 'far below']);
});

test('what was near for the speed alone and is passed by another way is far', () => {
  const { near, told, move } = watched();
  near.scrolled(-600);
  move(4800, 'a', true, -4000);
  move(3200, 'a', true, -3000);
  move(3200, 'a', false, -3000);
  move(4800, 'a', false, -4000);
  expect(told).toEqual(['near a', 'far a']);
});

test('a speed is told by a quarter of a second of scrolling; a jump is none', () => {
  const speed = new Speed();
  const page = new EventTarget();
  for (let at = 0; at <= 2000; at += 50) speed.scrolled(page, at * 0.6, at);
  expect(speed.now).toBeCloseTo(600);
  speed.scrolled(new EventTarget(), 5000, 2050);
  expect(speed.now).toBe(0);
  for (let at = 10_000; at <= 10_400; at += 50) speed.scrolled(page, 1000 - at * 0.1, at);
  expect(speed.now).toBeCloseTo(-100);
});
