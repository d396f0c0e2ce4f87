// A visitor of the page, in whichever browser: what they do is made of events in the page, what they see is read there.
import type { Driver, Tab } from './drivers/tab.ts';
import type { Server } from './server.ts';

/** A card as it is shown. */
export interface Card {
  name: string;
  status: string;
  /** null without a score. */
  percent: number | null;
  raw: string;
  spread: string;
  cost: string;
  code: string;
  /** Pixels of the preview's width. */
  preview: number;
}

/** A file that was saved. */
export interface Saved {
  name: string;
  text: string;
}

/** What the page keeps between the calls of a test. */
declare global {
  /** Files by name: samples, and `notes.jpg`, which is a text. */
  var photos: (names: string[]) => Promise<DataTransfer>;
  var saved: Promise<Saved>[];
}

export class Visitor {
  private constructor(readonly tab: Tab) {}

  static async open(driver: Driver, { url }: Server): Promise<Visitor> {
    const visitor = new Visitor(await driver.open(url));
    await visitor.arrive();
    return visitor;
  }

  /** Waits until the model is loaded, and prepares the page for the calls below. */
  async arrive(): Promise<void> {
    await this.until(() => document.querySelector('#model-line')?.textContent !== '');
    await this.tab.evaluate(() => {
      globalThis.photos = async (names) => {
        const all = new DataTransfer();
        for (const name of names) {
          const answer = name === 'notes.jpg' ? undefined : await fetch(`/samples/${name}`);
          const bytes = (await answer?.arrayBuffer()) ?? new TextEncoder().encode('These are notes, not a photo.');
          all.items.add(new File([bytes], name, { type: name.endsWith('.webp') ? 'image/webp' : 'image/jpeg' }));
        }
        return all;
      };
      // What would be saved as a file.
      globalThis.saved = [];
      const { click } = HTMLAnchorElement.prototype;
      HTMLAnchorElement.prototype.click = function () {
        if (!this.download) return click.call(this);
        const name = this.download;
        saved.push(fetch(this.href).then(async (answer) => ({ name, text: await answer.text() })));
      };
    });
  }

  /** Waits until something holds in the page. */
  async until(holds: () => boolean): Promise<void> {
    while (!(await this.tab.evaluate(holds))) await new Promise((resolve) => setTimeout(resolve, 30));
  }

  /** Chooses photos as in the file dialog. */
  choose(...names: string[]): Promise<void> {
    return this.tab.evaluate(async (names) => {
      const input = document.querySelector<HTMLInputElement>('#pick-files');
      if (!input) throw new Error('no input');
      input.files = (await photos(names)).files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    }, names);
  }

  /** Chooses a file of weights: the answer of `url`, or bytes that are none. */
  weights(url?: string): Promise<void> {
    return this.tab.evaluate(async (url) => {
      const input = document.querySelector<HTMLInputElement>('#pick-weights');
      if (!input) throw new Error('no input');
      const bytes = url ? await (await fetch(url)).arrayBuffer() : new Uint8Array(1000).fill(255);
      const all = new DataTransfer();
      all.items.add(new File([bytes], 'own.safetensors'));
      input.files = all.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    }, url ?? '');
  }

  /** Drops photos on the page. */
  drop(...names: string[]): Promise<void> {
    return this.tab.evaluate(async (names) => {
      const dataTransfer = await photos(names);
      const drag = (type: string) =>
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      drag('dragenter');
      if (!document.documentElement.hasAttribute('data-dropping'))
        throw new Error('the page does not show that it takes photos');
      if (drag('dragover')) throw new Error('the page does not take the drop');
      drag('drop');
    }, names);
  }

