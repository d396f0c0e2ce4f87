// Why a photo has no score, in the words of the native command.
import { getSystemErrorMap } from 'node:util';
import { GammaError } from '../node.js';
import { name, printable, utf8 } from './names.js';

/** An error as `--json` and `--csv` carry it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** What the operating system says of a file. */
export function ioFailure(path: Buffer, error: unknown): Failure {
  const { errno, message } = error as NodeJS.ErrnoException;
  const said = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  const reason = said ? `${said.charAt(0).toUpperCase()}${said.slice(1)} (os error ${Math.abs(errno ?? 0)})` : message;
  return refusal(path, reason);
}

/** A file that is not read. */
export function refusal(path: Buffer, reason: string): Failure {
  return { code: 'io', message: `${utf8(path) ?? name(path)}: ${reason}` };
}

/** What the library says of a photo. */
export function photoFailure(path: Buffer, error: GammaError): Failure {
  const cause = error.cause as NodeJS.ErrnoException | undefined;
  if (error.code === 'io' && cause?.errno !== undefined) return ioFailure(path, cause);
  return { code: error.code, message: error.message };
}

/** `path: message (code)`, with the path once even if the message names it. */
export function about(path: Buffer, { code, message }: Failure): string {
  return code === 'io' ? `${printable(message)} (${code})` : `${name(path)}: ${printable(message)} (${code})`;
}

/** Whether an error is the library's, not a fault of the program. */
export const isGammaError = (error: unknown): error is GammaError => error instanceof GammaError;
