// Counts for each browser: tests that passed, failed and were skipped, and the reasons.
import { readFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import type { BrowserName } from '../../scripts/lib/browsers.mjs';
import { repository } from './repository.ts';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** Tests by the reason for which they were skipped. */
  reasons: Map<string, string[]>;
  version: string;
}

/** What README.md calls the browsers, and how much of a version it gives. */
const NAMES = {
  chromium: ['Chromium', /^\d+/],
  firefox: ['Firefox', /^\d+/],
  webkit: ['WebKitGTK', /^\d+\.\d+/],
} as const;

/** All test cases below a module. */
const cases = (modules: readonly TestModule[]): TestCase[] =>
  modules.flatMap((module) => [...module.children.allTests()]);

/** Adds up the tests of {@link inEveryBrowser} by browser. */
export function countByBrowser(tests: readonly TestCase[]): Map<BrowserName, Counts> {
  const found = new Map<BrowserName, Counts>();
  for (const test of tests) {
    const { browser } = test.meta();
    if (browser === undefined) continue;
    const counts = found.get(browser.name) ?? { passed: 0, failed: 0, skipped: 0, reasons: new Map(), version: '' };
    found.set(browser.name, counts);
    counts.version ||= browser.version;
    const result = test.result();
    if (result.state === 'pending') continue;
    counts[result.state] += 1;
    if (result.state === 'skipped') {
      const reason = result.note ?? 'no reason given';
      counts.reasons.set(reason, [...(counts.reasons.get(reason) ?? []), test.name]);
    }
  }
  return found;
}

export default class BrowserReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const found = countByBrowser(cases(modules));
    if (found.size === 0) return;
    const readme = readFileSync(repository('README.md'), 'utf8');
    console.log('\nTests that run in every browser:');
    for (const [name, { passed, failed, skipped, reasons, version }] of found) {
      console.log(`  ${name} ${version}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
      const [title, significant] = NAMES[name];
      const known = `${title} ${significant.exec(version)?.[0]}`;
      if (version && !readme.includes(known))
        console.log(`    README.md does not name ${known}: bring its table up to date.`);
      for (const [reason, tests] of reasons) {
        const names = tests.map((test) => test.split(':')[0]).join('; ');
        console.log(`    skipped, since ${reason} (${names})`);
      }
    }
  }
}
