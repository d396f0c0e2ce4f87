// npm run rooms: the rooms of js/ and the arrows between them, and whether they keep the rules: no circle among rooms or files, at most
// 8 floors. A room is a folder, or a file that lies in js/ itself.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inRoot } from './lib/paths.mjs';
import { Failure, main, say } from './lib/say.mjs';

/** The most floors: rooms on the longest way from an entry down. */
export const MOST_FLOORS = 8;

/** What each file imports, types included: a map from its path in js/ to paths. */
export function importsOf(folder) {
  const files = readdirSync(folder, { recursive: true })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'));
  const imported = (path) =>
    [...readFileSync(join(folder, path), 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)\.js'/g)].map(([, to]) =>
      posix.join(posix.dirname(path), `${to}.ts`),
    );
  return new Map(files.map((path) => [path, [...new Set(imported(path))].sort()]));
}

/** The same among rooms. */
export function roomsOf(files) {
  const room = (path) => (path.includes('/') ? dirname(path) : path);
  const rooms = new Map();
  for (const [path, imported] of files) {
    const others = rooms.get(room(path)) ?? new Set();
    for (const other of imported.map(room)) if (other !== room(path)) others.add(other);
    rooms.set(room(path), others);
  }
  return new Map([...rooms].map(([name, others]) => [name, [...others].sort()]));
}

/** The longest way down from each node, counted in nodes; throws a {@link Failure} that names the nodes of a circle. */
export function floors(graph) {
  const found = new Map();
  const below = (name, way) => {
    if (way.includes(name))
      throw new Failure(`a circle of imports: ${[...way.slice(way.indexOf(name)), name].join(' → ')}`);
    if (!found.has(name)) {
      found.set(name, 1 + Math.max(0, ...(graph.get(name) ?? []).map((other) => below(other, [...way, name]))));
    }
    return found.get(name);
  };
  for (const name of graph.keys()) below(name, []);
  return found;
}

/** Reads js/; throws a {@link Failure} where a rule is broken. */
export function report(folder = inRoot('js')) {
  const files = importsOf(folder);
  const rooms = roomsOf(files);
  const depth = floors(rooms);
  const deepest = Math.max(...depth.values());
  const fileDepth = Math.max(...floors(files).values());
  if (deepest > MOST_FLOORS) throw new Failure(`js/ has ${deepest} floors; at most ${MOST_FLOORS} are allowed`);
  return { files: files.size, rooms, depth, deepest, fileDepth };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(async () => {
    const { files, rooms, depth, deepest, fileDepth } = report();
    for (const [name, others] of [...rooms].sort(([a], [b]) => depth.get(b) - depth.get(a))) {
      say(`${depth.get(name)}  ${name} → ${others.join(', ') || '-'}`);
    }
    say(
      `\n${relative(process.cwd(), inRoot('js'))}: ${files} files in ${rooms.size} rooms on ${deepest} floors (files: ${fileDepth}), no circle`,
    );
  });
}
