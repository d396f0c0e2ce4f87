export const BUDGETS: Record<string, number>;
export function brotliSize(path: string): number;
export function sizes(path: string): number[];
