// A lock that can be held over several steps, watched while it is waited for, and given back.
import { showLife, watchLife } from './life.js';
import type { Locks } from './opfs.js';

/** A lock, asked for or held. */
export interface Lock {
  readonly mode: 'shared' | 'exclusive';
  readonly held: boolean;
  /** Settles when it is held. Rejects if it never will be. */
  readonly granted: Promise<void>;
  /** Signs of life that were heard of whoever holds it, while it is asked for. */
  readonly signs: number;
  /** Gives it back, or stops asking. */
  release(): void;
}

/** Asks for a lock. */
export function askFor(locks: Locks, name: string, mode: 'shared' | 'exclusive'): Lock {
  const asking = new AbortController();
  let held = false;
  let signs = 0;
  let done: () => void = () => {};
  let quiet = watchLife(name, () => {
    signs += 1;
  });
  const released = new Promise<void>((resolve) => {
    done = resolve;
  });
  const granted = new Promise<void>((resolve, reject) => {
    const hold = () => {
      if (!asking.signal.aborted) {
        held = true;
        quiet();
        quiet = showLife(name);
      }
      resolve();
      return released;
    };
    locks.request(name, { mode, signal: asking.signal }, hold).catch(reject);
  });
  granted.catch(() => {});
  return {
    mode,
    get held() {
      return held;
    },
    granted,
    get signs() {
      return signs;
    },
    release: () => {
      held = false;
      quiet();
      asking.abort();
      done();
    },
  };
}
