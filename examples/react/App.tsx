// Photos that a person chooses, each with its score.
import type { Assessment } from 'gamma-wasm';
import { define, type GammaScoreAttributes, type GammaScore as GammaScoreElement } from 'gamma-wasm/element';
import { type DetailedHTMLProps, type HTMLAttributes, useState } from 'react';

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'gamma-score': DetailedHTMLProps<HTMLAttributes<GammaScoreElement>, GammaScoreElement> &
        GammaScoreAttributes & {
          photo?: Blob | undefined;
          'ongamma-score'?: ((event: CustomEvent<Assessment>) => void) | undefined;
        };
    }
  }
}

define();

/** `photos`: addresses to begin with. `onScore` is told each score. */
export function App({ photos = [], onScore }: { photos?: string[]; onScore?: (src: string, score: number) => void }) {
  const [files, setFiles] = useState<File[]>([]);
  return (
    <main>
      <input type="file" accept="image/*" multiple onChange={({ target }) => setFiles([...(target.files ?? [])])} />
      {photos.map((src) => (
        <gamma-score key={src} src={src} eager ongamma-score={({ detail }) => onScore?.(src, detail.score)} />
      ))}
      {files.map((file) => (
        <gamma-score key={file.name} photo={file} />
      ))}
    </main>
  );
}
