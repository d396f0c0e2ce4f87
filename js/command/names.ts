// Names of files and other text from outside, as people and programs are shown them. Paths are bytes: not all are
// UTF-8.
import { resolve, sep } from 'node:path';

/**
 * Control characters, marks of direction, other ends of lines, and what has no width, save the joiners that emoji
 * need.
 */
const MISLEADING =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

const SHORT: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** Text that cannot command the terminal, break a line or look like another one. */
export function printable(text: string): string {
  return text.replace(MISLEADING, (c) => SHORT[c] ?? `\\u{${c.charCodeAt(0).toString(16)}}`);
}

/** The text of a path, if it is UTF-8. */
export function utf8(path: Buffer): string | undefined {
  const text = path.toString('utf8');
  return path.equals(Buffer.from(text)) ? text : undefined;
}

/** A path as a line for people shows it, never the same for two names. */
export function name(path: Buffer): string {
  const shown = (text: string) => printable(sep === '/' ? text.replaceAll('\\', '\\\\') : text);
  const text = utf8(path);
  if (text !== undefined) return shown(text);
  let whole = '';
  for (let at = 0; at < path.length; ) {
    const length = characterAt(path, at);
    if (length > 0) whole += shown(path.toString('utf8', at, at + length));
    else whole += `\\x${hex(path[at] ?? 0)}`;
    at += Math.max(1, length);
  }
  return whole;
}

/** A path as programs are told it, so that it can be found again: as it is, or as a `file:` URL if it is not UTF-8. */
export function exact(path: Buffer): string {
  const text = utf8(path);
  if (text !== undefined) return text;
  const absolute = path[0] === 0x2f ? path : Buffer.concat([Buffer.from(`${resolve('.')}${sep}`), path]);
  const plain = (byte: number) => /[-/._~0-9A-Za-z]/.test(String.fromCharCode(byte));
  return `file://${[...absolute].map((byte) => (plain(byte) ? String.fromCharCode(byte) : `%${hex(byte)}`)).join('')}`;
}

/** Bytes of the UTF-8 character at a place, 0 if there is none. */
function characterAt(path: Buffer, at: number): number {
  for (const length of [1, 2, 3, 4]) {
    const part = path.subarray(at, at + length);
    if (part.length === length && utf8(part) !== undefined) return length;
  }
  return 0;
}

const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, '0');
