import { existsSync } from 'node:fs';
import { createServer, type Plugin } from 'vite';
import { ISOLATION, sendFile, within } from '../../scripts/lib/serve.mjs';
import { FILTER_PAGE } from './filtering/page.ts';
import { goldenCrops } from './golden.ts';
import { repository } from './repository.ts';

/** A running server of the page. */
export interface Server {
  /** The page's address, with a slash at its end. */
  url: string;
  close(): Promise<void>;
}

/** Fails where the package or a module is not built: these tests are about the real ones. */
export function requireModules(...kinds: string[]): void {
  const files = [
    'pkg/index.js',
    'pkg/worker.js',
    'pkg/wasm/gamma-lite.safetensors',
    ...kinds.map((kind) => `pkg/wasm/${kind}/gamma_bg.wasm`),
  ];
  const missing = files.filter((file) => !existsSync(repository(file)));
  if (missing.length > 0) throw new Error(`Not built: ${missing.join(', ')}. Run \`npm run build\` first.`);
}

/** The address of the untrained model whose scores are the golden ones. */
export const GOLDEN_MODEL = '/models/untrained-tiny.safetensors';

/** A page with nothing on it but the package, at `/bare.html`. */
const BARE = `<!doctype html><title>bare</title><body><script type="module">
import * as api from '/pkg/index.js';
globalThis.api = api;
</script></body>`;

/** What tests need beside the page: the bare page, the golden model and its crops, photos of the fixtures. */
const testFiles: Plugin = {
  name: 'test-files',
  configureServer: ({ middlewares }) => {
    const model = repository('tests/golden/tiny/model.safetensors');
    const fixtures = repository('tests/browser/fixtures');
    middlewares.use('/bare.html', (_, response) =>
      response.writeHead(200, { ...ISOLATION, 'Content-Type': 'text/html' }).end(BARE),
    );
    middlewares.use('/filtering.html', (_, response) =>
      response.writeHead(200, { ...ISOLATION, 'Content-Type': 'text/html' }).end(FILTER_PAGE),
    );
    middlewares.use('/golden/crops', (_, response) => response.writeHead(200, ISOLATION).end(goldenCrops()));
    middlewares.use(GOLDEN_MODEL, (request, response) => sendFile(model, request, response));
    middlewares.use('/fixtures', (request, response) =>
      sendFile(within(fixtures, new URL(request.url ?? '/', 'http://localhost').pathname), request, response),
    );
  },
};

/** Serves the page as `npm start` does, on a free port, and what tests need beside it. */
export async function servePage(): Promise<Server> {
  const server = await createServer({
    configFile: repository('www/vite.config.ts'),
    logLevel: 'silent',
    plugins: [testFiles],
    server: { host: '127.0.0.1', port: 0, strictPort: false, hmr: false, watch: null },
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (!address || typeof address === 'string') throw new Error('the server has no port');
  return { url: `http://127.0.0.1:${address.port}/`, close: () => server.close() };
}
