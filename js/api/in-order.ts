// Work at several items of a source at a time, with the outcomes in order.

/** How far ahead of the caller the work goes. */
export interface Window {
  /** Items that are worked at. */
  readonly active: number;
  /** Items that were taken from the source and not yet handed on. */
  readonly taken: number;
}

/**
 * Takes items from `source`, begins to work at each as it is taken, and yields what comes of them in their order. What the source throws is
 * thrown after that. When the caller leaves, the source is closed.
 *
 * @param race Rejects as soon as the whole is to end.
 */
export async function* inOrder<T, R>(
  source: AsyncIterator<T> | Iterator<T>,
  { active, taken }: Window,
  begin: (item: T, index: number) => Promise<R>,
  race: <V>(work: Promise<V>) => Promise<V>,
): AsyncGenerator<R, void, void> {
  const outcomes: Promise<R>[] = [];
  let working = 0;
  let index = 0;
  let left = false;
  let ended = false;
  let failure: { error: unknown } | undefined;
  let pulling: Promise<void> | undefined;

  const pull = async () => {
    try {
      const step = await source.next();
      if (step.done) {
        ended = true;
      } else if (!left) {
        working += 1;
        const outcome = begin(step.value, index);
        index += 1;
        outcomes.push(outcome);
        outcome
          .catch(() => {})
          .finally(() => {
            working -= 1;
            fill();
          });
      }
    } catch (error) {
      // An iterator that throws has ended, too.
      ended = true;
      failure = { error };
    }
    pulling = undefined;
    fill();
  };
  const fill = () => {
    if (!pulling && !ended && !left && working < active && outcomes.length < taken) pulling = pull();
  };

  try {
    for (;;) {
      fill();
      // A pull that ends begins the next one, so this also waits while the source gives nothing.
      while (outcomes.length === 0 && pulling) await race(pulling);
      const [first] = outcomes;
      if (!first) {
        if (failure) throw failure.error;
        return;
      }
      yield await race(first);
      outcomes.shift();
    }
  } finally {
    left = true;
    // Not awaited: a source that is waiting for its next item would keep the caller waiting, too.
    Promise.resolve(pulling)
      .then(async () => {
        if (!ended) await source.return?.();
      })
      .catch(() => {});
  }
}
