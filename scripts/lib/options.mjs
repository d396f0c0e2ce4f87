// What a command was asked for.
import { parseArgs } from 'node:util';
import { Failure } from './say.mjs';

/**
 * The values of options and the words beside them, as `parseArgs` gives them; every command knows `--help`.
 *
 * @param {string} help What is said of an option that the command does not know.
 * @param {import('node:util').ParseArgsConfig} config
 * @throws {Failure}
 */
export function optionsOf(help, { options, ...others }) {
  try {
    return parseArgs({
      ...others,
      options: { ...options, help: { type: 'boolean', short: 'h', default: false } },
    });
  } catch (error) {
    throw new Failure(`${error.message}\n\n${help}`);
  }
}
