// The ratios of the benchmark as a bar chart.

const WIDTH = 760;
const LEFT = 300;
const ROW = 44;
const TOP = 46;

const escaped = (text) => text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]);

/** How many times as long the other engine takes, a bar a case with its spread, as SVG. */
export function chart(results) {
  const bars = results.filter(({ ratio }) => ratio);
  const most = Math.ceil(Math.max(2, ...bars.map(({ ratio }) => ratio.max)));
  const x = (value) => LEFT + ((WIDTH - LEFT - 70) * value) / most;
  const height = TOP + ROW * bars.length + 16;
  const ticks = Array.from({ length: most + 1 }, (_, value) => value);
  const grid = ticks.map(
    (value) =>
      `<line x1="${x(value)}" x2="${x(value)}" y1="${TOP - 6}" y2="${height - 12}" class="${value === 1 ? 'one' : 'grid'}"/>` +
      `<text x="${x(value)}" y="${TOP - 12}" text-anchor="middle">${value}</text>`,
  );
  const rows = bars.map(({ title, ratio, ours, theirs }, index) => {
    const y = TOP + ROW * index;
    const middle = y + 14;
    return [
      `<text x="${LEFT - 12}" y="${y + 13}" text-anchor="end" class="title">${escaped(title)}</text>`,
      `<text x="${LEFT - 12}" y="${y + 28}" text-anchor="end">${ours.ms.median} ms beside ${theirs.ms.median} ms</text>`,
      `<rect x="${LEFT}" y="${y}" width="${(x(ratio.median) - LEFT).toFixed(1)}" height="28" rx="3"/>`,
      `<path d="M${x(ratio.min).toFixed(1)} ${middle}H${x(ratio.max).toFixed(1)}" class="spread"/>`,
      `<text x="${(x(ratio.max) + 8).toFixed(1)}" y="${y + 19}" class="title">${ratio.median.toFixed(2)}</text>`,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">
<title id="title">Time of onnxruntime-web divided by that of gamma-wasm; above 1, gamma-wasm is faster</title>
<style>
text { font: 12px system-ui, sans-serif; fill: #666; }
.title { font-size: 13px; fill: #1a1a1a; }
rect { fill: #3b6fb6; }
.spread { stroke: #14304f; stroke-width: 2; }
.grid { stroke: #ddd; }
.one { stroke: #888; }
@media (prefers-color-scheme: dark) { text { fill: #aaa; } .title { fill: #eee; } .grid { stroke: #333; } .spread { stroke: #cfe0f5; } }
</style>
<text x="${LEFT}" y="16">onnxruntime-web takes so many times as long (line: spread)</text>
${grid.join('\n')}
${rows.join('\n')}
</svg>
`;
}
