// npm run corpus -- FOLDER: decodes every file of a folder with us and with a reference (Pillow, else ImageMagick),
// and reports by kind which were refused, which look different, which took longer and which made a decoder panic.
import { readdirSync, statSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { optionsOf } from './lib/options.mjs';
import { inRoot } from './lib/paths.mjs';
import { capture } from './lib/run.mjs';
import { Failure, main, say } from './lib/say.mjs';
import { nativeToolchain } from './lib/toolchain.mjs';

/** Files that go to a program at a time. */
const BATCH = 200;
/** Mean colours further apart than this, of 255, are different pictures. */
const DIFFERENT = 4;
/** A file is slower if it takes this many times as long as the reference and {@link SLOWER_MS} more. */
const SLOWER = 2;
const SLOWER_MS = 20;

/** Mean colour and size as Pillow sees them, upright, alpha over white. */
const PILLOW = `
import json, sys, time, warnings
from PIL import Image, ImageOps, ImageStat
warnings.simplefilter("ignore")
Image.MAX_IMAGE_PIXELS = None
for path in sys.argv[1:]:
    start = time.perf_counter()
    try:
        with Image.open(path) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
            if "A" in upright.getbands() or "transparency" in upright.info:
                rgba = upright.convert("RGBA")
                flat = Image.new("RGB", rgba.size, (255, 255, 255))
                flat.paste(rgba, mask=rgba.getchannel("A"))
            else:
                flat = upright.convert("RGB")
            ms = (time.perf_counter() - start) * 1000
            print(json.dumps({"file": path, "width": flat.width, "height": flat.height, "mean": ImageStat.Stat(flat).mean, "ms": ms}))
    except Exception as error:
        print(json.dumps({"file": path, "code": "refused", "message": str(error)[:200]}))
`;

function* walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) yield path;
  }
}

const parse = (text) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

const byFile = (rows) => new Map(rows.map((row) => [row.file, row]));

async function ours(files) {
  const command = inRoot('target/release/examples/decode');
  const { code, stdout } = await capture(command, files);
  const rows = byFile(parse(stdout));
  // What ended the program comes right after the last line.
  if (code !== 0) {
    const lost = files[rows.size];
    rows.set(lost, { file: lost, code: 'panic', message: `the program ended with status ${code}` });
    for (const [file, row] of await ours(files.slice(rows.size))) rows.set(file, row);
  }
  return rows;
}

async function pillow(files) {
  const { stdout } = await capture('python3', ['-c', PILLOW, ...files]);
  return byFile(parse(stdout));
}

async function magick(files) {
  const rows = new Map();
  for (const file of files) {
    const start = performance.now();
    const format = '%w %h %[fx:255*mean.r] %[fx:255*mean.g] %[fx:255*mean.b]';
    const options = [
      '-auto-orient',
      '-background',
      'white',
      '-flatten',
      '-colorspace',
      'sRGB',
      '-format',
      format,
      'info:',
    ];
    const { code, stdout } = await capture('convert', [`${file}[0]`, ...options]);
    const [width, height, ...mean] = stdout.trim().split(' ').map(Number);
    // The start of a program is part of its time, so that nothing is called slower than this one.
    const ms = performance.now() - start;
    rows.set(file, code === 0 && mean.length === 3 ? { file, width, height, mean, ms } : { file, code: 'refused' });
  }
  return rows;
}

async function reference() {
  const has = async (program, ...args) => (await capture(program, args).catch(() => ({ code: 1 }))).code === 0;
  if (await has('python3', '-c', 'import PIL')) return { name: 'Pillow', decode: pillow };
  if (await has('convert', '-version')) return { name: 'ImageMagick', decode: magick };
  return undefined;
}

/** What there is to say about a file, as a kind and a line; undefined if all is well. */
function verdict(mine, theirs) {
  if (mine === undefined) return ['panicked', 'no answer'];
  if (mine.code === 'panic') return ['panicked', mine.message];
  if (mine.code !== undefined) {
    if (theirs?.mean === undefined) return undefined;
    return ['refused', `${mine.code}: ${mine.message}; the reference opens it`];
  }
  if (theirs?.mean === undefined) return undefined;
  if (mine.source === 'raw-preview') return undefined;
  if (mine.width !== theirs.width || mine.height !== theirs.height) {
    return ['different', `${mine.width}x${mine.height}, the reference ${theirs.width}x${theirs.height}`];
  }
  const apart = Math.max(...mine.mean.map((value, channel) => Math.abs(value - theirs.mean[channel])));
  if (apart > DIFFERENT) return ['different', `mean colours are ${apart.toFixed(1)} apart`];
  if (mine.ms > SLOWER * theirs.ms + SLOWER_MS) {
    return ['slower', `${mine.ms.toFixed(0)} ms, the reference ${theirs.ms.toFixed(0)} ms`];
  }
  return undefined;
}

await main(async () => {
  const { positionals, values } = optionsOf({ allowPositionals: true, options: { json: { type: 'boolean' } } });
  const [folder] = positionals;
  if (folder === undefined || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Failure('npm run corpus -- FOLDER [--json]');
  }
  await nativeToolchain();
  // Without the model, which takes minutes to build.
  const features = ['--no-default-features', '--features', 'formats'];
  const build = await capture('cargo', ['build', '--release', ...features, '--example', 'decode']);
  if (build.code !== 0) throw new Failure(build.stderr.slice(-2000));
  const other = await reference();
  say(other ? `Reference: ${other.name}.` : 'There is no reference: neither Pillow nor ImageMagick was found.');
  const files = [...walk(folder)];
  const kinds = new Map();
  const counts = (ending) => {
    if (!kinds.has(ending))
      kinds.set(ending, { files: 0, opened: 0, refused: 0, different: 0, slower: 0, panicked: 0 });
    return kinds.get(ending);
  };
  for (let at = 0; at < files.length; at += BATCH) {
    const batch = files.slice(at, at + BATCH);
    const mine = await ours(batch);
    const theirs = other ? await other.decode(batch) : new Map();
    for (const file of batch) {
      const row = counts(extname(file).toLowerCase() || '(none)');
      row.files += 1;
      if (mine.get(file)?.mean) row.opened += 1;
      const found = verdict(mine.get(file), theirs.get(file));
      if (values.json) say(JSON.stringify({ ...mine.get(file), reference: theirs.get(file), verdict: found?.[0] }));
      if (!found) continue;
      const [kind, why] = found;
      row[kind] += 1;
      if (!values.json) say(`${kind.padEnd(10)}${relative(folder, file)}: ${why}`);
    }
  }
  const columns = ['files', 'opened', 'refused', 'different', 'slower', 'panicked'];
  const line = (name, cells) => say(`${name.padEnd(10)}${cells.map((cell) => String(cell).padStart(11)).join('')}`);
  line('', columns);
  for (const [ending, row] of [...kinds].sort()) {
    line(
      ending,
      columns.map((column) => row[column]),
    );
  }
});
