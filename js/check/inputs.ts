// `<input type=file data-gamma-check>`: advice as files are chosen.
import { type Advice, type CheckOptions, check } from './advise.js';

/** Options of `checkInputs`: those of `check`, for inputs that do not say otherwise. */
export type InputOptions = CheckOptions;

/**
 * The event `gamma-check` on an input: an advice for each file chosen, in their order; undefined where the engine could
 * not be had.
 */
export type CheckEvent = CustomEvent<{ readonly file: File; readonly advice: Advice | undefined }[]>;

const SELECTOR = 'input[type="file"][data-gamma-check]';

/**
 * Advises about the files of every `<input type="file" data-gamma-check>` below `root`, those that come later included.
 * The value is the least score in per cent, `data-gamma-scene` the scene. The advice is text in the element that `data-
 * gamma-output` names by its id, else in an `<output>` behind the input, and an event `gamma-check`. With `data-gamma-
 * block` the form is not sent while a photo is not `ok`.
 *
 * @returns What ends it.
 */
export function checkInputs(root: Document | Element | ShadowRoot = document, options: InputOptions = {}): () => void {
  const checks = new WeakMap<HTMLInputElement, AbortController>();
  const outputs = new Set<Element>();
  const changed = ({ target }: Event) => {
    const input = target as HTMLInputElement;
    if (!input.matches?.(SELECTOR)) return;
    // The files chosen last count.
    checks.get(input)?.abort();
    const controller = new AbortController();
    checks.set(input, controller);
    void advise(input, options, controller.signal, outputs);
  };
  root.addEventListener('change', changed);
  return () => {
    root.removeEventListener('change', changed);
    for (const output of outputs) output.remove();
  };
}

async function advise(
  input: HTMLInputElement,
  options: InputOptions,
  signal: AbortSignal,
  outputs: Set<Element>,
): Promise<void> {
  const { gammaCheck, gammaScene, gammaBlock } = input.dataset;
  const files = [...(input.files ?? [])];
  const blocks = gammaBlock !== undefined;
  const output = outputOf(input, outputs);
  const say = (text: string) => {
    output.textContent = text;
  };
  say(files.length === 0 ? '' : 'Looking at the photo…');
  input.setCustomValidity(blocks && files.length > 0 ? 'The photo is being looked at.' : '');
  const asked = {
    ...options,
    ...(gammaCheck && { atLeast: Number(gammaCheck) }),
    ...(gammaScene !== undefined && { scene: gammaScene }),
    signal,
  };
  const detail: { file: File; advice: Advice | undefined }[] = [];
  for (const file of files) {
    // Without an engine there is no advice, and nothing to hold up.
    const advice = await check(file, asked).catch(() => undefined);
    if (signal.aborted) return;
    detail.push({ file, advice });
  }
  const many = files.length > 1;
  const lines = detail.flatMap(({ file, advice }) =>
    (advice?.reasons ?? []).map(({ text }) => (many ? `${file.name}: ${text}` : text)),
  );
  say(lines.join('\n'));
  const refused = detail.some(({ advice }) => advice && !advice.ok);
  input.setCustomValidity(blocks && refused ? lines.join('\n') : '');
  input.dispatchEvent(new CustomEvent('gamma-check', { detail, bubbles: true }));
}

/** Where the advice is shown: read out by screen readers when it changes. */
function outputOf(input: HTMLInputElement, outputs: Set<Element>): Element {
  const { gammaOutput } = input.dataset;
  const named = gammaOutput ? (input.getRootNode() as Document | ShadowRoot).getElementById(gammaOutput) : null;
  if (named) return named;
  const known = [...outputs].find((output) => output.previousElementSibling === input);
  if (known) return known;
  const output = input.ownerDocument.createElement('output');
  output.style.whiteSpace = 'pre-line';
  input.after(output);
  outputs.add(output);
  return output;
}
