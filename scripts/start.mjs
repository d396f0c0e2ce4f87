// npm start [-- options]: makes the machine ready, builds the modules that the page needs, serves it, and goes on building the other modules
// while the page is in use.
//   --port N           the first port to try (5173)
//   --host [ADDRESS]   the address to listen on; without one, all of them (localhost: this machine alone)
//   --no-gpu           leave the GPU module out
import { buildModule, KINDS, NEEDED } from './lib/modules.mjs';
import { optionsOf, refuse } from './lib/options.mjs';
import { buildPackage } from './lib/package.mjs';
import { inRoot } from './lib/paths.mjs';
import { duration, elapsed, main, say } from './lib/say.mjs';
import { isBuilt, Status } from './lib/status.mjs';
import { setup } from './setup.mjs';

function options() {
  // `--host` alone means all addresses; parseArgs wants a value.
  const args = process.argv.slice(2).flatMap((arg, i, all) => {
    const bare = arg === '--host' && (all[i + 1] === undefined || all[i + 1].startsWith('-'));
    return bare ? ['--host', '0.0.0.0'] : [arg];
  });
  const { values } = optionsOf({
    args,
    options: {
      port: { type: 'string', default: '5173' },
      host: { type: 'string', default: 'localhost' },
      'no-gpu': { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    refuse(`--port ${values.port} is no port`);
  }
  return { ...values, port };
}

async function serve({ host, port }) {
  const { createServer } = await import('vite');
  const server = await createServer({
    configFile: inRoot('www/vite.config.ts'),
    root: inRoot('www'),
    clearScreen: false,
    server: { host, port, strictPort: false },
  });
  await server.listen();
  return server;
}

/** Builds the modules that the page can do without; a failure is told, and the page goes on. */
async function buildRest(kinds, ready, status) {
  for (const kind of kinds) {
    status.set(kind, 'building', `Building the ${kind} module in the background.`);
    try {
      await buildModule(kind, { ...ready, low: true });
      status.set(kind, 'ready');
    } catch (error) {
      say(`\nThe ${kind} module could not be built; the page goes on without it.\n${error.message}`);
      status.set(kind, isBuilt(kind) ? 'ready' : 'failed', `The ${kind} module could not be built: see the terminal.`);
    }
  }
}

await main(async () => {
  const wanted = options();
  const ready = await setup();
  const kinds = KINDS.filter((kind) => kind !== 'gpu' || !wanted['no-gpu']);
  const rest = kinds.filter((kind) => !NEEDED.includes(kind));
  const status = new Status(KINDS, kinds);
  try {
    await buildPackage();
    for (const kind of NEEDED) {
      status.set(kind, 'building', `Building the ${kind} module.`);
      await buildModule(kind, ready);
      status.set(kind, 'ready');
    }
  } catch (error) {
    status.close('The build failed: see the terminal.');
    throw error;
  }
  const server = await serve(wanted);
  process.on('exit', () => status.close(''));
  const { local, network } = server.resolvedUrls;
  say(`\n  The page, after ${duration(elapsed())}:  ${local[0] ?? network[0]}`);
  for (const address of network) say(`  From other machines:  ${address}`);
  say('  Ctrl-C ends it.\n');
  await buildRest(rest, ready, status);
  say(`All modules are ready after ${duration(elapsed())}.`);
});
