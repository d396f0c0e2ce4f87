// manifest.json, for each browser.

/** The browsers that the extension is built for. */
export const TARGETS = ['chromium', 'firefox'];

/** The identity of the add-on, which Firefox wants to be told. */
export const GECKO_ID = 'gamma-filter@gamma-wasm.example';

const SITES = ['http://*/*', 'https://*/*'];
const icons = Object.fromEntries([16, 48, 128].map((size) => [size, `icon-${size}.png`]));

/** What a browser reads about the extension. Nothing is web-accessible: no page can tell that it is there by asking for a file. */
export function manifest(target, version) {
  const common = {
    manifest_version: 3,
    name: 'Gamma filter',
    version,
    description:
      'Blurs, hides or marks images of low quality, and those that declare themselves made by AI. Everything happens on this device.',
    icons,
    permissions: ['storage', 'contextMenus'],
    host_permissions: SITES,
    content_scripts: [
      {
        matches: SITES,
        js: ['content.js'],
        // What the script may not do to every page in Firefox.
        css: ['content.css'],
        run_at: 'document_start',
        all_frames: true,
        match_about_blank: true,
      },
    ],
    options_ui: { page: 'options.html', open_in_tab: true },
    action: { default_title: 'Gamma filter: settings', default_icon: icons },
    content_security_policy: { extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'" },
  };
  if (target === 'firefox') {
    return {
      ...common,
      background: { scripts: ['background.js'], type: 'module' },
      browser_specific_settings: {
        gecko: {
          id: GECKO_ID,
          strict_min_version: '128.0',
          data_collection_permissions: { required: ['none'] },
        },
      },
    };
  }
  return {
    ...common,
    permissions: [...common.permissions, 'offscreen'],
    background: { service_worker: 'background.js', type: 'module' },
    minimum_chrome_version: '116',
  };
}
