import { byId } from './dom.ts';
import type { Engine } from './engine.ts';
import { sentence } from './format.ts';
import type { Store } from './state.ts';

interface Notice {
  id: string;
  kind: 'note' | 'warning' | 'error';
  text: string;
  /** A small print line, such as an error's code. */
  small?: string;
  action?: { label: string; run: () => void };
}

/** Messages above the photos: what is wrong, what is still being built, and what to do about it. */
export class Notices {
  private readonly shown = new Map<string, { text: string; element: HTMLElement }>();
  private passing: Notice | undefined;
  private sawBuilding = false;

  constructor(
    private readonly store: Store,
    private readonly engine: Engine,
  ) {
    store.on('engine', () => this.draw());
    this.draw();
  }

  /** Shows a message of the moment, until the next one or the next change of the engine's state. */
  pass(text: string): void {
    this.passing = { id: 'passing', kind: 'error', text };
    this.draw();
    this.passing = undefined;
  }

  private draw(): void {
    const list = [...this.current()];
    const box = byId('notices');
    const ids = new Set(list.map(({ id }) => id));
    for (const [id, { element }] of this.shown) {
      if (ids.has(id)) continue;
      element.remove();
      this.shown.delete(id);
    }
    for (const notice of list) {
      const text = `${notice.text}\n${notice.small ?? ''}`;
      const before = this.shown.get(notice.id);
      // Drawing the same words again would make screen readers say them again.
      if (before?.text === text) continue;
      const element = render(notice);
      if (before) before.element.replaceWith(element);
      else box.append(element);
      this.shown.set(notice.id, { text, element });
    }
  }

  private *current(): Generator<Notice> {
    const { engine, change, modules, device, online } = this.store.state;
    if (engine.phase === 'failed') {
      yield {
        id: 'failed',
        kind: 'error',
        text: sentence(`${online ? 'The' : 'You are offline, and the'} model could not be loaded: ${engine.message}`),
        small: engine.code,
        action: { label: 'Try again', run: () => void this.engine.load() },
      };
    } else if (!online) {
      const text =
        engine.phase === 'ready' ? 'You are offline. Scoring goes on: it needs no connection.' : 'You are offline.';
      yield { id: 'offline', kind: 'note', text };
    }
    if (change?.phase === 'failed') {
      const what = change.what === 'weights' ? 'These weights' : 'This device';
      yield {
        id: 'failed',
        kind: 'error',
        text: sentence(`${what} could not be used, so the model and all scores stay as they are: ${change.message}`),
        small: change.code,
        action: { label: 'Try again', run: () => void this.engine.load() },
      };
    }
    if (engine.phase === 'building') {
      yield {
        id: 'building',
        kind: 'note',
        text: 'The engine is being built; this page starts by itself when it is done.',
        small: engine.message,
      };
    }
    if (engine.phase === 'ready' && !engine.model.trained) {
      yield { id: 'untrained', kind: 'warning', text: 'This model is untrained: scores mean nothing yet.' };
    }
    const gpu = modules?.modules.gpu;
    const gpuArrived = this.gpuArrived(gpu);
    if (engine.phase === 'ready' && gpu === 'building') {
      yield { id: 'gpu', kind: 'note', text: 'The WebGPU module is being built. Scoring runs on the CPU until then.' };
    } else if (gpuArrived && engine.phase === 'ready' && engine.device.kind === 'cpu' && device !== 'cpu') {
      yield {
        id: 'gpu',
        kind: 'note',
        text: 'The WebGPU module is ready.',
        action: { label: 'Switch to it', run: () => this.switchToGpu() },
      };
    }
    if (this.passing) yield this.passing;
  }

  /** Whether the module became ready while the page was open: the device was chosen without it. */
  private gpuArrived(gpu: string | undefined): boolean {
    if (gpu === 'building') this.sawBuilding = true;
    return this.sawBuilding && gpu === 'ready' && 'gpu' in navigator;
  }

  private switchToGpu(): void {
    this.sawBuilding = false;
    void this.engine.useDevice('auto');
  }
}

function render({ kind, text, small, action }: Notice): HTMLElement {
  const element = document.createElement('div');
  element.className = 'notice';
  element.dataset.kind = kind;
  element.setAttribute('role', kind === 'error' ? 'alert' : 'status');
  const words = document.createElement('p');
  words.textContent = text;
  element.append(words);
  if (small) {
    const line = document.createElement('small');
    line.textContent = small;
    words.append(' ', line);
  }
  if (action) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = action.label;
    button.addEventListener('click', action.run);
    element.append(button);
  }
  return element;
}
