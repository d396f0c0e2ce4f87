// Virtual environments of Python below target/.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { TARGET } from './paths.mjs';
import { capture, run } from './run.mjs';
import { Failure } from './say.mjs';

/** A virtual environment. */
export class Environment {
  /** `name`: its folder below target/. */
  constructor(...name) {
    this.folder = join(TARGET, ...name);
  }

  /** The path of a program in it. */
  program(name) {
    const [folder, ending] = process.platform === 'win32' ? ['Scripts', '.exe'] : ['bin', ''];
    return join(this.folder, folder, name + ending);
  }

  /** Makes it anew; with `keep`, only if it is not there. */
  async make({ keep = false } = {}) {
    if (keep && (await capture(this.program('python'), ['-m', 'pip', '--version'])).code === 0) return;
    rmSync(this.folder, { recursive: true, force: true });
    const { code, stderr } = await capture('python3', ['-m', 'venv', this.folder]);
    if (code !== 0) throw new Failure(`python3 with venv and pip is needed: ${stderr.trim()}`);
  }

  /** pip install. */
  install(...words) {
    return run(this.program('python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...words]);
  }
}
