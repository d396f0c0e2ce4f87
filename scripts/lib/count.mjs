// How many tests a test runner says it has run.

/** Adds up the `test result:` lines of `cargo test`. */
export function countCargo(output) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const [, passed, failed, ignored] of output.matchAll(
    /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/gm,
  )) {
    total.passed += Number(passed);
    total.failed += Number(failed);
    total.skipped += Number(ignored);
  }
  return total;
}

/** Reads the JSON report of Vitest. A file that could not be loaded counts as one failed test. */
export function countVitest(json) {
  const report = JSON.parse(json);
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
  };
}

/** Reads the closing lines of Node's test runner (its `tap` reporter). */
export function countNode(output) {
  const count = (name) => Number(output.match(new RegExp(`^# ${name} (\\d+)$`, 'm'))?.[1] ?? 0);
  return { passed: count('pass'), failed: count('fail') + count('cancelled'), skipped: count('skipped') };
}

/** Reads the line `N passed, N failed`. */
export function countPlain(output) {
  const [, passed = 0, failed = 0] = output.match(/^(\d+) passed, (\d+) failed$/m) ?? [];
  return { passed: Number(passed), failed: Number(failed), skipped: 0 };
}

/** Reads the closing lines of Python's unittest. */
export function countPython(output) {
  const count = (name) => Number(output.match(new RegExp(`\\b${name}=(\\d+)`))?.[1] ?? 0);
  const [failed, skipped] = [count('failures') + count('errors'), count('skipped')];
  const all = Number(output.match(/^Ran (\d+) tests? in /m)?.[1] ?? 0);
  return { passed: all - failed - skipped, failed, skipped };
}

/** A step that failed has at least one failed test, also if its runner ended before it could count; so has one without tests. */
export function settle({ passed, failed, skipped }, ok) {
  const unexplained = failed === 0 && (!ok || passed === 0);
  return { passed, failed: failed + (unexplained ? 1 : 0), skipped };
}
