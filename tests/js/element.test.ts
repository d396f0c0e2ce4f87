import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ATTRIBUTES } from '../../js/element/element.js';
import { define, GammaScore } from '../../js/element/index.js';
import { PARTS } from '../../js/element/view.js';

interface Named {
  name: string;
}

test('on a server the element can be imported and defined, and nothing happens', () => {
  expect(() => define()).not.toThrow();
});

test('custom-elements.json says what the element has', () => {
  const url = new URL('../../js/element/custom-elements.json', import.meta.url);
  const { modules } = JSON.parse(readFileSync(url, 'utf8'));
  const [{ declarations, path }] = modules;
  const [{ attributes, cssParts, cssProperties, members, tagName }] = declarations;
  const names = (all: Named[]) => all.map(({ name }) => name);
  expect([tagName, path]).toEqual(['gamma-score', 'element/index.js']);
  expect(names(attributes)).toEqual([...ATTRIBUTES]);
  expect(names(cssParts)).toEqual([...PARTS]);
  const properties = Object.getOwnPropertyDescriptors(GammaScore.prototype);
  const readable = Object.keys(properties).filter((name) => properties[name as 'state']?.get);
  expect(
    names(members)
      .filter((name) => name !== 'gamma')
      .sort(),
  ).toEqual(readable.sort());
  const view = readFileSync(new URL('../../js/element/view.ts', import.meta.url), 'utf8');
  expect(names(cssProperties).sort()).toEqual([...new Set(view.match(/--gamma-score-\w+/g))].sort());
});
