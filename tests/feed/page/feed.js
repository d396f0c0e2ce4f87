// A feed as sites have them: lazy pictures, `srcset`, `<picture>`, a list of recycled nodes, a wall of thumbnails, an
// endless end.
import { stopClock } from './clock.js';
import { measure } from './measure.js';

if (location.search === '?clock') stopClock();

const feed = document.querySelector('#feed');
const names = await (await fetch('photos.json')).json();
const address = (name) => `photos/${name}`;
const part = (from, to) => names.slice(Math.round(from * names.length), Math.round(to * names.length));

function section(name, ...children) {
  const element = document.createElement('section');
  element.className = name;
  element.append(...children);
  feed.append(element);
  return element;
}

function picture(name, fill = (image) => image.setAttribute('src', address(name))) {
  const image = new Image();
  image.loading = 'lazy';
  image.alt = name;
  fill(image);
  return image;
}

/** Height of a row of the recycled list. */
const ROW = 404;

/** A list of which as many elements are there as fit on the screen, each with other pictures by and by. */
function recycled(rows) {
  const list = section('list');
  list.style.height = `${rows.length * ROW}px`;
  const nodes = Array.from({ length: 10 }, () => {
    const image = new Image();
    list.append(image);
    return image;
  });
  const draw = () => {
    const top = -list.getBoundingClientRect().top - 2 * ROW;
    const first = Math.max(0, Math.floor(top / ROW));
    for (let row = first; row < Math.min(first + nodes.length, rows.length); row++) {
      const image = nodes[row % nodes.length];
      if (image.dataset.row === String(row)) continue;
      image.dataset.row = String(row);
      image.style.transform = `translateY(${row * ROW}px)`;
      image.src = address(rows[row]);
    }
  };
  addEventListener('scroll', draw, { passive: true });
  draw();
}

section('one', ...part(0, 0.2).map((name) => picture(name)));
section(
  'two',
  ...part(0.2, 0.26).map((name) =>
    picture(name, (image) => {
      image.srcset = `${address(name)} 600w, ${address(name)}?large 1200w`;
      image.sizes = '474px';
    }),
  ),
  ...part(0.26, 0.32).map((name) => {
    const element = document.createElement('picture');
    const source = document.createElement('source');
    source.srcset = address(name);
    element.append(
      source,
      picture(name, () => {}),
    );
    element.querySelector('img').src = `${address(name)}?fallback`;
    return element;
  }),
);
recycled(part(0.32, 0.46));
section('wall', ...part(0.46, 0.86).map((name) => picture(name)));
const end = section('two');
const rest = part(0.86, 1);
new IntersectionObserver(
  (entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    end.append(...rest.splice(0, 8).map((name) => picture(name)));
  },
  { rootMargin: '1500px' },
).observe(section('end', 'end'));

globalThis.feedTest = measure(feed);
