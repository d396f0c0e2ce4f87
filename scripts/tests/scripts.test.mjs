// What the scripts promise. Run by `npm test` with Node's own test runner.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { whyMissing } from '../lib/browsers.mjs';
import { countCargo, countNode, countPython, countVitest, settle } from '../lib/count.mjs';
import { launched } from '../lib/launch.mjs';
import { locked } from '../lib/lock.mjs';
import { atLeast, inRoot, lockedVersion } from '../lib/paths.mjs';
import { capture, run } from '../lib/run.mjs';
import { duration } from '../lib/say.mjs';

const folder = mkdtempSync(join(tmpdir(), 'gamma-scripts-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a browser that dies while it starts is started once more, one that cannot start is not', async () => {
  const starts = (...results) => {
    let count = 0;
    const start = async () => {
      const result = results[count++];
      if (result instanceof Error) throw result;
      return result;
    };
    return { start, count: () => count };
  };
  const died = new Error('browserType.launch: Target page, context or browser has been closed');
  const busy = starts(died, 'running');
  assert.equal(await launched(busy.start), 'running');
  assert.equal(busy.count(), 2);
  const broken = starts(died, died, 'running');
  await assert.rejects(launched(broken.start), died);
  const missing = starts(new Error('no such file'), 'running');
  await assert.rejects(launched(missing.start), /no such file/);
  assert.equal(missing.count(), 1);
});

test('a browser that is too old for the tests is missing, with both versions in the reason', {
  skip: process.platform === 'win32',
}, () => {
  const before = process.env.FIREFOX;
  const says = (name, version) => {
    process.env.FIREFOX = join(folder, name);
    writeFileSync(process.env.FIREFOX, `#!/bin/sh\necho Mozilla Firefox ${version}\n`, { mode: 0o755 });
    return whyMissing('firefox');
  };
  try {
    assert.match(says('old', '140.10.2esr'), /^Firefox 140 is too old, 143 is needed/);
    assert.equal(says('new', '153.8.0esr'), undefined);
  } finally {
    if (before === undefined) delete process.env.FIREFOX;
    else process.env.FIREFOX = before;
  }
});

/** The scripts that read options: those of three folders, and those that run tests. */
const COMMANDS = ['bench', 'bench/scale', 'scripts']
  .flatMap((folder) => readdirSync(inRoot(folder)).map((name) => `${folder}/${name}`))
  .concat(readdirSync(inRoot('tests')).map((folder) => `tests/${folder}/run.mjs`))
  .filter((path) => path.endsWith('.mjs') && existsSync(inRoot(path)))
  .filter((path) => readFileSync(inRoot(path), 'utf8').includes('optionsOf('));

test('a command says which options it knows, in words, without a stack', () => {
  const says = (script, ...args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [inRoot(script), ...args], { encoding: 'utf8' });
    return { status, text: stdout + stderr };
  };
  const help = says('scripts/test.mjs', '--help');
  assert.deepEqual([help.status, /--only GROUPS.* lint, rust/.test(help.text)], [0, true], help.text);
  assert.ok(COMMANDS.includes('scripts/start.mjs') && COMMANDS.includes('tests/listen/run.mjs'), COMMANDS.join());
  for (const script of COMMANDS) {
    const unknown = says(script, '--onyl');
    assert.equal(unknown.status, 1, script);
    assert.match(unknown.text, /^\nUnknown option '--onyl'.*\n\n.*(npm|node) /s, script);
    assert.doesNotMatch(unknown.text, /^ {4}at /m, script);
  }
});

describe('counting tests', () => {
  const line = (passed, failed, ignored) =>
    `test result: ok. ${passed} passed; ${failed} failed; ${ignored} ignored; 0 measured; 0 filtered out; finished in 0.01s\n`;

  test('adds up what every Rust test program says', () => {
    assert.deepEqual(countCargo(`running 3 tests\n${line(2, 1, 0)}\n${line(5, 0, 4)}`), {
      passed: 7,
      failed: 1,
      skipped: 4,
    });
  });

  test('is not taken in by a test that prints such a line inside another one', () => {
    assert.equal(countCargo(`output: ${line(9, 0, 0)}`).passed, 0);
  });

  test('counts a Vitest file that could not be loaded as a failed test', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'passed', assertionResults: [{}] },
    ];
    const report = { numPassedTests: 1, numFailedTests: 0, numPendingTests: 2, testResults };
    assert.deepEqual(countVitest(JSON.stringify(report)), { passed: 1, failed: 1, skipped: 2 });
  });

  test('reads the closing lines of Node', () => {
    assert.deepEqual(countNode('# tests 9\n# pass 6\n# fail 2\n# cancelled 1\n# skipped 0\n# todo 0\n'), {
      passed: 6,
      failed: 3,
      skipped: 0,
    });
  });

  test('reads the closing lines of Python', () => {
    const output = '.....\nRan 9 tests in 1.234s\n\nFAILED (failures=1, errors=2, skipped=3)\n';
    assert.deepEqual(countPython(output), { passed: 3, failed: 3, skipped: 3 });
    assert.deepEqual(countPython('Ran 1 test in 0.1s\n\nOK\n'), { passed: 1, failed: 0, skipped: 0 });
  });

  test('a runner that fails without a count, or ran nothing, has failed', () => {
    assert.equal(settle({ passed: 3, failed: 0, skipped: 0 }, false).failed, 1);
    assert.equal(settle({ passed: 0, failed: 0, skipped: 0 }, true).failed, 1);
    assert.equal(settle({ passed: 3, failed: 2, skipped: 0 }, false).failed, 2);
    assert.equal(settle({ passed: 3, failed: 0, skipped: 1 }, true).failed, 0);
  });
});

