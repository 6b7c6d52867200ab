// @ts-check
// Draws lines over two logarithmic axes as SVG: no library, and legible on white and on black.

const [WIDTH, HEIGHT] = [640, 360];
const MARGIN = { left: 64, right: 130, top: 40, bottom: 48 };
/** Distinct also to who can't tell red from green (Okabe and Ito). */
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {[number, number][]} points
 */

/** @param {{ title: string, x: string, y: string, lines: Line[] }} plot @returns {string} */
export function plot({ title, x, y, lines }) {
  const points = lines.flatMap((line) => line.points).filter(([, value]) => value > 0);
  const xs = scale(points.map(([at]) => at), MARGIN.left, WIDTH - MARGIN.right);
  const ys = scale(points.map(([, value]) => value), HEIGHT - MARGIN.bottom, MARGIN.top);
  const text = (/** @type {number} */ left, /** @type {number} */ top, /** @type {string} */ words, more = "") =>
    `<text x="${left.toFixed(1)}" y="${top.toFixed(1)}" ${more}>${escape(words)}</text>`;
  const parts = [text(MARGIN.left, 22, title, 'font-weight="bold"')];
  for (const tick of xs.ticks) {
    const at = xs.at(tick);
    parts.push(`<path class="grid" d="M${at.toFixed(1)} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}"/>`);
    parts.push(text(at, HEIGHT - MARGIN.bottom + 18, short(tick), 'text-anchor="middle"'));
  }
  for (const tick of ys.ticks) {
    const at = ys.at(tick);
    parts.push(`<path class="grid" d="M${MARGIN.left} ${at.toFixed(1)}H${WIDTH - MARGIN.right}"/>`);
    parts.push(text(MARGIN.left - 8, at + 4, short(tick), 'text-anchor="end"'));
  }
  parts.push(text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 10, x, 'text-anchor="middle"'));
  parts.push(text(0, 0, y, `text-anchor="middle" transform="translate(16 ${HEIGHT / 2}) rotate(-90)"`));
  /** @type {number[]} */
  const taken = [];
  for (const [index, { name, points: all }] of lines.entries()) {
    const drawn = all.filter(([, value]) => value > 0).map(([at, value]) => /** @type {const} */ ([xs.at(at), ys.at(value)]));
    const last = drawn.at(-1);
    if (last === undefined) continue;
    const color = COLORS[index % COLORS.length];
    parts.push(`<path fill="none" stroke="${color}" stroke-width="2.5" d="M${drawn.map(([left, top]) => `${left.toFixed(1)} ${top.toFixed(1)}`).join("L")}"/>`);
    for (const [left, top] of drawn) parts.push(`<circle cx="${left.toFixed(1)}" cy="${top.toFixed(1)}" r="3.5" fill="${color}"/>`);
    let label = last[1] + 4;
    while (taken.some((other) => Math.abs(other - label) < 14)) label += 14;
    taken.push(label);
    parts.push(text(last[0] + 10, label, name, `fill="${color}" class="name"`));
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${escape(title)}">
<style>text:not(.name) { fill: #777 } .grid { stroke: #7774; fill: none }</style>
${parts.join("\n")}
</svg>
`;
}

/** A logarithmic axis. @param {number[]} values @param {number} from @param {number} to */
function scale(values, from, to) {
  const [least, most] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))];
  const pad = Math.max(0.05, (most - least) * 0.05);
  const [low, high] = [least - pad, most + pad];
  const at = (/** @type {number} */ value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  const ticks = [];
  for (let power = Math.floor(low); power <= high; power++) {
    for (const step of high - low > 2.5 ? [1] : [1, 3]) {
      const tick = step * 10 ** power;
      if (Math.log10(tick) >= low && Math.log10(tick) <= high) ticks.push(tick);
    }
  }
  return { at, ticks };
}

/** @param {number} value */
function short(value) {
  return value >= 1_000_000 ? `${value / 1_000_000} M` : value >= 1_000 ? `${value / 1_000} k` : String(+value.toPrecision(2));
}

/** @param {string} words */
function escape(words) {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
