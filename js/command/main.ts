#!/usr/bin/env node
// The package's command, `npx gamma-wasm`.
import { readFileSync } from 'node:fs';
import { HELP, readArguments, UsageError } from './arguments.js';
import { printable } from './names.js';
import { faultOf, STATUS, score } from './score.js';
import { complain, print } from './terminal.js';

/** What the operating system is told of a fault of the program itself. */
const FAULT = 101;

async function run(): Promise<number> {
  const asked = readArguments(process.argv.slice(2));
  if (asked === 'help') await print(HELP);
  else if (asked === 'version') await print(`gamma-wasm ${version()}\n`);
  else return score(asked);
  return STATUS.done;
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** The status of a run that did not come to its end. */
function ended(error: unknown): number {
  // Whoever read the results, as `head` does, has seen enough.
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') return STATUS.done;
  if (error instanceof UsageError) {
    complain(`${printable(error.message)} (--help says how)`);
    return STATUS.usage;
  }
  complain(faultOf(error));
  return FAULT;
}

// Writing fails with an error that `print` sees.
process.stdout.on('error', () => {});
process.exitCode = await run().catch(ended);
