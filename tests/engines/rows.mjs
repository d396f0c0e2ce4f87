// Rows of the command, as JSON lines, beside those of another run of it.

/** What a row says of its photo: all but what belongs to a request or to a moment. */
function said(row) {
  const { id, request, image, seconds, ...rest } = row;
  return JSON.stringify(rest);
}

/** Compares `text` with `expected`, by photo: says how many rows there are, and whether one is `wrong`, missing or there twice. */
export function differences(text, expected) {
  const rows = (lines) => lines.trimEnd().split('\n').map(JSON.parse);
  const known = new Map(rows(expected).map((row) => [row.image, said(row)]));
  const found = new Map();
  const wrong = [];
  let broken = 0;
  for (const row of rows(text)) {
    found.set(row.image, (found.get(row.image) ?? 0) + 1);
    if (row.error) broken += 1;
    // Numbers of 32 bits print as the shortest text that gives them back: the same text is the same bits.
    if (said(row) !== known.get(row.image))
      wrong.push(`${row.image}: ${said(row)} where it was ${known.get(row.image)}`);
  }
  for (const image of new Set([...known.keys(), ...found.keys()]))
    if (found.get(image) !== 1) wrong.push(`${image}: ${found.get(image) ?? 0} rows`);
  const count = [...found.values()].reduce((sum, each) => sum + each, 0);
  const line = `${count} rows of ${known.size} photos, ${broken} with an error, ${wrong.length} wrong`;
  return { said: [line, ...wrong.slice(0, 10)].join('\n'), wrong: wrong.length > 0 };
}
