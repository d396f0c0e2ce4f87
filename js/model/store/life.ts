// Signs of life of whoever holds a lock: a lock is kept in some browsers when its page is long gone.

/** Milliseconds between two signs. */
const BEAT = 1000;

/** The part of a BroadcastChannel that is used; under Node it can be left out of what keeps the process alive. */
type Channel = Pick<BroadcastChannel, 'postMessage' | 'close' | 'onmessage'> & { unref?(): void };

function channel(name: string): Channel | undefined {
  try {
    const opened: Channel = new BroadcastChannel(name);
    opened.unref?.();
    return opened;
  } catch {
    // An environment without it, or one that refuses it.
    return undefined;
  }
}

/** Gives signs, until the function returned is called. */
export function showLife(name: string): () => void {
  const signs = channel(name);
  const beat = () => signs?.postMessage(null);
  beat();
  const timer = setInterval(beat, BEAT);
  return () => {
    clearInterval(timer);
    signs?.close();
  };
}

/** Counts the signs of others, until the function returned is called. */
export function watchLife(name: string, onSign: () => void): () => void {
  const signs = channel(name);
  if (signs) signs.onmessage = onSign;
  return () => signs?.close();
}
