// The settings page: shows what is set, and sets what is changed, at once.
import { hostsOf, type Settings, settingsOf } from '../settings.js';
import { loadSettings, saveSettings, watchSettings } from '../stored.js';

const form = document.querySelector('form') as HTMLFormElement;
const status = document.querySelector('[role=status]') as HTMLElement;
const field = (name: keyof Settings) => form.elements.namedItem(name) as HTMLInputElement;

function showSettings(settings: Settings): void {
  for (const name of ['below', 'declaredBelow', 'idle'] as const) field(name).valueAsNumber = settings[name];
  for (const name of ['action', 'declared'] as const) field(name).value = settings[name];
  for (const name of ['everywhere', 'wait'] as const) field(name).checked = settings[name];
  field('exceptions').value = settings.exceptions.join('\n');
}

async function save(): Promise<void> {
  if (!form.reportValidity()) return;
  const settings = settingsOf({
    below: field('below').valueAsNumber,
    action: field('action').value,
    declared: field('declared').value,
    declaredBelow: field('declaredBelow').valueAsNumber,
    everywhere: field('everywhere').checked,
    exceptions: hostsOf(field('exceptions').value),
    wait: field('wait').checked,
    idle: field('idle').valueAsNumber,
  });
  await saveSettings(settings);
  status.textContent = 'Saved.';
}

form.addEventListener('change', () => {
  save().catch((error: Error) => {
    status.textContent = `Not saved: ${error.message}`;
  });
});
form.addEventListener('submit', (event) => event.preventDefault());
watchSettings(showSettings);
showSettings(await loadSettings());
