// Scores two photos and leaves the scores where the test finds them: a JPEG, and a WebP, which takes the module
// `extras`.

const PAGE = typeof document === 'object';

/** A photo: beside the page, or in the folder of a program. */
const address = (name) => (PAGE ? new URL(`photos/${name}`, document.baseURI).href : `photos/${name}`);

async function scores(load, entries) {
  const photos = ['dog.jpg', 'lossy.webp'].map(address);
  const gamma = await load();
  const { module, reason } = gamma.device;
  const all = [];
  for (const photo of photos) all.push((await gamma.score(photo)).score);
  // In two workers at the same time.
  for await (const { assessment, error } of gamma.scoreAll(photos)) all.push(assessment?.score ?? error.message);
  if (entries) await tryEntries(entries, gamma, photos[0]);
  await gamma.dispose();
  return { module, reason, scores: all };
}

/**
 * Tries the entries of filtering on a photo: all have to say what `score` says. Throws where one does not.
 *
 * @param {{ check: Function, define: Function, filter: Function }} entries
 */
async function tryEntries({ check, define, filter }, gamma, photo) {
  const file = await (await fetch(photo)).blob();
  const { score } = await gamma.score(file);
  const advice = await check(file);
  if (advice.score !== score) throw new Error(`check says ${advice.score}, not ${score}`);
  define();
  const element = document.createElement('gamma-score');
  element.setAttribute('eager', '');
  element.photo = file;
  document.body.append(element);
  const { detail } = await new Promise((resolve, reject) => {
    element.addEventListener('gamma-score', resolve);
    element.addEventListener('gamma-error', (event) => reject(event.detail));
  });
  if (detail.score !== score) throw new Error(`<gamma-score> says ${detail.score}, not ${score}`);
  const image = new Image(200, 200);
  image.src = photo;
  document.body.append(image);
  const told = await new Promise((resolve) => {
    // Above every score: the estimate decides.
    filter(document.body, { rule: { below: 100 }, gamma, cache: false, onVerdict: resolve });
  });
  if (told.state !== 'judged' || told.action !== 'blur') throw new Error(`filter says ${told.state} ${told.error}`);
  if (image.getAttribute('data-gamma-filter') !== 'blur') throw new Error('filter marks nothing');
}

/**
 * `load`: calls `Gamma.load`; `entries`: `check`, `define` and `filter` of the package's other entries, where they are
 * tried, too. The result is a global of a page, and the last line that a program prints.
 */
export async function report(load, entries) {
  const result = await scores(load, entries).catch((error) => ({
    error: `${error.code ?? error.name}: ${error.message}`,
  }));
  if (PAGE) globalThis.packaging = result;
  else console.log(JSON.stringify(result));
}
