import { byId } from './dom.ts';
import { loadEntry } from './entries.ts';

const photo = byId<HTMLInputElement>('photo');
const sent = byId('sent');

byId<HTMLInputElement>('block').addEventListener('change', ({ target }) => {
  if ((target as HTMLInputElement).checked) photo.dataset.gammaBlock = '';
  else delete photo.dataset.gammaBlock;
  photo.dispatchEvent(new Event('change', { bubbles: true }));
});
byId<HTMLFormElement>('upload').addEventListener('submit', (event) => {
  event.preventDefault();
  sent.textContent = 'It would be sent now.';
});
photo.addEventListener('change', () => {
  sent.textContent = '';
});

const { checkInputs } = await loadEntry('check');
checkInputs(document);