describe('versions', () => {
  test('compare by number, not by letter', () => {
    assert.ok(atLeast('1.100.0', '1.95'));
    assert.ok(atLeast('2.0.0', '1.95'));
    assert.ok(atLeast('1.95.0', '1.95.0'));
    assert.ok(!atLeast('1.94.9', '1.95'));
  });

  test('of a crate come from its own entry in a lock file', () => {
    const lock = '[[package]]\nname = "a-b"\nversion = "2.0.0"\n\n[[package]]\nname = "a"\nversion = "1.2.3"\n';
    assert.equal(lockedVersion(lock, 'a'), '1.2.3');
    assert.equal(lockedVersion(lock, 'c'), undefined);
  });
});

describe('commands', () => {
  const node = (code) => [process.execPath, ['-e', code]];

  test('that fail throw, with what they had written', async () => {
    const command = node('console.log("so far"); process.exitCode = 3');
    const failure = await run(...command, { tee: true }).catch((error) => error);
    assert.match(failure.message, /status 3/);
    assert.match(failure.stdout, /so far/);
  });

  test('that are not there are told apart from those that fail', async () => {
    assert.equal((await capture('gamma-no-such-command')).code, 127);
    assert.equal((await capture(...node('process.exit(4)'))).code, 4);
  });

  test('that hang are ended, with what they started', async () => {
    const mark = join(folder, 'survivor');
    const child = `setTimeout(() => require('fs').writeFileSync(${JSON.stringify(mark)}, ''), 1500)`;
    const parent = `require('child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(child)}])`;
    const { timedOut } = await capture(...node(parent), { timeout: 600 });
    assert.ok(timedOut);
    await sleep(1800);
    assert.ok(process.platform === 'win32' || !existsSync(mark));
  });

  test('that show progress may go on past the time-out', async () => {
    // A busy machine takes a second or two to start a process.
    const command = node('console.log("downloading"); setTimeout(() => console.log("done"), 5500)');
    const { code, timedOut, stdout } = await capture(...command, { timeout: 5000, proof: /downloading/ });
    assert.deepEqual([code, timedOut, /done/.test(stdout)], [0, false, true]);
  });
});

describe('the lock between builds', () => {
  test('lets one in at a time, and is gone afterwards', async () => {
    const path = join(folder, 'a.lock');
    let inside = 0;
    const enter = async () => {
      inside += 1;
      assert.equal(inside, 1);
      await sleep(20);
      inside -= 1;
    };
    await Promise.all([locked(path, enter), locked(path, enter), locked(path, enter)]);
    assert.ok(!existsSync(path));
  });

  test('is freed when the action fails', async () => {
    const path = join(folder, 'b.lock');
    await assert.rejects(
      locked(path, () => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.ok(!existsSync(path));
  });

  test('of a process that is gone does not hold up anyone', async () => {
    const path = join(folder, 'c.lock');
    const { stdout } = await capture(process.execPath, ['-e', 'console.log(process.pid)']);
    writeFileSync(path, stdout);
    assert.equal(await locked(path, () => 'in'), 'in');
  });
});

test('durations read well', () => {
  assert.deepEqual([400, 12_300, 99_700, 185_000].map(duration), ['0.4 s', '12 s', '1 min 40 s', '3 min 05 s']);
});

test('the modules are made with every stand-in: what comes from a registry has a `source` in the lock file', () => {
  const packages = readFileSync(inRoot('modules/Cargo.lock'), 'utf8').split('[[package]]');
  for (const name of readdirSync(inRoot('stand-ins'))) {
    const found = packages.filter((each) => each.includes(`\nname = "${name}"\n`));
    assert.equal(found.length, 1, name);
    assert.doesNotMatch(found[0], /^source = /m, name);
  }
  // Cargo says so here of a patch whose version nobody asks for.
  assert.doesNotMatch(packages.join(''), /\[\[patch\.unused\]\]/);
});
