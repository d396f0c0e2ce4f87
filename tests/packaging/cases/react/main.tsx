import { Gamma } from 'gamma-wasm';
import { GammaScore } from 'gamma-wasm/element';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { report } from './report.js';

const PHOTOS = ['photos/dog.jpg', 'photos/lossy.webp'];

/** The scores that the example's elements show. */
function shown(gamma: Gamma): Promise<number[]> {
  GammaScore.gamma = gamma;
  const scores = new Map<string, number>();
  return new Promise((resolve) => {
    const onScore = (src: string, score: number) => {
      scores.set(src, score);
      if (scores.size === PHOTOS.length) resolve(PHOTOS.map((photo) => scores.get(photo) ?? 0));
    };
    createRoot(document.getElementById('app') as HTMLElement).render(<App photos={PHOTOS} onScore={onScore} />);
  });
}

report(async () => {
  const gamma = await Gamma.load({ workers: 2 });
  const elements = await shown(gamma);
  for (const [at, photo] of PHOTOS.entries()) {
    const { score } = await gamma.score(photo);
    if (elements[at] !== score) throw new Error(`<gamma-score> says ${elements[at]} of ${photo}, not ${score}`);
  }
  return gamma;
});
