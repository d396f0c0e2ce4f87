// npm, by the one that runs this script where there is one.

/** Command and arguments of a call of npm. */
export function npm(...args) {
  const own = process.env.npm_execpath;
  return own ? [process.execPath, [own, ...args]] : ['npm', args];
}
