// Photos that change while they are scored, or are gone: what counts is what they were when `score` was called.
import { beforeAll, describe, expect, test } from 'vitest';
import type { Tab } from './drivers/tab.ts';

/** What is scored, for the tests: the picture whose score a photo gets, or the code of its error. */
declare global {
  var shown: (photo: Parameters<typeof gamma.score>[0]) => Promise<string>;
  /** Waits until the next picture of an `<img>` is loaded. */
  var loaded: (image: HTMLImageElement) => Promise<unknown>;
  /** An `<img>` that shows picture A. */
  var imageOfA: (attributes?: Record<string, string>) => Promise<HTMLImageElement>;
}

const A = '/samples/dog.jpg';
const B = '/samples/lighthouse-compressed.jpg';
const C = '/samples/lighthouse-noisy.jpg';

/** Describes the tests; `tab` is a bare page with a model, once they run. */
export function describeChangingPhotos(tab: () => Tab): void {
  let page: Tab;
  beforeAll(async () => {
    page = tab();
    await page.evaluate(
      async ({ A, B, C }) => {
        const options = { policy: 'center', crops: 1, scene: 'generic' } as const;
        const score = async (photo: Parameters<typeof gamma.score>[0]) => (await gamma.score(photo, options)).score;
        const known = new Map<number, string>();
        for (const [name, url] of Object.entries({ A, B, C })) known.set(await score(url), name);
        globalThis.shown = (photo) =>
          score(photo).then(
            (value) => known.get(value) ?? `another: ${value}`,
            ({ code }) => code,
          );
        globalThis.imageOfA = async (attributes = { src: A }) => {
          const image = new Image();
          for (const [name, value] of Object.entries(attributes)) image.setAttribute(name, value);
          document.body.append(image);
          await loaded(image);
          return image;
        };
        globalThis.loaded = (image) =>
          new Promise((resolve, reject) => {
            image.onload = resolve;
            image.onerror = () => reject(new Error('no picture'));
          });
      },
      { A, B, C },
    );
  });

  describe('an <img> that is used again', () => {
    test.each([
      ['src', { src: A }, { src: B }, 'B'],
      ['srcset', { src: C, srcset: `${A} 1x` }, { srcset: `${B} 1x` }, 'B'],
      ['srcset with widths', { srcset: `${A} 500w`, sizes: '100px' }, { srcset: `${B} 500w` }, 'B'],
      ['srcset that came', { src: A }, { srcset: `${B} 1x` }, 'B'],
      ['srcset that went', { src: B, srcset: `${A} 1x` }, { srcset: '' }, 'B'],
      ['src that is not there', { src: A }, { src: '/samples/none.jpg' }, 'http'],
      ['srcset that is not there', { src: B, srcset: `${A} 1x` }, { srcset: '/samples/none.jpg 1x' }, 'http'],
      ['src that is empty', { src: A }, { src: '' }, 'photo-type'],
    ])('%s', async (_, before, after, expected) => {
      const found = await page.evaluate(
        async ({ before, after }) => {
          const image = await imageOfA(before as unknown as Record<string, string>);
          const first = await shown(image);
          for (const [name, value] of Object.entries(after)) image.setAttribute(name, value as string);
          const second = shown(image);
          const both = [first, await second];
          image.remove();
          return both;
        },
        { before, after },
      );
      expect(found).toEqual(['A', expected]);
    });

    test.each(['same task', 'later'])('<source> of a <picture>, changed in the %s', async (when) => {
      const found = await page.evaluate(
        async ({ A, B, C, when }) => {
          const picture = document.createElement('picture');
          picture.innerHTML = `<source srcset="${A}"><img src="${C}">`;
          document.body.append(picture);
          const image = picture.querySelector('img') as HTMLImageElement;
          const source = picture.querySelector('source') as HTMLSourceElement;
          await loaded(image);
          const first = await shown(image);
          source.srcset = B;
          if (when === 'later') await loaded(image);
          const second = await shown(image);
          source.media = '(max-width: 1px)';
          const third = await shown(image);
          source.remove();
          const fourth = await shown(image);
          picture.remove();
          return [first, second, third, fourth];
        },
        { A, B, C, when },
      );
      expect(found).toEqual(['A', 'B', 'C', 'C']);
    });

    test('again and again in one task: each call gets the picture of its moment', async () => {
      const found = await page.evaluate(
        async ({ A, B, C }) => {
          const image = new Image();
          const calls: Promise<string>[] = [];
          for (const src of [A, B, C]) {
            image.src = src;
            calls.push(shown(image));
          }
          for (const srcset of [C, B, A]) {
            image.srcset = srcset;
            calls.push(shown(image));
          }
          image.removeAttribute('src');
          image.removeAttribute('srcset');
          return Promise.all(calls);
        },
        { A, B, C },
      );
      expect(found).toEqual(['A', 'B', 'C', 'C', 'B', 'A']);
    });

    test('one that is off the screen and lazy, with several sizes', async () => {
      const found = await page.evaluate(
        async ({ A, B }) => {
          const image = document.createElement('img');
          image.loading = 'lazy';
          image.style.marginTop = '90000px';
          image.sizes = 'auto, 100px';
          image.srcset = `${A} 400w, ${B} 90000w`;
          document.body.append(image);
          const first = await shown(image);
          image.remove();
          return first;
        },
        { A, B },
      );
      expect(found).toBe('A');
    });

    test('the picture of a Blob whose address is revoked: at once, and after it was shown', async () => {
      const found = await page.evaluate(async (A) => {
        const blob = await (await fetch(A)).blob();
        const url = URL.createObjectURL(blob);
        const image = new Image();
        image.src = url;
        const first = shown(image);
        URL.revokeObjectURL(url);
        const other = URL.createObjectURL(blob);
        image.src = other;
        await loaded(image);
        URL.revokeObjectURL(other);
        const options = { policy: 'center', crops: 1 } as const;
        return [await first, (await gamma.score(image, options)).source];
      }, A);
      expect(found).toEqual(['A', 'pixels']);
    });

    test('no handler of the page hears of it', async () => {
      const found = await page.evaluate(
        async ({ A, B }) => {
          const heard: string[] = [];
          Object.assign(globalThis, { hear: (text: string) => heard.push(text) });
          const image = await imageOfA({ srcset: `${A} 1x` });
          image.setAttribute('onload', "hear('load')");
          image.setAttribute('onerror', "hear('error')");
          image.srcset = `${B} 1x`;
          const result = await shown(image);
          await new Promise((resolve) => setTimeout(resolve, 50));
          image.remove();
          return [result, ...heard];
        },
        { A, B },
      );
      // That of the page's own image, once.
      expect(found).toEqual(['B', 'load']);
    });
  });

  test('an address: a URL object that changes, and a page that goes elsewhere', async () => {
    const found = await page.evaluate(
      async ({ A, B }) => {
        const slow = shown(A);
        const url = new URL(A, location.href);
        const calls = [shown(url), shown(A.slice(1))];
        url.pathname = B;
        history.pushState(null, '', '/elsewhere/page.html');
        const all = await Promise.all([slow, ...calls]);
        history.back();
        await new Promise((resolve) => addEventListener('popstate', resolve, { once: true }));
        return all;
      },
      { A, B },
    );
    expect(found).toEqual(['A', 'A', 'A']);
  });

  test('what changes right after the call was taken before: canvas, bitmap, pixels, bytes', async () => {
    const found = await page.evaluate(async () => {
      const options = { policy: 'center', crops: 1, scene: 'generic' } as const;
      const rows: [string, number, number][] = [];
      const compare = async (name: string, make: () => Promise<[Parameters<typeof gamma.score>[0], () => void]>) => {
        const [before] = await make();
        const expected = await gamma.score(before, options);
        const [photo, change] = await make();
        const call = gamma.score(photo, options);
        change();
        rows.push([name, (await call).score, expected.score]);
      };
      await compare('canvas resized', async () => {
        const canvas = await goldenCanvas(0);
        return [canvas, () => Object.assign(canvas, { width: 500, height: 500 })];
      });
      await compare('canvas drawn over', async () => {
        const canvas = await goldenCanvas(0);
        return [canvas, () => canvas.getContext('2d')?.fillRect(0, 0, 1000, 1000)];
      });
      await compare('element resized', async () => {
        const canvas = document.createElement('canvas');
        const source = await goldenCanvas(0);
        Object.assign(canvas, { width: source.width, height: source.height });
        canvas.getContext('2d')?.drawImage(source, 0, 0);
        return [canvas, () => Object.assign(canvas, { width: 10 })];
      });
      await compare('bitmap closed', async () => {
        const bitmap = await createImageBitmap(await goldenCrop(0));
        return [bitmap, () => bitmap.close()];
      });
      await compare('bitmap transferred', async () => {
        const bitmap = await createImageBitmap(await goldenCrop(0));
        return [bitmap, () => void structuredClone(bitmap, { transfer: [bitmap] })];
      });
      await compare('pixels overwritten', async () => {
        const pixels = await goldenCrop(0);
        return [pixels, () => pixels.data.fill(7)];
      });
      await compare('bytes transferred', async () => {
        const png = await (await (await goldenCanvas(0)).convertToBlob()).arrayBuffer();
        return [png, () => void structuredClone(png, { transfer: [png] })];
      });
      return rows;
    });
    expect(found).toHaveLength(7);
    for (const [name, score, expected] of found) expect(score, name).toBe(expected);
  });

  test('a video that is sent to another place or another stream never gives the frame before', async ({ skip }) => {
    const found = await page.evaluate(async () => {
      const recording = async (colours: string[]) => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
        const context = canvas.getContext('2d') as CanvasRenderingContext2D;
        const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: 'video/webm;codecs=vp8' });
        const parts: Blob[] = [];
        recorder.ondataavailable = ({ data }) => parts.push(data);
        const ended = new Promise((resolve) => recorder.addEventListener('stop', resolve));
        recorder.start();
        for (const colour of colours) {
          for (const end = performance.now() + 400; performance.now() < end; ) {
            context.fillStyle = colour;
            context.fillRect(0, 0, 320, 240);
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
        recorder.stop();
        await ended;
        return URL.createObjectURL(new Blob(parts, { type: 'video/webm' }));
      };
      const video = document.createElement('video');
      const happens = (type: string) => new Promise((resolve) => video.addEventListener(type, resolve, { once: true }));
      const time = 0.7;
      let other = '';
      try {
        // A grey half and a blue half, which score differently.
        const first = await recording(['gray', 'blue']);
        other = await recording(['gray']);
        video.muted = true;
        video.src = first;
        const late = new Promise((_, reject) => setTimeout(() => reject(new Error('it plays no recording')), 10_000));
        await Promise.race([happens('loadeddata'), late]);
        await video.play();
        video.pause();
        // Not every browser gives frames of a recording.
        (await createImageBitmap(video)).close();
      } catch (error) {
        return { lacks: String(error) };
      }
      const options = { policy: 'center', crops: 1, scene: 'generic' } as const;
      const score = async () => (await gamma.score(video, options)).score;
      const gray = await score();
      video.currentTime = time;
      const sought = await score();
      const blue = await score();
      video.currentTime = 0.05;
      const changed = rejection(gamma.score(video));
      video.currentTime = time;
      const { code: sent } = await changed;
      await new Promise((resolve) => setTimeout(resolve, 300));
      video.src = other;
      const { code } = await rejection(gamma.score(video));
      return { gray, sought, blue, sent, code, lacks: undefined };
    });
    if (found.lacks !== undefined) skip(`it records no video: ${found.lacks}`);
    expect(found.sought).toBe(found.blue);
    expect(found.sought).not.toBe(found.gray);
    expect([found.sent, found.code]).toEqual(['photo-type', 'photo-type']);
  });

  test('what is gone has the code of what is no photo', async () => {
    const found = await page.evaluate(async () => {
      const gone = (buffer: ArrayBuffer) => void structuredClone(buffer, { transfer: [buffer] });
      const buffer = new ArrayBuffer(1000);
      const views = [new Uint8Array(buffer, 10, 20), new DataView(buffer, 4), new Float32Array(buffer)];
      gone(buffer);
      const pixels = new ImageData(300, 300);
      gone(pixels.data.buffer as ArrayBuffer);
      const bitmap = await createImageBitmap(new ImageData(300, 300));
      bitmap.close();
      const video = document.createElement('video');
      video.poster = '/samples/dog.jpg';
      const empty = document.createElement('canvas');
      empty.width = 0;
      const photos = {
        buffer,
        bytes: views[0],
        view: views[1],
        floats: views[2],
        pixels,
        bitmap,
        poster: video,
        empty,
      };
      const codes: Record<string, string> = {};
      for (const [name, photo] of Object.entries(photos)) {
        codes[name] = await shown(photo as Parameters<typeof gamma.score>[0]);
      }
      const weights = (await rejection(api.Gamma.load({ weights: buffer }))).code;
      return { ...codes, weights };
    });
    const { weights, ...codes } = found;
    expect(Object.values(codes), JSON.stringify(codes)).toEqual(Object.keys(codes).map(() => 'photo-type'));
    expect(weights).toBe('option');
  });

  test('what is too large is called so, whatever it is, and the next photo is scored', async () => {
    const found = await page.evaluate(async (A) => {
      const svg = (width: number, height: number) =>
        `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="9" height="9"/></svg>`;
      const blob = (text: string) => new Blob([text], { type: 'image/svg+xml' });
      const url = URL.createObjectURL(blob(svg(100_000, 100_000)));
      const image = new Image();
      image.src = url;
      await image.decode().catch(() => {});
      const canvas = Object.assign(document.createElement('canvas'), { width: 100_000, height: 100_000 });
      const photos = {
        file: blob(svg(100_000, 100_000)),
        bytes: new TextEncoder().encode(svg(100_000, 100_000)),
        url,
        image,
        wide: blob(svg(70_000, 10)),
        many: blob(svg(20_000, 20_000)),
        canvas,
        long: Object.assign(document.createElement('canvas'), { width: 10, height: 70_000 }),
      };
      const codes: Record<string, string> = {};
      for (const [name, photo] of Object.entries(photos)) codes[name] = await shown(photo);
      return { codes, wide: await shown(blob(svg(40_000, 10))), next: await shown(A) };
    }, A);
    expect(Object.values(found.codes), JSON.stringify(found.codes)).toEqual(
      Object.keys(found.codes).map(() => 'image-too-large'),
    );
    // Within the limits of the engine, and beyond those of some browsers.
    expect(found.wide).toMatch(/^another: |^image-too-large$/);
    expect(found.next).toBe('A');
  });
}
