// Photos of a feed: each photo in several forms, drawn by a browser, some with a declaration of their origin.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from '../../scripts/lib/paths.mjs';

/** How the forms of a photo are made. */
const FORMS = ['clean', 'blurred', 'noisy', 'compressed', 'tiny'];

/** Photos of the repository. */
const OWN = [
  ...['city-at-night.webp', 'dog.jpg', 'lighthouse.webp'].map((name) => inRoot('www/samples', name)),
  inRoot('tests/golden/preprocess/images/coffee.jpg'),
];

/** An XMP packet that declares how a picture was made, as a segment of a JPEG file. */
function declaration(kind) {
  const namespaces = [
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"',
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"',
  ];
  const type = `Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/${kind}"`;
  const packet = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ${namespaces[0]}><rdf:Description ${namespaces[1]} ${type}/>`;
  const text = `http://ns.adobe.com/xap/1.0/\0${packet}</rdf:RDF></x:xmpmeta>`;
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(text.length + 2, 2);
  return Buffer.concat([head, Buffer.from(text, 'latin1')]);
}

/** The JPEG file with the declaration behind its first marker. */
const declared = (jpeg, kind) => Buffer.concat([jpeg.subarray(0, 2), declaration(kind), jpeg.subarray(2)]);

/** Draws one form of a photo in the page; gives a JPEG in base64. `seed` chooses the piece that is shown. */
async function draw({ source, form, seed }) {
  const image = new Image();
  image.src = source;
  await image.decode();
  const [width, height] = form === 'tiny' ? [160, 107] : [600, 400];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  const random = (salt) => {
    const value = Math.sin(seed * 12.9898 + salt * 78.233) * 43758.5453;
    return value - Math.floor(value);
  };
  const scale = Math.max(width / image.width, height / image.height) * (1 + 0.25 * random(1));
  const x = (width - image.width * scale) * random(2);
  const y = (height - image.height * scale) * random(3);
  if (form === 'blurred') context.filter = `blur(${3 + 4 * random(4)}px)`;
  context.drawImage(image, x, y, image.width * scale, image.height * scale);
  if (form === 'noisy') {
    const pixels = context.getImageData(0, 0, width, height);
    for (let at = 0; at < pixels.data.length; at++) {
      if (at % 4 !== 3) pixels.data[at] += (random(at) - 0.5) * 110;
    }
    context.putImageData(pixels, 0, 0);
  }
  const quality = form === 'compressed' ? 0.04 : 0.85;
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Files of photos below a folder. */
const below = (folder) =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => /\.(jpe?g|png|webp)$/i.test(name))
    .sort()
    .map((name) => join(folder, name));

/**
 * Makes `count` photos in `folder`, unless they are there already, out of those of `from` or of the repository; gives
 * their names.
 *
 * @param {import('playwright-core').Browser} browser which draws them
 */
export async function makePhotos(browser, { count, folder, from }) {
  const sources = from ? below(from) : OWN;
  if (sources.length === 0) throw new Error(`there are no photos in ${from}`);
  const names = Array.from({ length: count }, (_, at) => `${at}-${FORMS[at % FORMS.length]}.jpg`);
  if (names.every((name) => existsSync(join(folder, name)))) return names;
  mkdirSync(folder, { recursive: true });
  const page = await browser.newPage();
  await page.route('**/*', (route) => {
    const { pathname } = new URL(route.request().url());
    const file = sources[Number(pathname.slice(1))];
    route.fulfill(file ? { body: readFileSync(file) } : { contentType: 'text/html', body: '' });
  });
  await page.goto('http://photos.test/page');
  for (const [at, name] of names.entries()) {
    const source = `/${Math.floor(at / FORMS.length) % sources.length}`;
    const jpeg = Buffer.from(await page.evaluate(draw, { source, form: FORMS[at % FORMS.length], seed: at }), 'base64');
    // Every seventh says that it was made by AI, others that a camera took them.
    const kind = at % 7 === 3 ? 'trainedAlgorithmicMedia' : at % 7 === 5 ? 'digitalCapture' : undefined;
    writeFileSync(join(folder, name), kind ? declared(jpeg, kind) : jpeg);
  }
  await page.close();
  return names;
}
