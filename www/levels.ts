import type { Levels } from 'gamma-wasm';
import { find } from './dom.ts';
import { LEVELS } from './format.ts';

/** Draws the shares of the five levels as one stacked bar with a legend under it. `bar` and `legend` are filled once. */
export function drawLevels(bar: HTMLElement, legend: HTMLElement, levels: Levels): void {
  if (bar.childElementCount === 0) {
    for (const level of LEVELS) {
      const part = document.createElement('span');
      part.dataset.level = level;
      bar.append(part);
      const item = document.createElement('li');
      item.dataset.level = level;
      item.innerHTML = `<span class="level-name">${level}</span> <span class="level-share"></span>`;
      legend.append(item);
    }
  }
  for (const level of LEVELS) {
    const share = levels[level];
    const part = find(bar, `[data-level="${level}"]`);
    part.style.flexGrow = String(share);
    // Less than half a percent reads as nothing, and a sliver at the rounded end would only look like a flaw.
    part.hidden = share < 0.005;
    find(legend, `[data-level="${level}"] .level-share`).textContent = `${Math.round(share * 100)}%`;
  }
}
