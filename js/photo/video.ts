// The frame that a `<video>` was asked to show.
import { GammaError, throwIfAborted } from '../error.js';

/**
 * Waits for the frame that a video looks for, if it does: until then it shows the one before.
 *
 * @throws {GammaError} `photo-type` if it shows no frame, or was sent elsewhere meanwhile.
 */
export async function foundFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  const { currentTime, currentSrc } = video;
  await new Promise<void>((resolve) => {
    const events = ['seeked', 'emptied', 'error'];
    const end = () => {
      for (const type of events) video.removeEventListener(type, end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    for (const type of events) video.addEventListener(type, end);
    signal.addEventListener('abort', end);
  });
  throwIfAborted(signal);
  checkFrame(video);
  if (video.seeking || video.currentTime !== currentTime || video.currentSrc !== currentSrc) {
    throw new GammaError('photo-type', 'the video was sent to another place before it had found the one asked for');
  }
}

/**
 * Checks that a video has a frame, whatever its poster.
 *
 * @throws {GammaError} `photo-type`.
 */
export function checkFrame(video: HTMLVideoElement): void {
  if (video.readyState >= 2 && video.videoWidth > 0) return;
  throw new GammaError('photo-type', 'the video shows no frame yet; wait for its `loadeddata` event');
}
