import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from '../../../../scripts/lib/paths.mjs';

export default {
  title: 'signatures by @contentauth/c2pa-web, Vite 8, build',
  about: '@contentauth/c2pa-web',
  packages: { vite: '8.4.0', '@contentauth/c2pa-web': '0.13.1' },
  passes: 'same bits, verified',
  async run({ bin, folder, site }) {
    mkdirSync(join(folder, 'public'), { recursive: true });
    cpSync(inRoot('tests/fixtures/provenance/c2pa-ai.jpg'), join(folder, 'public/signed.jpg'));
    await bin('vite', 'build');
    return site('dist');
  },
};
