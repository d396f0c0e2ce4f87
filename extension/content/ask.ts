// A page's pictures are assessed by the engine, in a document of the extension. A background that ended meanwhile is asked again.
import { GammaError } from '../../js/error.js';
import type { Assess } from '../../js/filter/types.js';
import { asked } from '../asking.js';
import type { ToBackground } from '../messages.js';

/** With a background that ends between two questions. */
const PATIENCE = { attempts: 6, pause: 100 };
/** The largest picture of the page's own memory that is passed on. */
const MAX_BLOB = 16 << 20;

/** Asks the engine about a picture of a filter. */
export const assess: Assess = async ({ address, estimate, signal }) => {
  const question = { url: await portable(address), estimate };
  const answer = await asked<ToBackground>(() => ({ to: 'background', kind: 'judge', question }), PATIENCE, signal);
  if ('found' in answer) return answer.found;
  throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
};

/** A picture that lies in the page's own memory is sent along. */
async function portable(address: string): Promise<string> {
  if (!address.startsWith('blob:')) return address;
  const blob = await (await fetch(address)).blob();
  if (blob.size > MAX_BLOB) throw new GammaError('image-too-large', 'the picture is too large to be passed on');
  const reader = new FileReader();
  return new Promise((resolve, reject) => {
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
