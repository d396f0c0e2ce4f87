import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from '../../../../scripts/lib/paths.mjs';

export default {
  title: 'React 19, the example with types',
  about: 'react',
  packages: {
    react: '19.3.1',
    'react-dom': '19.3.1',
    '@types/react': '19.3.3',
    '@types/react-dom': '19.3.0',
    typescript: '7.0.2',
    vite: '8.4.0',
  },
  passes: 'same bits',
  async run({ bin, folder, site }) {
    cpSync(inRoot('examples/react/App.tsx'), join(folder, 'App.tsx'));
    await bin('tsc', '-p', '.');
    await bin('vite', 'build');
    return site('dist');
  },
};
