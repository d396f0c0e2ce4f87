// The settings where they are kept: on this device, seen by every part of the extension.
import { type Settings, settingsOf } from './settings.js';
import { webext } from './webext.js';

const KEY = 'settings';

export async function loadSettings(): Promise<Settings> {
  return settingsOf((await webext.storage.local.get(KEY))[KEY]);
}

export async function saveSettings(settings: Settings): Promise<void> {
  await webext.storage.local.set({ [KEY]: settings });
}

/** Calls `changed` whenever settings are saved, by whichever page. */
export function watchSettings(changed: (settings: Settings) => void): void {
  webext.storage.onChanged.addListener((changes, area) => {
    if (area === 'local' && changes[KEY]) changed(settingsOf(changes[KEY].newValue));
  });
}
