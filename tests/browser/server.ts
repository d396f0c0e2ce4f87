import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createServer, type Plugin } from 'vite';
import { sendFile } from '../../www/serve.ts';

/** The path of a file of the repository. */
export const repository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

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

const goldenModel: Plugin = {
  name: 'golden-model',
  configureServer: ({ middlewares }) => {
    const file = repository('tests/golden/tiny/model.safetensors');
    middlewares.use(GOLDEN_MODEL, (request, response) => sendFile(file, request, response));
  },
};

/** Serves the page as `npm start` does, on a free port, and the golden model. */
export async function servePage(): Promise<Server> {
  const server = await createServer({
    configFile: repository('www/vite.config.ts'),
    logLevel: 'silent',
    plugins: [goldenModel],
    server: { host: '127.0.0.1', port: 0, strictPort: false, hmr: false, watch: null },
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (!address || typeof address === 'string') throw new Error('the server has no port');
  return { url: `http://127.0.0.1:${address.port}/`, close: () => server.close() };
}
