// What Linux says about the processes of an engine.
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks in a second: the same on every Linux that is in use. */
const TICKS = 100;

/** Every process: `pid`, `parent`, words of its `command`, seconds of a `processor` that it has had. */
export function processes() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        // The name in brackets may have spaces.
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const processor = (Number(fields[11]) + Number(fields[12])) / TICKS;
        return [{ pid: Number(name), parent: Number(fields[1]), command, processor }];
      } catch {
        return [];
      }
    });
}

/** Process `root` and those below it. */
export function below(root) {
  const all = processes();
  const found = new Set([root]);
  for (let grown = -1; grown !== found.size; ) {
    grown = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all.filter(({ pid }) => found.has(pid));
}

/** The processes that have `variable=value` in their environment. */
export function marked(assignment) {
  return processes().filter(({ pid }) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(assignment);
    } catch {
      return false;
    }
  });
}

/** Bytes of a process: `own` memory, and memory `shared` with others. */
export function memory(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const of = (name) => 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0);
    return { own: of('RssAnon'), shared: of('RssShmem') };
  } catch {
    return { own: 0, shared: 0 };
  }
}