  /** Drops a folder with two photos, a link to nothing between them, and a folder whose second half cannot be listed. */
  dropFolder(): Promise<void> {
    return this.tab.evaluate(async () => {
      const [photo] = (await photos(['dog.jpg'])).files;
      const failure = new DOMException('a requested file or directory could not be found', 'NotFoundError');
      const file = (name: string, dead = false) => ({
        isFile: true,
        isDirectory: false,
        name,
        fullPath: `/album/${name}`,
        file: (resolve: (file: File) => void, reject: (error: Error) => void) =>
          dead ? reject(failure) : resolve(new File([photo as File], name, { type: 'image/jpeg' })),
      });
      const folder = (name: string, fullPath: string, batches: (object[] | undefined)[]) => ({
        isFile: false,
        isDirectory: true,
        name,
        fullPath,
        createReader: () => {
          const left = [...batches];
          return {
            readEntries: (resolve: (entries: object[]) => void, reject: (error: Error) => void) => {
              const batch = left.shift();
              if (batch) resolve(batch);
              else reject(failure);
            },
          };
        },
      });
      const half = folder('half', '/album/half', [[file('two.jpg')], undefined]);
      const album = folder('album', '/album', [[file('one.jpg'), file('dead.jpg', true)], [half], []]);
      const event = new Event('drop', { bubbles: true, cancelable: true });
      const items = [{ kind: 'file', webkitGetAsEntry: () => album }];
      Object.defineProperty(event, 'dataTransfer', { value: { types: ['Files'], items, files: [] } });
      document.body.dispatchEvent(event);
    });
  }

  /** Pastes photos; says whether the browser let a script make such an event. */
  paste(...names: string[]): Promise<boolean> {
    return this.tab.evaluate(async (names) => {
      const event = new ClipboardEvent('paste', { clipboardData: await photos(names), bubbles: true });
      document.body.dispatchEvent(event);
      return event.clipboardData?.files.length === names.length;
    }, names);
  }

  /** Clicks the visible button or summary of this label or text, once it is there: some come when the browser has answered. */
  click(label: string): Promise<void> {
    return this.tab.evaluate(async (label) => {
      for (let left = 100; left > 0; left -= 1) {
        const all = [...document.querySelectorAll<HTMLElement>('button, summary')];
        const found = all.find(
          (each) =>
            (each.getAttribute('aria-label') ?? each.textContent?.trim()) === label && each.getClientRects().length > 0,
        );
        if (found) return found.click();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`no button ${label}`);
    }, label);
  }

  /** Chooses from a list or fills in a number. */
  set(selector: string, value: string): Promise<void> {
    return this.tab.evaluate(
      ({ selector, value }) => {
        const input = document.querySelector<HTMLSelectElement>(selector);
        if (!input) throw new Error(`no ${selector}`);
        input.value = value;
        for (const type of ['input', 'change']) input.dispatchEvent(new Event(type, { bubbles: true }));
      },
      { selector, value },
    );
  }

  /** Waits until this many photos are on the page and none of them is waiting for its score. */
  settled(count: number): Promise<void> {
    return this.tab.evaluate(async (count) => {
      const over = () => {
        const cards = [...document.querySelectorAll<HTMLElement>('#photos > .card')];
        const busy = cards.some(({ dataset }) => dataset.status === 'waiting' || dataset.status === 'scoring');
        return cards.length === count && !busy && document.querySelector('#stop:not([hidden])') === null;
      };
      while (!over()) await new Promise((resolve) => setTimeout(resolve, 20));
      // Cards change places a moment after the last score.
      await new Promise((resolve) => setTimeout(resolve, 600));
    }, count);
  }

  /** Cards in the order in which they are shown. */
  cards(): Promise<Card[]> {
    return this.tab.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('#photos > .card')].map((card) => {
        const text = (selector: string) => card.querySelector(selector)?.textContent ?? '';
        return {
          name: text('.name'),
          status: card.dataset.status ?? '',
          percent: text('.percent') ? Number.parseFloat(text('.percent')) : null,
          raw: text('.raw'),
          spread: text('.spread'),
          cost: text('.cost'),
          code: text('.problem-code'),
          preview: card.querySelector('img')?.naturalWidth ?? 0,
        };
      }),
    );
  }

  /** The text of an element. */
  text(selector: string): Promise<string> {
    return this.tab.evaluate((selector) => document.querySelector(selector)?.textContent ?? '', selector);
  }

  /** Saves the results as CSV or JSON. */
  async save(kind: 'CSV' | 'JSON'): Promise<Saved> {
    await this.click('Export');
    await this.click(kind);
    return this.tab.evaluate(async () => {
      const file = await saved.pop();
      if (!file) throw new Error('nothing was saved');
      return file;
    });
  }
}
