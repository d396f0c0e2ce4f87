// What the tests that run in every browser ask of one. It is little, so that each browser can be driven in its own way: a
// person's clicks and keys are events that the test makes in the page.
import type { BrowserName } from '../../../scripts/lib/browsers.mjs';

/** A function that runs in the page. It sees the page's globals and its argument, which travels as JSON. */
export interface Evaluate {
  <Result>(fn: () => Result | Promise<Result>): Promise<Result>;
  <Argument, Result>(fn: (argument: Argument) => Result | Promise<Result>, argument: Argument): Promise<Result>;
}

/** A page in whichever browser. */
export interface Tab {
  /** Errors that the page threw, and what it logged as an error, so far. */
  readonly errors: string[];
  goto(url: string): Promise<void>;
  /** Runs a function in the page and returns what it gives, as JSON. */
  evaluate: Evaluate;
  close(): Promise<void>;
}

/** A running browser. */
export interface Driver {
  readonly name: BrowserName;
  readonly version: string;
  /** A new page at `url`. All pages share one profile, in which a site may keep files. */
  open(url: string): Promise<Tab>;
  close(): Promise<void>;
}
