import { compileJs } from '../../scripts/lib/package.mjs';

/** Compiles `js/` into `pkg/` before the first test. */
export default compileJs;
