// How many workers are busy in the last part of a simulated run, as SVG.

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [760, 360, 60, 40, 20];
const COLORS = ['#1b6ca8', '#c4572f', '#3d8f5f'];

/** A line for each run: dashed without a second try of the last shards. */
export function plot(runs, workers) {
  const ideal = Math.min(...runs.map((run) => run.ideal));
  const [from, to] = [0.9 * ideal, Math.min(1.8 * ideal, Math.max(...runs.map(({ hours }) => hours)) * 1.02)];
  const x = (hours) => LEFT + ((hours - from) / (to - from)) * (WIDTH - LEFT - 20);
  const y = (share) => HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP);
  const sizes = [...new Set(runs.map(({ shard }) => shard))];
  const lines = runs.map(({ ends, shard, again }) => {
    const hours = ends.map((seconds) => seconds / 3600).toSorted((a, b) => a - b);
    const points = Array.from({ length: 301 }, (_, at) => {
      const now = from + ((to - from) * at) / 300;
      return `${x(now).toFixed(1)},${y(hours.filter((end) => end > now).length / workers).toFixed(1)}`;
    });
    const dash = again ? '' : ' stroke-dasharray="5 4"';
    return `<polyline fill="none" stroke="${COLORS[sizes.indexOf(shard)]}" stroke-width="2"${dash} points="${points.join(' ')}"/>`;
  });
  const text = (at, up, words, more = '') => `<text x="${at.toFixed(1)}" y="${up.toFixed(1)}" ${more}>${words}</text>`;
  const ticks = Array.from({ length: 6 }, (_, at) => from + ((to - from) * at) / 5);
  const shares = [0, 0.25, 0.5, 0.75, 1];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#333">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${shares.map((share) => `<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(share)}" y2="${y(share)}" stroke="#ddd"/>${text(LEFT - 8, y(share) + 4, `${100 * share}%`, 'text-anchor="end"')}`).join('\n')}
${ticks.map((hours) => text(x(hours), HEIGHT - BOTTOM + 18, `${hours.toFixed(1)} h`, 'text-anchor="middle"')).join('\n')}
<line x1="${x(ideal)}" x2="${x(ideal)}" y1="${y(0)}" y2="${TOP}" stroke="#888" stroke-dasharray="2 3"/>
${text(x(ideal) + 4, TOP + 10, 'all work shared evenly')}
${lines.join('\n')}
${sizes.map((size, at) => text(WIDTH - 240, TOP + 16 + 18 * at, `shards of ${size.toLocaleString('en')} photos`, `fill="${COLORS[at]}"`)).join('\n')}
${text(WIDTH - 240, TOP + 16 + 18 * sizes.length, 'whole: the last ones are begun twice')}
${text(LEFT, HEIGHT - 6, `busy workers of ${workers.toLocaleString('en')}, in the last part of the run`)}
</svg>
`;
}
