import { createHash } from 'node:crypto';
import { extensionContext } from '../../lib/browser.mjs';

/** The id that Chromium gives to an unpacked extension: a hash of its path, in the letters a to p. */
const idOf = (folder) =>
  createHash('sha256')
    .update(folder)
    .digest('hex')
    .slice(0, 32)
    .replace(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 16)));

export default {
  title: 'Manifest V3 extension, its page',
  async run({ folder, copyPhotos, page, onEnd }) {
    copyPhotos('.');
    const context = await extensionContext(folder);
    onEnd(() => context.close());
    await page(`chrome-extension://${idOf(folder)}/index.html`, { context });
  },
};
