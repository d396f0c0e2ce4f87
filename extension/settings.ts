// What the settings page sets, and what follows from it.
import type { Rule } from '../js/filter/rule.js';

/** What is done to an image that meets a rule. */
export type Treatment = 'blur' | 'hide' | 'badge';

export interface Settings {
  /** Images below this score, in per cent from 1 to 100, are treated; 0: none. */
  readonly below: number;
  /** What is done to them. */
  readonly action: Treatment;
  /** What is done to images that declare themselves made by AI; `off`: nothing. */
  readonly declared: Treatment | 'off';
  /** Of those only the ones below this score, in per cent; 0: all of them. */
  readonly declaredBelow: number;
  /** Whether sites that are not in `exceptions` are filtered. */
  readonly everywhere: boolean;
  /** Host names for which the reverse of `everywhere` holds, their subdomains included. */
  readonly exceptions: readonly string[];
  /** Whether images are invisible until they are judged, for four seconds at most. */
  readonly wait: boolean;
  /** Seconds without a question after which the model and its memory go: from 5 to 3600. */
  readonly idle: number;
}

export const DEFAULTS: Settings = {
  below: 40,
  action: 'blur',
  declared: 'badge',
  declaredBelow: 0,
  everywhere: true,
  exceptions: [],
  wait: false,
  idle: 60,
};

const TREATMENTS = ['blur', 'hide', 'badge'] as const;

/** Settings of whatever was stored: what is missing or wrong is the default. */
export function settingsOf(stored: unknown): Settings {
  const given = (typeof stored === 'object' && stored !== null ? stored : {}) as Record<string, unknown>;
  const number = (name: 'below' | 'declaredBelow' | 'idle', least: number, most: number) => {
    const value = given[name];
    return typeof value === 'number' && value >= least && value <= most ? Math.round(value) : DEFAULTS[name];
  };
  const flag = (name: 'everywhere' | 'wait') => (typeof given[name] === 'boolean' ? given[name] : DEFAULTS[name]);
  const { exceptions } = given;
  return {
    below: number('below', 0, 100),
    action: TREATMENTS.find((one) => one === given.action) ?? DEFAULTS.action,
    declared: [...TREATMENTS, 'off' as const].find((one) => one === given.declared) ?? DEFAULTS.declared,
    declaredBelow: number('declaredBelow', 0, 100),
    everywhere: flag('everywhere'),
    exceptions: Array.isArray(exceptions) ? exceptions.filter((host) => typeof host === 'string') : [],
    wait: flag('wait'),
    idle: number('idle', 5, 3600),
  };
}

/** The rules of a filter that these settings stand for; the first that an image meets decides. */
export function rulesOf({ below, action, declared, declaredBelow }: Settings): Rule[] {
  const rules: Rule[] = [];
  if (declared !== 'off') {
    rules.push({ declared: 'ai', action: declared, ...(declaredBelow > 0 && { below: declaredBelow }) });
  }
  if (below > 0) rules.push({ below, action });
  return rules;
}

/** Whether images of a site are filtered. */
export function isOn({ everywhere, exceptions }: Settings, host: string): boolean {
  const isExcepted = exceptions.some((name) => host === name || host.endsWith(`.${name}`));
  return everywhere !== isExcepted;
}

/** Host names of a text: separated by spaces, commas or lines; of addresses, the host. */
export function hostsOf(text: string): string[] {
  const host = (word: string) => {
    try {
      return new URL(word.includes('://') ? word : `https://${word}`).hostname.replace(/^www\./, '');
    } catch {
      return '';
    }
  };
  const found = text.split(/[\s,]+/).filter((word) => word !== '');
  return [...new Set(found.map(host).filter((name) => name !== ''))].sort();
}
