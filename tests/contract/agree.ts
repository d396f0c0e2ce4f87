// How a hand-written interface is compared with declarations that wasm-bindgen generated: assignable, and the same where `any` would
// hide a difference. Nothing here runs.

type IsAny<T> = 0 extends 1 & T ? true : false;
/** What a function gives: a promise, or its result at once. `any` is an object at once. */
type Way<T> = IsAny<T> extends true ? 'at once' : T extends Promise<unknown> ? 'promise' : 'at once';
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
/** The way of a function, and nothing of all else. */
type WayOf<F> = IsAny<F> extends true ? never : F extends (...args: infer _) => infer R ? Way<R> : never;
type CountOf<F> =
  IsAny<F> extends true ? never : F extends (...args: infer A) => unknown ? A['length' & keyof A] : never;

/** Names of functions that are missing, or that give a promise on one side only. */
export type WayDifferences<Ours, Theirs> = {
  [K in keyof Ours]: K extends keyof Theirs ? (Same<WayOf<Ours[K]>, WayOf<Theirs[K]>> extends true ? never : K) : K;
}[keyof Ours];

/** And of those that take another number of arguments. */
export type Differences<Ours, Theirs> =
  | WayDifferences<Ours, Theirs>
  | {
      [K in keyof Ours & keyof Theirs]: Same<CountOf<Ours[K]>, CountOf<Theirs[K]>> extends true ? never : K;
    }[keyof Ours & keyof Theirs];

/** Takes nothing: fails to compile where the two differ, and names the functions that do. */
export type NoDifference<Name extends never> = Name;

interface Push {
  push(chunk: Uint8Array): Promise<number>;
}
interface Begin {
  begin(name: string, bytes?: number): void;
}
/** As wasm-bindgen declares what it has no type for. */
interface Generated {
  // biome-ignore lint/suspicious/noExplicitAny: that is what it writes
  push(chunk: Uint8Array): any;
}
// The comparison itself sees what it has to see.
// @ts-expect-error: a promise here, an object there
export type SeesPromise = NoDifference<Differences<Push, Generated>>;
// @ts-expect-error: a function that is not there
export type SeesMissing = NoDifference<Differences<Push, { pull(): Promise<number> }>>;
// @ts-expect-error: an argument that is not taken
export type SeesArgument = NoDifference<Differences<Begin, { begin(name: string): void }>>;
export type SeesNothing = NoDifference<Differences<Begin, { begin(name: string, bytes?: number): void }>>;
