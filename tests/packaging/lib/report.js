// Scores two photos and leaves the scores where the test finds them: a JPEG, and a WebP, which takes the module `extras`.

const PAGE = typeof document === 'object';

/** A photo: beside the page, or in the folder of a program. */
const address = (name) => (PAGE ? new URL(`photos/${name}`, document.baseURI).href : `photos/${name}`);

async function scores(load) {
  const photos = ['dog.jpg', 'lossy.webp'].map(address);
  const gamma = await load();
  const { module, reason } = gamma.device;
  const all = [];
  for (const photo of photos) all.push((await gamma.score(photo)).score);
  // In two workers at the same time.
  for await (const { assessment, error } of gamma.scoreAll(photos)) all.push(assessment?.score ?? error.message);
  await gamma.dispose();
  return { module, reason, scores: all };
}

/** `load`: calls `Gamma.load`. The result is a global of a page, and the last line that a program prints. */
export async function report(load) {
  const result = await scores(load).catch((error) => ({ error: `${error.code ?? error.name}: ${error.message}` }));
  if (PAGE) globalThis.packaging = result;
  else console.log(JSON.stringify(result));
}
