// A lock that can be held over several steps, watched while it is waited for, and given back.
import type { Locks } from './opfs.js';

/** A lock, asked for or held. */
export interface Lock {
  readonly mode: 'shared' | 'exclusive';
  readonly held: boolean;
  /** Settles when it is held. Rejects if it never will be. */
  readonly granted: Promise<void>;
  /** Gives it back, or stops asking. */
  release(): void;
}

/** Asks for a lock. */
export function askFor(locks: Locks, name: string, mode: 'shared' | 'exclusive'): Lock {
  const asking = new AbortController();
  let held = false;
  let done: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    done = resolve;
  });
  const granted = new Promise<void>((resolve, reject) => {
    const hold = () => {
      held = true;
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
    release: () => {
      held = false;
      asking.abort();
      done();
    },
  };
}
