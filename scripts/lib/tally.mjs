// The closing line of a script that tries things: `N passed, N failed`.
import { say } from './say.mjs';

/** Counts what holds and what does not. */
export class Tally {
  passed = 0;
  failed = 0;

  note(holds) {
    if (holds) this.passed += 1;
    else this.failed += 1;
  }

  /** Does it, prints the closing line and sets the exit status. What it throws counts as failed, and is thrown on. */
  async close(action) {
    try {
      await action();
    } catch (error) {
      this.failed += 1;
      throw error;
    } finally {
      say(`\n${this.passed} passed, ${this.failed} failed`);
      if (this.failed > 0) process.exitCode = 1;
    }
  }
}
