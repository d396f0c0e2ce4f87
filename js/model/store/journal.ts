// The journal of a kept file: what it is, and which of its blocks are on the disk. A line of JSON for each step, only ever
// appended.
// A process that dies in the middle of a line loses that line and nothing else: the next one begins with a line break.
import type { Validator } from '../stream/http.js';

/** A block that is on the disk. */
export interface Block {
  readonly bytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}

/** What a journal says. */
export interface Journal {
  readonly url: string;
  readonly validator: Validator;
  /** Length of the whole file, once it is known. */
  readonly total: number | undefined;
  /** When the download began, in milliseconds since 1970. */
  readonly stored: number;
  /** By their number; a block that is not there is missing. */
  readonly blocks: ReadonlyMap<number, Block>;
  /** Whether every block was written. */
  readonly complete: boolean;
}

/** The journal's first line. */
export interface JournalHead {
  readonly url: string;
  readonly validator: Validator;
  readonly total: number | undefined;
  readonly stored: number;
  readonly blockSize: number;
}

/** A line of the journal. */
export type JournalLine = JournalHead | ({ readonly block: number } & Block) | { readonly complete: number };

/** A line as it is written. */
export const journalLine = (line: JournalLine): string => `\n${JSON.stringify(line)}\n`;

/** Reads a journal; undefined if it is none, or one of blocks of another size. A line that was cut off is passed over. */
export function parseJournal(text: string, blockSize: number): Journal | undefined {
  let head: JournalHead | undefined;
  let total: number | undefined;
  let complete = false;
  const blocks = new Map<number, Block>();
  for (const line of text.split('\n')) {
    const step = objectOf(line);
    if (!step) continue;
    if (!head) {
      if (typeof step.url !== 'string' || step.blockSize !== blockSize || typeof step.stored !== 'number')
        return undefined;
      total = isCount(step.total) ? step.total : undefined;
      head = { url: step.url, validator: validatorIn(step.validator), total, stored: step.stored, blockSize };
    } else if (isCount(step.block) && isCount(step.bytes) && typeof step.sha256 === 'string') {
      blocks.set(step.block, { bytes: step.bytes, sha256: step.sha256 });
    } else if (isCount(step.complete)) {
      total = step.complete;
      complete = true;
    }
  }
  if (!head) return undefined;
  const { url, validator, stored } = head;
  return { url, validator, stored, total, blocks, complete };
}

function objectOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function validatorIn(value: unknown): Validator {
  const { etag, lastModified } = (value ?? {}) as Record<string, unknown>;
  return {
    ...(typeof etag === 'string' && { etag }),
    ...(typeof lastModified === 'string' && { lastModified }),
  };
}
