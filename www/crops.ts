import type { Assessment, CropScore } from 'gamma-wasm';
import { faultText } from '../js/findings.ts';
import { percentText } from './format.ts';

/**
 * Draws the crops over a photo. Positions are shares of the upright photo, so they fit any size at which it is shown. Each
 * crop is a button that tells its score and its faults when it is pointed at or reached by keyboard.
 *
 * @param layer Lies exactly over the photo.
 * @param readout Where the score of the crop in hand is told.
 */
export function drawCrops(layer: HTMLElement, readout: HTMLElement, assessment: Assessment): void {
  const { width, height, crops, findings = [] } = assessment;
  const share = (value: number, of: number) => `${(100 * value) / of}%`;
  layer.replaceChildren(
    ...crops.map((crop, index) => {
      const faults = findings.filter((finding) => finding.crops.includes(index)).map(faultText);
      const text = [`Crop ${index + 1} of ${crops.length}: ${percentText(crop.percent)}%`, ...faults].join(', ');
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'crop';
      button.setAttribute('aria-label', text);
      button.style.left = share(crop.x, width);
      button.style.top = share(crop.y, height);
      button.style.width = share(crop.size, width);
      button.style.height = share(crop.size, height);
      button.style.setProperty('--tint', tint(crop.percent));
      const tell = () => {
        readout.textContent = text;
      };
      const end = () => {
        readout.textContent = '';
      };
      button.addEventListener('pointerenter', tell);
      button.addEventListener('focus', tell);
      button.addEventListener('pointerleave', end);
      button.addEventListener('blur', end);
      return button;
    }),
  );
}

/** How far the crops' percentages lie apart: their standard deviation. */
export function spreadOf(crops: readonly CropScore[]): number {
  const mean = crops.reduce((sum, { percent }) => sum + percent, 0) / crops.length;
  return Math.sqrt(crops.reduce((sum, { percent }) => sum + (percent - mean) ** 2, 0) / crops.length);
}

/** The colour of a score: the two nearest of the five level colours, mixed. */
export function tint(percent: number): string {
  const place = Math.min(4, Math.max(0, (percent / 100) * 4));
  const low = Math.min(3, Math.floor(place));
  const part = Math.round((place - low) * 100);
  return `color-mix(in oklab, var(--level-${low + 2}) ${part}%, var(--level-${low + 1}))`;
}
