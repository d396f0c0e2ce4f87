// What Linux says about the processes of a browser.
import { readdirSync, readFileSync } from 'node:fs';

function text(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The processes of `kind` (`renderer` or `gpu-process`) below process `root`, as their ids. */
export function below(root, kind) {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => [pid, /\) \S (\d+)/.exec(text(`/proc/${pid}/stat`))?.[1]]),
  );
  const isBelow = (pid) => pid !== undefined && (pid === String(root) || isBelow(parents.get(pid)));
  return [...parents.keys()].filter(isBelow).filter((pid) => text(`/proc/${pid}/cmdline`).includes(`--type=${kind}`));
}

/** The largest resident set that a process had, in bytes. */
export const peak = (pid) => 1024 * Number(/VmHWM:\s+(\d+)/.exec(text(`/proc/${pid}/status`))?.[1] ?? 0);

/** Processor time of a process, in milliseconds, in steps of ten. */
export function processorTime(pid) {
  const [user = 0, system = 0] = text(`/proc/${pid}/stat`).split(') ').at(-1).split(' ').slice(11, 13).map(Number);
  return 10 * (user + system);
}

/** The resident set of a process now, in bytes. */
export const resident = (pid) => 1024 * Number(/VmRSS:\s+(\d+)/.exec(text(`/proc/${pid}/status`))?.[1] ?? 0);
