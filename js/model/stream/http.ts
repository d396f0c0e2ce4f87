// What headers of HTTP say about a file.

/** What tells one version of a file from another. */
export interface Validator {
  readonly etag?: string;
  readonly lastModified?: string;
}

/** A `Content-Range`: `bytes start-end/total`, or `bytes *\/total`. */
export interface ContentRange {
  readonly start: number | undefined;
  readonly total: number | undefined;
}

/** Reads the validator of an answer. */
export function validatorOf({ headers }: Response): Validator {
  const etag = headers.get('etag');
  const lastModified = headers.get('last-modified');
  return { ...(etag && { etag }), ...(lastModified && { lastModified }) };
}

/** What `If-Range` may hold: a strong ETag, else a date. */
export function ifRange({ etag, lastModified }: Validator): string | undefined {
  return etag && !etag.startsWith('W/') ? etag : lastModified;
}

/** Whether both tell, and tell two versions. */
export function differ(a: Validator, b: Validator): boolean {
  if (a.etag && b.etag) return opaque(a.etag) !== opaque(b.etag);
  return Boolean(a.lastModified && b.lastModified && a.lastModified !== b.lastModified);
}

/** Whether both tell, and tell the same version. Neither this nor {@link differ} holds where one of them says nothing. */
export function same(a: Validator, b: Validator): boolean {
  if (a.etag && b.etag) return opaque(a.etag) === opaque(b.etag);
  return Boolean(a.lastModified && a.lastModified === b.lastModified);
}

/** A server that compresses weakens the tag of the same file. */
const opaque = (etag: string) => etag.replace(/^W\//, '');

/** Reads `Content-Range`. */
export function contentRange({ headers }: Response): ContentRange | undefined {
  const found = /^\s*bytes\s+(?:(\d+)-\d+|\*)\/(\d+|\*)\s*$/i.exec(headers.get('content-range') ?? '');
  if (!found) return undefined;
  const number = (text: string | undefined) => (text === undefined || text === '*' ? undefined : Number(text));
  return { start: number(found[1]), total: number(found[2]) };
}

/** Whether the answer comes from another origin, whose headers a page sees only if that origin lists them. */
export function isHidden(response: Response): boolean {
  return response.type === 'cors';
}

/** The length of the file that a 200 brings; unknown if it is compressed on its way, for then the header counts other bytes. */
export function lengthOf(response: Response): number | undefined {
  const { headers } = response;
  // Another origin's `Content-Encoding` cannot be seen, so its length cannot be relied upon.
  if (isHidden(response) || (headers.get('content-encoding') ?? 'identity') !== 'identity') return undefined;
  const length = Number(headers.get('content-length') ?? Number.NaN);
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined;
}

/** Whether an answer says that it is a web page. */
export function isWebPage({ headers }: Response): boolean {
  return /^\s*(text\/html|application\/xhtml\+xml)\b/i.test(headers.get('content-type') ?? '');
}

/** Whether a file begins like a web page, whatever the server calls it. No safetensors file and no index does. */
export function looksLikeWebPage(start: Uint8Array): boolean {
  const head = new TextDecoder('latin1').decode(start.subarray(0, 64));
  return /^(\u00ef\u00bb\u00bf)?\s*<(!doctype|html|head|\?xml|!--)/i.test(head);
}

/** Milliseconds that the server asks to wait. */
export function retryAfter({ headers }: Response, now = Date.now()): number | undefined {
  const text = headers.get('retry-after');
  if (!text) return undefined;
  const wait = /^\s*\d+\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}
