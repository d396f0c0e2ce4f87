// `gamma-wasm score`: photos to scores, in the order in which they were given.
import { readFile, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { AI_WEIGHTS } from '../ai-weights.js';
import { type Assessment, type Assessments, Gamma, type Photo } from '../node.js';
import type { Arguments } from './arguments.js';
import { about, type Failure, ioFailure, isGammaError, photoFailure, refusal } from './failure.js';
import { printable, utf8 } from './names.js';
import { csvRow, failedCsvRow, failedJsonRow, HEADER, jsonRow, line, type Scored } from './rows.js';
import { Summary, tableHeader, tableRow } from './table.js';
import { complain, Progress, print } from './terminal.js';
import { type Input, list, special } from './walk.js';

/** How a run ends; the values are those of the native command. */
export const STATUS = { done: 0, incomplete: 1, usage: 2, noModel: 3 } as const;

/** The longest file that is read, in bytes. */
const MAX_FILE = 2 ** 30;
/** The most workers that the library starts. */
const MAX_WORKERS = 16;

/** Runs the command; gives its exit status. */
export async function score(asked: Arguments): Promise<number> {
  const gamma = await load(asked.weights);
  if (!gamma) return STATUS.noModel;
  try {
    // Checks options and scene before anything is said or read.
    await gamma.scoreAll([], asked.options).next();
    if (!gamma.model.trained) complain('warning: this model is not trained; its scores mean nothing');
    const { inputs, passed } = list(asked.photos, asked.recursive);
    return await new Run(gamma, asked, inputs, passed).all();
  } catch (error) {
    if (!isGammaError(error) || !['option', 'scene-unknown'].includes(error.code)) throw error;
    complain(`${error.message} (${error.code})`);
    return STATUS.usage;
  } finally {
    await gamma.dispose();
  }
}

async function load(weights: string | undefined): Promise<Gamma | undefined> {
  const name = Buffer.from(weights ?? 'default');
  try {
    const missing = weights === undefined ? undefined : await missingModel(weights);
    if (missing) {
      complain(`the model could not be loaded: ${about(name, missing)}`);
      return undefined;
    }
    return await Gamma.load({ weights, workers: Math.min(availableParallelism(), MAX_WORKERS) });
  } catch (error) {
    if (!isGammaError(error)) throw error;
    complain(`the model could not be loaded: ${about(name, { code: error.code, message: error.message })}`);
    return undefined;
  }
}

/** What the operating system says of a model that is not there; the library's worker would say it in other words. */
async function missingModel(weights: string): Promise<Failure | undefined> {
  if (weights === AI_WEIGHTS || /^[a-z][a-z0-9+.-]+:/i.test(weights)) return undefined;
  return stat(weights).then(
    () => undefined,
    (error: unknown) => ioFailure(Buffer.from(weights), error),
  );
}

class Run {
  readonly #summary = new Summary();
  readonly #progress: Progress;
  /** Width of the scenes' column; undefined if all rows are of one scene. */
  readonly #width: number | undefined;
  /**
   * Photos that the library has been given and not answered, in their order; those that were refused before are among
   * them.
   */
  readonly #waiting: { input: Input; failure?: Failure; begin: number }[] = [];
  #begun = false;

  constructor(
    readonly gamma: Gamma,
    readonly asked: Arguments,
    readonly inputs: readonly Input[],
    readonly passed: string | undefined,
  ) {
    this.#progress = new Progress(inputs.length);
    const several = asked.options.scene === 'all' && gamma.scenes.length > 1;
    this.#width = several ? Math.max(...gamma.scenes.map(({ id }) => id.length)) : undefined;
  }

  /** Scores every photo and prints as it goes. */
  async all(): Promise<number> {
    if (this.passed) complain(this.passed);
    this.#progress.draw();
    for await (const { assessment, error } of this.gamma.scoreAll(this.#photos(), this.asked.options)) {
      await this.#refused();
      const photo = this.#waiting.shift();
      if (!photo) throw new Error('a photo came back that was not sent');
      const { path } = photo.input;
      if (error) await this.#failed(path, photoFailure(path, error));
      else await this.#scored(path, assessment, photo.begin);
    }
    await this.#refused();
    this.#progress.clear();
    const { format } = this.asked;
    if (format === 'table' && this.inputs.length > 1)
      await print(`${this.#summary.line(this.#width === undefined, this.#progress.seconds)}\n`);
    return this.#summary.failed > 0 ? STATUS.incomplete : STATUS.done;
  }

  /** The photos that can be read, each when its turn comes. */
  async *#photos(): AsyncGenerator<Photo, void, void> {
    for (const input of this.inputs) {
      const begin = performance.now();
      const found = input.failure ?? (await take(input.path));
      if (isFailure(found)) {
        this.#waiting.push({ input, failure: found, begin });
      } else {
        this.#waiting.push({ input, begin });
        yield found;
      }
    }
  }

  /** Prints the photos that were refused before the next one that was not. */
  async #refused(): Promise<void> {
    for (let next = this.#waiting[0]; next?.failure; next = this.#waiting[0]) {
      this.#waiting.shift();
      await this.#failed(next.input.path, next.failure);
    }
  }

  async #scored(path: Buffer, found: Assessment | Assessments, begin: number): Promise<void> {
    const all = isAssessment(found) ? [found] : this.gamma.scenes.flatMap(({ id }) => found[id] ?? []);
    const [first] = all;
    const seconds = first ? Math.min(first.ms, performance.now() - begin) / 1e3 : 0;
    const scored: Scored = { path, model: this.gamma.model.name, seconds };
    const row = { json: jsonRow, csv: csvRow, table: this.#tableRow }[this.asked.format];
    await this.#print(all.map((assessment) => row.call(this, scored, assessment)));
    if (first) this.#summary.add(path, first);
    this.#progress.next();
  }

  #tableRow({ path }: Scored, assessment: Assessment): string {
    return tableRow(path, assessment, this.#width);
  }

  async #failed(path: Buffer, failure: Failure): Promise<void> {
    this.#progress.clear();
    complain(about(path, failure));
    const { format } = this.asked;
    if (format !== 'table') await this.#print([(format === 'json' ? failedJsonRow : failedCsvRow)(path, failure)]);
    this.#summary.failed += 1;
    this.#progress.next();
  }

  async #print(rows: readonly string[]): Promise<void> {
    const lines = [...rows];
    if (!this.#begun && this.asked.format === 'csv') lines.unshift(line(HEADER));
    if (!this.#begun && this.asked.format === 'table') lines.unshift(tableHeader(this.#width));
    this.#begun = true;
    this.#progress.clear();
    await print(lines.map((text) => `${text}\n`).join(''));
  }
}

/** What the library is given of a file: its path, or its bytes where the path is not UTF-8. */
async function take(path: Buffer): Promise<string | Uint8Array | Failure> {
  try {
    const stats = await stat(path);
    if (!stats.isFile() && !stats.isDirectory()) return refusal(path, `a ${special(stats)} is not read`);
    if (stats.size > MAX_FILE)
      return { code: 'image-too-large', message: `the image is too large: the file has more than ${MAX_FILE} bytes` };
    const text = utf8(path);
    // A name like `data:,` is a file, too.
    return text === undefined ? await readFile(path) : resolve(text);
  } catch (error) {
    return ioFailure(path, error);
  }
}

const isFailure = (found: string | Uint8Array | Failure): found is Failure =>
  typeof found === 'object' && 'code' in found && !(found instanceof Uint8Array);

const isAssessment = (found: Assessment | Assessments): found is Assessment => Array.isArray(found.crops);

/** The line about a fault that is none of a photo, a model or an option. */
export const faultOf = (error: unknown): string =>
  `a fault of the program itself: ${printable(error instanceof Error ? error.message : String(error))}`;
