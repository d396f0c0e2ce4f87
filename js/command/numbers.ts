// Numbers as the native command prints them. The engine computes with 32 bits: more digits would be noise.

/** The shortest decimal that stands for a number of 32 bits. */
function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** A number of JSON that shows that it is no integer. */
export function decimal(value: number): string {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** The same of a number of 32 bits. */
export const single = (value: number): string => decimal(shortest(value));

/** A number of 32 bits without an exponent, as spreadsheets read it. */
export function plain(value: number): string {
  const text = String(shortest(value));
  const [, sign, digits, exponent] = /^(-?)([0-9.]+)e-([0-9]+)$/.exec(text) ?? [];
  if (digits === undefined) return text;
  return `${sign}0.${'0'.repeat(Number(exponent) - 1)}${digits.replace('.', '')}`;
}

/** More digits of a time would be noise. */
export const milliseconds = (seconds: number): number => Math.round(seconds * 1e3) / 1e3;
