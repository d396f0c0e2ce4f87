// Child processes. Each gets a process group of its own, so that stopping it stops the compilers that it started.
import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { ROOT } from './paths.mjs';
import { Failure } from './say.mjs';

const GROUPS = process.platform !== 'win32';
const running = new Set();

function stop(child, signal) {
  try {
    if (GROUPS) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** Ends all children that still run. */
export function stopChildren() {
  for (const child of running) stop(child, 'SIGTERM');
}

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.on(signal, () => {
    stopChildren();
    process.exit(status);
  });
}
process.on('exit', stopChildren);

function start(command, args, { env, cwd = ROOT, stdio, low = false }) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio, detached: GROUPS });
  if (child.pid !== undefined) {
    running.add(child);
    child.on('close', () => running.delete(child));
    if (low) {
      try {
        setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
      } catch {
        // Priorities are a courtesy.
      }
    }
  }
  return child;
}

/**
 * Runs a command and collects what it prints. Never throws: a command that is not there has code 127, one that ran past
 * `timeout` milliseconds has `timedOut`. With `proof`, the timeout ends once the output matches it.
 */
export function capture(command, args = [], { timeout, proof, ...options } = {}) {
  return new Promise((done) => {
    const child = start(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const result = { code: 127, stdout: '', stderr: '', timedOut: false };
    const timer =
      timeout &&
      setTimeout(() => {
        result.timedOut = true;
        stop(child, 'SIGKILL');
      }, timeout);
    for (const name of ['stdout', 'stderr']) {
      child[name].on('data', (chunk) => {
        result[name] += chunk;
        if (proof?.test(result[name])) clearTimeout(timer);
      });
    }
    child.on('error', (error) => {
      clearTimeout(timer);
      result.stderr += error.message;
      done(result);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      done({ ...result, code: code ?? 1 });
    });
  });
}

/**
 * Runs a command in sight of the person; throws a {@link Failure} if it fails. `quiet` shows its output only then. Returns
 * what it wrote to standard output when `tee` is set.
 */
export function run(command, args = [], { quiet = false, tee = false, ...options } = {}) {
  return new Promise((done, fail) => {
    const out = quiet || tee ? 'pipe' : 'inherit';
    const child = start(command, args, { ...options, stdio: ['ignore', out, quiet ? 'pipe' : 'inherit'] });
    let stdout = '';
    let all = '';
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
      all += chunk;
      if (!quiet) process.stdout.write(chunk);
    });
    child.stderr?.on('data', (chunk) => {
      all += chunk;
    });
    child.on('error', (error) => fail(new Failure(`${command} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) return done(stdout);
      if (quiet && all) process.stderr.write(all.endsWith('\n') ? all : `${all}\n`);
      const failure = new Failure(`${command} ${args.join(' ')}\nended with ${signal ?? `status ${code}`}`);
      failure.stdout = stdout;
      fail(failure);
    });
  });
}
