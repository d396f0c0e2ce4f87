// The script in every frame of a page: filters while its site is on, and does what the context menu says.
import { Badges } from '../../js/filter/badges.js';
import { PageFilter } from '../../js/filter/filter.js';
import type { PictureEvent } from '../../js/filter/types.js';
import { type Answer, meant, type ToBackground, type ToContent } from '../messages.js';
import { isOn, rulesOf, type Settings } from '../settings.js';
import { loadSettings, watchSettings } from '../stored.js';
import { webext } from '../webext.js';
import { assess } from './ask.js';
import { clickedOn, watchClicks } from './clicked.js';

/** Milliseconds that a picture may be invisible before it is judged. */
const VEIL = 4000;

let page: PageFilter | undefined;
/** The elements whose pictures are blurred, hidden or marked. */
const acted = new Set<Element>();
let counted: number | undefined;
/** Scores that the person asked for. */
const scores = new Badges();

/** The host whose settings count: that of the outermost frame, where the browser tells it. */
function site(): string {
  const above = (location as { ancestorOrigins?: ArrayLike<string> }).ancestorOrigins;
  const outermost = above?.[above.length - 1];
  return outermost === undefined || outermost === 'null' ? location.hostname : new URL(outermost).hostname;
}

function count(): void {
  for (const element of acted) if (!element.isConnected) acted.delete(element);
  if (acted.size === counted) return;
  counted = acted.size;
  const message: ToBackground = { to: 'background', kind: 'count', count: acted.size };
  webext.runtime.sendMessage(message).catch(() => {});
}

function onVerdict({ element, action }: PictureEvent): void {
  if (action === 'none') acted.delete(element);
  else acted.add(element);
  count();
}

/** Filters by these settings from now on. What was judged is known to the engine, so that a change is quick. */
function use(settings: Settings): void {
  page?.dispose();
  page = undefined;
  acted.clear();
  const rules = rulesOf(settings);
  if (rules.length > 0 && isOn(settings, site())) {
    const fixed = { smallest: 64, backgrounds: false, frames: false, ahead: 1.5, perSecond: 60, scrolling: 30 };
    const veil = settings.wait ? VEIL : undefined;
    page = new PageFilter(document, { ...fixed, rules, action: 'blur', veil, onVerdict }, assess, () => {});
  }
  count();
}

function textOf(answer: Answer): string {
  if ('error' in answer) return `no score: ${answer.error.message}`;
  const { assessment } = answer.found;
  // No scene was asked for, so there is one assessment.
  const { percent, provenance } = assessment as { percent: number; provenance?: { source: string } };
  const declared: Record<string, string> = {
    ai: ', declared AI',
    composite: ', declared AI edit',
    capture: ', declared photo',
  };
  return `${Math.round(percent)} of 100${declared[provenance?.source ?? ''] ?? ''}`;
}

/** Does what the context menu says. */
function obey(told: ToContent): void {
  const element = clickedOn(acted);
  if (!element) return;
  if (told.kind === 'reveal') {
    page?.reveal(element);
    acted.delete(element);
    count();
  } else {
    scores.show(element, told.kind === 'score' ? textOf(told.answer) : '…');
  }
}

watchClicks();
for (const type of ['scroll', 'load']) addEventListener(type, () => scores.move(), { capture: true, passive: true });
webext.runtime.onMessage.addListener((message) => {
  const told = meant<ToContent>(message, 'content');
  if (told) obey(told);
  return false;
});
watchSettings(use);
loadSettings().then(use);
