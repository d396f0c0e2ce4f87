import type { Assessment } from 'gamma-wasm';
import { faultText } from '../js/findings.ts';
import { drawCrops, spreadOf } from './crops.ts';
import { byId, find } from './dom.ts';
import { count, deviceLabel, durationText, percentText, sentence } from './format.ts';
import { drawLevels } from './levels.ts';
import type { PhotoEntry } from './state.ts';
import { thumbnailOf } from './thumbnail.ts';

const STATES: Record<PhotoEntry['status'], string> = {
  waiting: 'Waiting',
  scoring: 'Scoring',
  done: '',
  failed: '',
  stopped: 'Not scored',
};

/** How long a card waits for its photo to be scored, in milliseconds. */
const PATIENCE = 1500;

/** One photo's card. */
export class Card {
  readonly element: HTMLLIElement;
  private thumbnailUrl: string | undefined;
  private closed = false;
  private shown: Assessment | undefined;
  private drawn: Assessment | undefined;

  constructor(
    readonly photo: PhotoEntry,
    remove: () => void,
  ) {
    const template = byId<HTMLTemplateElement>('card');
    this.element = find<HTMLLIElement>(template.content, '.card').cloneNode(true) as HTMLLIElement;
    this.element.dataset.id = String(photo.id);
    const name = this.part('.name');
    name.textContent = photo.name;
    name.title = photo.name;
    const button = this.part('.remove');
    button.setAttribute('aria-label', `Remove ${photo.name}`);
    button.addEventListener('click', remove);
    this.part('.crops').setAttribute('aria-label', `Crops of ${photo.name}`);
    this.part('.photo-progress').setAttribute('aria-label', `Crops scored of ${photo.name}`);
  }

  /**
   * Shows the thumbnail; called when the card comes near the screen. While photos are `scored`, the score of this one may give it soon; one
   * whose turn comes later is decoded for the thumbnail alone.
   */
  async showThumbnail(scored: boolean): Promise<void> {
    const { picture, file } = this.photo;
    let thumbnail = (await picture.within(scored ? PATIENCE : 0)) ?? (await thumbnailOf(file));
    const missing = this.part('.no-preview');
    if (!thumbnail) {
      missing.hidden = false;
      // What the browser cannot show, the engine may decode later.
      thumbnail = await picture.given;
    }
    if (this.closed || !thumbnail) return;
    missing.hidden = true;
    this.thumbnailUrl = URL.createObjectURL(thumbnail.file);
    const image = this.part<HTMLImageElement>('img');
    image.src = this.thumbnailUrl;
    image.alt = this.photo.name;
    image.hidden = false;
    this.setRatio(thumbnail.width / thumbnail.height);
  }

  /** Shows what is known about the photo. */
  update(assessment: Assessment | undefined, showCrops: boolean): void {
    const { status, progress, error, estimate } = this.photo;
    this.element.dataset.status = status;
    this.element.toggleAttribute('data-known', assessment !== undefined);
    this.element.toggleAttribute('data-estimate', assessment !== undefined && estimate);
    // An estimate says itself that it is one.
    this.part('.state').textContent = assessment && status !== 'stopped' ? '' : STATES[status];
    this.part<HTMLProgressElement>('.photo-progress').value = progress;
    if (error) {
      this.part('.problem-text').textContent = sentence(error.message);
      this.part('.problem-code').textContent = error.code;
    }
    if (assessment && assessment !== this.shown) this.showAssessment(assessment);
    this.shown = assessment;
    const crops = this.part('.crops');
    crops.hidden = !(showCrops && assessment);
    if (assessment && showCrops) this.showCrops(assessment);
    if (crops.hidden) this.part('.readout').textContent = '';
  }

  /** Releases what the card holds. */
  close(): void {
    this.closed = true;
    if (this.thumbnailUrl) URL.revokeObjectURL(this.thumbnailUrl);
    this.element.remove();
  }

  private showAssessment(assessment: Assessment): void {
    const { percent, score, uncertainty, levels, crops, device, ms, enlarged, preview, inexact, interval } = assessment;
    const { estimate } = this.photo;
    this.part('.percent').innerHTML = `${percentText(percent)}<small>%</small>`;
    this.part('.raw').textContent = estimate
      ? `estimate ${score.toFixed(2)} \u00b1 ${uncertainty.toFixed(2)}`
      : `model score ${score.toFixed(4)}`;
    drawLevels(this.part('.level-bar'), this.part('.legend'), levels);
    this.part('.spread').textContent =
      crops.length > 1 ? `\u00b1${percentText(spreadOf(crops))} over ${count(crops.length, 'crop')}` : '1 crop';
    const faults = this.part('.findings');
    const found = assessment.findings ?? [];
    faults.hidden = found.length === 0;
    faults.textContent = found.length > 0 ? `Why: ${found.map(faultText).join(', ')}` : '';
    faults.title = 'Of ten faults that are named, nine are there. What is not named may be there all the same.';
    const opinion = this.part('.interval');
    opinion.hidden = !interval;
    const [low, high] = interval?.percent ?? [0, 0];
    opinion.textContent = interval ? `People: ${Math.round(low)} to ${Math.round(high)}%` : '';
    opinion.title = 'Of ten photos like this one, nine are judged by people to lie in this range.';
    this.part('.cost').textContent = `${deviceLabel(device)}, ${durationText(ms)}`;
    const note = this.part('.enlarged');
    note.hidden = !enlarged;
    note.textContent = enlarged ? `Enlarged to ${assessment.width}\u00d7${assessment.height}` : '';
    note.title = 'The photo has fewer pixels than the model looks at.';
    const raw = this.part('.raw-preview');
    raw.hidden = !preview;
    raw.textContent = preview ? `RAW file, its preview of ${preview.width}\u00d7${preview.height}` : '';
    const noise = this.part('.inexact');
    noise.hidden = !inexact;
    noise.title = 'This browser changes pixels that pages read, against fingerprinting, so the score says little.';
    if (!this.thumbnailUrl) this.setRatio(assessment.width / assessment.height);
  }

  /** Draws the crops when they are first shown: hundreds of photos have thousands of them. */
  private showCrops(assessment: Assessment): void {
    if (this.drawn === assessment) return;
    this.drawn = assessment;
    drawCrops(this.part('.crops'), this.part('.readout'), assessment);
  }

  private setRatio(ratio: number): void {
    this.part('.frame').style.setProperty('--ratio', String(ratio));
  }

  private part<T extends HTMLElement = HTMLElement>(selector: string): T {
    return find<T>(this.element, selector);
  }
}
