// What the extension's settings mean.
import { expect, test } from 'vitest';
import { DEFAULTS, hostsOf, isOn, rulesOf, settingsOf } from '../../extension/settings.js';

test('what is stored and wrong is the default', () => {
  expect(settingsOf(undefined)).toEqual(DEFAULTS);
  const wrong = { below: 101, action: 'delete', declared: 'on', everywhere: 1, exceptions: 'a', wait: 'no', idle: 0 };
  expect(settingsOf(wrong)).toEqual(DEFAULTS);
  const right = { ...DEFAULTS, below: 12, action: 'hide', declared: 'off', exceptions: ['a.org'], idle: 5 };
  expect(settingsOf({ ...right, other: 1 })).toEqual(right);
});

test('rules: the declared origin is asked first', () => {
  expect(rulesOf(DEFAULTS)).toEqual([
    { declared: 'ai', action: 'badge' },
    { below: 40, action: 'blur' },
  ]);
  expect(rulesOf({ ...DEFAULTS, declared: 'hide', declaredBelow: 50, below: 0 })).toEqual([
    { declared: 'ai', action: 'hide', below: 50 },
  ]);
  expect(rulesOf({ ...DEFAULTS, declared: 'off', below: 0 })).toEqual([]);
});

test('sites', () => {
  const except = { ...DEFAULTS, exceptions: ['example.org'] };
  expect(['example.org', 'a.example.org', 'notexample.org'].map((host) => isOn(except, host))).toEqual([
    false,
    false,
    true,
  ]);
  const only = { ...except, everywhere: false };
  expect(['example.org', 'a.example.org', 'notexample.org'].map((host) => isOn(only, host))).toEqual([
    true,
    true,
    false,
  ]);
  expect(hostsOf('b.org, https://www.a.org/page\n  b.org http://[ c.org:8080')).toEqual(['a.org', 'b.org', 'c.org']);
});
