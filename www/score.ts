import { byId } from './dom.ts';
import { loadEntry } from './entries.ts';

byId<HTMLInputElement>('own').addEventListener('change', ({ target }) => {
  for (const file of (target as HTMLInputElement).files ?? []) {
    const score = document.createElement('gamma-score');
    const image = new Image();
    image.alt = file.name;
    image.src = URL.createObjectURL(file);
    score.append(image);
    score.photo = file;
    byId('feed').prepend(score);
  }
});

const { define } = await loadEntry('element');
define();
