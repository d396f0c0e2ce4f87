// The package's command against the table that the native command keeps to as well (tests/command/cases.json).
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decimal, plain, single } from '../../js/command/numbers.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'pkg', 'command', 'main.js');
const model = join(root, 'tests', 'golden', 'tiny', 'model.safetensors');
const images = join(root, 'tests', 'golden', 'preprocess', 'images');

/** How far decimal numbers may lie from the table's: the two commands compute with other code. */
const TOLERANCE = 1e-4;

interface Table {
  files: { path?: string; hex?: string; copy?: string; text?: string; fifo?: boolean }[];
  cases: { name: string; arguments: string[]; status: number; stdout: string[]; stderr?: string[] }[];
}
const table = JSON.parse(readFileSync(join(root, 'tests', 'command', 'cases.json'), 'utf8')) as Table;

let folder: string;

beforeAll(() => {
  expect(existsSync(join(root, 'pkg', 'wasm', 'cpu', 'gamma_bg.wasm')), 'pkg/wasm is built by `npm run build`').toBe(
    true,
  );
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'gamma-command-')));
  for (const { path = '', hex, copy, text, fifo } of table.files) {
    const whole = Buffer.concat([
      Buffer.from(`${folder}/`),
      hex === undefined ? Buffer.from(path) : Buffer.from(hex, 'hex'),
    ]);
    mkdirSync(dirname(whole.toString()), { recursive: true });
    if (copy !== undefined) copyFileSync(join(images, copy), whole);
    else if (fifo) execFileSync('mkfifo', [whole.toString()]);
    else writeFileSync(whole, text ?? '');
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

function run(words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const fill = (text: string) => text.replaceAll('{model}', model).replaceAll('{cwd}', folder);

/** Whether a line is the one of the table: `*` stands for any number, `…` for anything. */
function isLike(found: string, expected: string): boolean {
  const numbers: number[] = [];
  const pattern = expected.replace(/(\d+(?:\.\d+)?(?:e-\d+)?)|\*|…|[^\d*…]+/g, (piece, number: string | undefined) => {
    if (piece === '*') return '[\\d.]+';
    if (piece === '…') return '.*';
    if (number === undefined || /^\d+$/.test(number)) return piece.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    numbers.push(Number(number));
    return '(\\d+\\.\\d+(?:e-\\d+)?|\\d+e-\\d+)';
  });
  const [, ...others] = new RegExp(`^${pattern}$`, 's').exec(found) ?? [undefined, Number.NaN];
  return others.length === numbers.length && others.every((n, at) => near(Number(n), numbers[at] ?? Number.NaN));
}

const near = (a: number, b: number) => Math.abs(a - b) <= TOLERANCE * (1 + Math.abs(b));

function compare(found: string, expected: readonly string[]): void {
  const lines = found.split('\n').slice(0, -1);
  const wanted = expected.map(fill);
  if (lines.length !== wanted.length || !lines.every((line, at) => isLike(line, wanted[at] ?? ''))) {
    expect(lines).toEqual(wanted);
    throw new Error('unlike lines that are equal');
  }
}

test('lines are compared by their numbers', () => {
  for (const [found, expected, same] of [
    ['a 0.50001 b', 'a 0.5 b', true],
    ['a 0.51 b', 'a 0.5 b', false],
    ['1', '1.0', false],
    ['1.0', '1', false],
    ['12 3', '12 3', true],
    ['12', '13', false],
    ['1.5e-9', '2e-9', true],
    ['0.25 s', '* s', true],
    [' s', '* s', false],
    ['0.5 b', '0.5 ', false],
    ['0.5', '0.5 b', false],
    ['is 1 or 2, 3', 'is …, 3', true],
    ['is 1 or 2, 3', 'is …, 4', false],
  ] as const) {
    expect(isLike(found, expected), `${found} and ${expected}`).toBe(same);
  }
});

describe.skipIf(process.platform === 'win32')('the table (its names and FIFO need Unix)', () => {
  test.each(table.cases)('$name', ({ arguments: words, status, stdout, stderr }) => {
    const output = run(words.map(fill));
    compare(output.stdout, stdout);
    if (stderr) compare(output.stderr, stderr);
    else expect(output.stderr).not.toBe('');
    expect(output.status).toBe(status);
  });
});

test('the model that comes with the package', () => {
  const output = run(['score', '--json', 'one/coffee.jpg']);
  expect(output.stderr).toBe('');
  expect(output.status).toBe(0);
  expect(JSON.parse(output.stdout)).toMatchObject({
    image: 'one/coffee.jpg',
    model: 'gamma-lite',
    scene: 'natural-quality',
  });
});

test('the scene file of AI pictures, by its short name', () => {
  const output = run(['score', '--json', '-w', 'ai', '-s', 'ai-generated-quality', 'one/coffee.jpg']);
  expect(output.stderr).toBe('');
  expect(JSON.parse(output.stdout)).toMatchObject({ model: 'gamma-lite-ai', scene: 'ai-generated-quality' });
});

test('help and version', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'pkg', 'package.json'), 'utf8')) as { version: string };
  expect(run(['--version'])).toEqual({ status: 0, stdout: `gamma-wasm ${version}\n`, stderr: '' });
  expect(run(['score', '--help']).stdout).toContain('Usage: gamma-wasm score');
});

test('a reader that leaves is no error', () => {
  const photos = Array.from({ length: 12 }, () => 'one/coffee.jpg').join(' ');
  const script = `"$0" "$1" score -w "$2" --crops 1 --json ${photos} | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const [row = '', status] = execFileSync('bash', ['-c', script, process.execPath, main, model], { cwd: folder })
    .toString()
    .split('\n');
  expect(JSON.parse(row)).toMatchObject({ image: 'one/coffee.jpg' });
  expect(status).toBe('0');
});

test('numbers look as the native command prints them', () => {
  // Shortest decimals of numbers of 32 bits, as Rust prints them.
  const cases: [number, string, string][] = [
    [0.1, '0.1', '0.1'],
    [1, '1.0', '1'],
    [0, '0.0', '0'],
    [-2.5, '-2.5', '-2.5'],
    [53.744442, '53.744442', '53.744442'],
    [1.2345e-7, '1.2345e-7', '0.00000012345'],
    [0.000012, '0.000012', '0.000012'],
    [16777216, '16777216.0', '16777216'],
  ];
  for (const [value, json, csv] of cases) {
    expect([single(Math.fround(value)), plain(Math.fround(value))]).toEqual([json, csv]);
  }
  expect(decimal(0.141)).toBe('0.141');
});
