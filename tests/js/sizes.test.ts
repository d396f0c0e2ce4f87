// What a page has to fetch before it can score: each module keeps to its budget.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { BUDGETS, brotliSize } from '../../scripts/lib/size.mjs';

const file = (kind: string, name: string) => fileURLToPath(new URL(`../../pkg/wasm/${kind}/${name}`, import.meta.url));

test.each(Object.entries(BUDGETS))(
  'the module %s and its glue keep to their budget',
  { timeout: 120_000 },
  (kind, budget) => {
    // Only the CPU's modules are sure to have been built: the GPU's takes long.
    if (kind === 'gpu' && !existsSync(file(kind, 'gamma_bg.wasm'))) return;
    const bytes = brotliSize(file(kind, 'gamma_bg.wasm')) + brotliSize(file(kind, 'gamma.js'));
    expect(bytes).toBeLessThanOrEqual(budget);
  },
);
