import type { LoadProgress } from 'gamma-wasm';
import { byId } from './dom.ts';
import type { Engine } from './engine.ts';
import { deviceLabel, megabytes, timeLeftText } from './format.ts';
import type { DeviceChoice, EngineState, Store } from './state.ts';

/** Where each phase of loading lies on the bar, from 0 to 1, and what it is called. */
const PHASES: Record<LoadProgress['phase'], { from: number; to: number; text: string }> = {
  module: { from: 0, to: 0.25, text: 'Fetching the engine' },
  device: { from: 0.25, to: 0.35, text: 'Testing the device' },
  weights: { from: 0.35, to: 0.9, text: 'Fetching the model' },
  prompts: { from: 0.9, to: 1, text: 'Reading the prompts' },
  recompute: { from: 0, to: 1, text: 'The GPU computed wrongly: computing anew on the CPU' },
};

/** The strip that tells device and model and lets both be changed. */
export function setUpSetup(store: Store, engine: Engine): void {
  const draw = () => drawSetup(store, engine);
  store.on('engine', draw);

  byId('device').addEventListener('change', (event) => {
    void engine.useDevice((event.target as HTMLInputElement).value as DeviceChoice);
  });

  const picker = byId<HTMLInputElement>('pick-weights');
  const use = (files: readonly File[] | undefined) => void engine.useWeights(files);
  byId('own-weights').addEventListener('click', () => picker.click());
  byId('default-weights').addEventListener('click', () => use(undefined));
  picker.addEventListener('change', () => {
    const files = [...(picker.files ?? [])];
    if (files.length > 0) use(files);
    picker.value = '';
  });
  draw();
}

function drawSetup(store: Store, engine: Engine): void {
  const { engine: state, change, modules } = store.state;
  const device = change?.phase === 'loading' ? change.device : store.state.device;
  drawDevice(state);
  byId('model-line').textContent = modelLine(state);
  byId('model-line').title = state.phase === 'ready' ? state.source.note : '';
  byId('default-weights').hidden = !engine.ownWeights;
  byId('model-note').hidden = engine.ownWeights || state.phase !== 'ready';
  for (const input of byId('device').querySelectorAll('input')) {
    input.checked = input.value === device;
    const reason = input.value === 'webgpu' ? whyNoGpu(modules?.modules.gpu) : '';
    input.disabled = reason !== '';
    if (input.parentElement) input.parentElement.title = reason;
  }
  drawLoading(change?.phase === 'loading' ? change : state);
}

function whyNoGpu(module: string | undefined): string {
  if (!('gpu' in navigator)) return 'This browser has no WebGPU.';
  if (module === 'building') return 'The WebGPU module is still being built.';
  return module === 'failed' ? 'The WebGPU module is not built.' : '';
}

/** The device in bold, and the reason for it. */
function drawDevice(state: EngineState): void {
  const line = byId('device-line');
  if (state.phase !== 'ready') {
    line.replaceChildren();
    return;
  }
  const { kind, name, reason } = state.device;
  const strong = document.createElement('strong');
  strong.textContent = kind === 'webgpu' && name ? `${deviceLabel(kind)} (${name})` : deviceLabel(kind);
  line.replaceChildren(strong, `. ${reason}`);
}

function modelLine(state: EngineState): string {
  if (state.phase !== 'ready') return '';
  const { name, parameters, trained, licence } = state.model;
  const size = `${(parameters / 1e6).toFixed(1)} M parameters`;
  const kept = state.source.kept ? 'kept on this device' : '';
  return [name, size, trained ? '' : 'untrained', licence ?? '', kept].filter(Boolean).join(' \u00b7 ');
}

function drawLoading(state: EngineState): void {
  const box = byId('load');
  box.hidden = state.phase !== 'loading';
  if (state.phase !== 'loading') return;
  const bar = byId<HTMLProgressElement>('load-bar');
  const { step } = state;
  if (!step) {
    bar.removeAttribute('value');
    byId('load-text').textContent = 'Loading';
    return;
  }
  const { from, to, text } = PHASES[step.phase];
  const share = step.total ? Math.min(1, step.loaded / step.total) : 0;
  bar.value = from + share * (to - from);
  const inBytes = step.phase === 'module' || step.phase === 'weights';
  const amount = inBytes && step.total ? ` (${megabytes(step.loaded)} of ${megabytes(step.total)})` : '';
  const left = step.secondsLeft === undefined ? '' : `, ${timeLeftText(1000 * step.secondsLeft)}`;
  byId('load-text').textContent =
    `${step.from === 'store' ? 'Reading the model from this device' : text}${amount}${left}`;
}
