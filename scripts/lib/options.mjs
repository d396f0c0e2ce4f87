// What a command was asked for. The comment at the head of a script is what `--help` says.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** The comment at the head of the script that runs: how it is called, and what it does. */
function usage() {
  const lines = readFileSync(process.argv[1], 'utf8').split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  return lines
    .slice(0, end)
    .map((line) => line.slice(3))
    .join('\n');
}

/** Ends the script with what is wrong with the words that it was called with, and how it is called. */
export function refuse(reason) {
  console.error(`\n${reason}\n\n${usage()}`);
  process.exit(1);
}

/**
 * The values of options and the words beside them, as `parseArgs` gives them. `--help`, which every command knows, and an option that
 * it does not know end the script.
 *
 * @param {import('node:util').ParseArgsConfig} config
 */
export function optionsOf(config) {
  let found;
  try {
    found = parseArgs({ ...config, options: { ...config.options, help: { type: 'boolean', short: 'h' } } });
  } catch (error) {
    refuse(error.message);
  }
  if (!found.values.help) return found;
  console.log(usage());
  process.exit(0);
}
