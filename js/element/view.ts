// What a `<gamma-score>` shows in its shadow root.
import { remarks, strongest } from '../reasons.js';
import type { Assessment, Levels } from '../types.js';

/**
 * `idle`: there is no photo; `waiting`; `scored`; `failed`: the photo or the engine could not do it; `unreadable`: the
 * page may not read the photo, since it comes from another origin.
 */
export type ScoreState = 'idle' | 'waiting' | 'scored' | 'failed' | 'unreadable';

/** Parts that can be styled, `::part(…)`. */
export const PARTS = ['panel', 'message', 'number', 'level', 'levels', 'bar', 'reason', 'origin'] as const;

const ORIGINS = {
  ai: 'Declared: made by AI',
  composite: 'Declared: partly made by AI',
  capture: 'Declared: taken by a camera',
  unknown: 'No origin declared',
};

const MESSAGES: Record<Exclude<ScoreState, 'scored'>, string> = {
  idle: '',
  waiting: 'Scoring…',
  failed: 'No score',
  unreadable: 'Not readable from here',
};

const STYLE = `
:host { display: inline-block; font: 0.875rem/1.4 var(--gamma-score-font, system-ui, sans-serif); }
:host([hidden]) { display: none; }
::slotted(img) { display: block; max-width: 100%; }
[part~="panel"] {
  color: var(--gamma-score-color, inherit); background: var(--gamma-score-background, transparent);
  padding: var(--gamma-score-padding, 0.25em 0);
}
summary { cursor: pointer; }
[part="number"] { font-weight: 600; font-variant-numeric: tabular-nums; }
[part="levels"] { display: grid; grid-template-columns: auto 1fr auto; gap: 0.1em 0.6em; margin: 0.4em 0; padding: 0; }
[part="levels"] div { display: contents; }
dt, dd { margin: 0; }
[part="bar"] { align-self: center; height: 0.5em; width: 100%; }
[part="bar"]::before {
  content: ""; display: block; height: 100%; width: var(--share);
  background: var(--gamma-score-accent, currentcolor);
}
p { margin: 0.2em 0; }
`;

/** The shadow root of one element. */
export class View {
  readonly #panel: HTMLElement;
  readonly #page: Document;

  constructor(root: ShadowRoot) {
    this.#page = root.ownerDocument;
    // Made by script, so that a Content-Security-Policy does not refuse it.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.#panel = this.#make('div', { part: 'panel' });
    root.append(this.#make('slot', {}), this.#panel);
  }

  show(state: ScoreState, assessment: Assessment | undefined, message: string): void {
    this.#panel.setAttribute('part', `panel ${state}`);
    this.#panel.setAttribute('aria-busy', String(state === 'waiting'));
    if (state === 'scored' && assessment) this.#panel.replaceChildren(this.#result(assessment));
    else if (state === 'idle') this.#panel.replaceChildren();
    else if (state !== 'scored') {
      const text = this.#make('span', { part: 'message', role: 'status', title: message }, MESSAGES[state]);
      this.#panel.replaceChildren(text);
    }
  }

  #result(assessment: Assessment): HTMLElement {
    const { percent, levels, provenance } = assessment;
    const number = String(Math.round(percent));
    const level = strongest(levels);
    // Opened by keyboard as by mouse, and read out as one line.
    const summary = this.#make('summary', { 'aria-label': `Photo quality ${number} of 100, mostly ${level}` });
    summary.append(this.#make('span', { part: 'number' }, number), ' ', this.#make('span', { part: 'level' }, level));
    const reasons = remarks(assessment).filter(({ code }) => !code.startsWith('declared'));
    const text = reasons.map((reason) => reason.text).join(' ') || this.#shares(levels);
    const details = this.#make('details', {});
    details.append(
      summary,
      this.#levels(levels),
      this.#make('p', { part: 'reason' }, text),
      this.#make('p', { part: 'origin' }, ORIGINS[provenance.source]),
    );
    return details;
  }

  #shares(levels: Levels): string {
    const [first, second] = (Object.entries(levels) as [string, number][]).sort(([, a], [, b]) => b - a);
    const said = ([name, share]: [string, number] = ['', 0]) => `${Math.round(share * 100)}% ${name}`;
    return `The model sees ${said(first)} and ${said(second)}.`;
  }

  #levels(levels: Levels): HTMLElement {
    const list = this.#make('dl', { part: 'levels' });
    for (const [name, share] of Object.entries(levels)) {
      const row = this.#make('div', {});
      const bar = this.#make('dd', { part: 'bar', 'aria-hidden': 'true' });
      const percent = `${Math.round(share * 100)}%`;
      bar.style.setProperty('--share', percent);
      row.append(this.#make('dt', {}, name), bar, this.#make('dd', {}, percent));
      list.append(row);
    }
    return list;
  }

  #make(tag: string, attributes: Record<string, string>, text = ''): HTMLElement {
    const element = this.#page.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value) element.setAttribute(name, value);
    element.textContent = text;
    return element;
  }
}
