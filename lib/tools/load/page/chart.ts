import { escapeHtml } from '../../../common/html.ts';
import type { Scale } from './scale.ts';

/** A line of a chart. */
export interface ChartLine {
  /** A class of the style sheet. */
  readonly look: string;
  /** Null is a gap. */
  readonly points: readonly (readonly [x: number, y: number] | null)[];
}

/** A bar of a chart: from one value to another, upwards from a height. */
export interface ChartBar {
  readonly look: string;
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
}

/** A stripe of a chart that tells something when it is pointed at. */
export interface ChartNote {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** A chart. Texts are escaped here. */
export interface Chart {
  /** What it shows, for those who do not see it. */
  readonly label: string;
  readonly x: Scale;
  readonly y: Scale;
  readonly nameX: (value: number) => string;
  readonly nameY: (value: number) => string;
  readonly bars?: readonly ChartBar[] | undefined;
  readonly lines?: readonly ChartLine[] | undefined;
  readonly notes: readonly ChartNote[];
}

const WIDTH = 1000;
const HEIGHT = 260;
const LEFT = 64;
const RIGHT = 24;
const TOP = 10;
const BOTTOM = 24;

/** A chart as SVG, which has its colours from the style sheet. */
export function chartSvg(chart: Chart): string {
  const { label, bars = [], lines = [], notes } = chart;
  const x = (value: number): number => LEFT + chart.x.at(value) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number =>
    HEIGHT - BOTTOM - chart.y.at(value) * (HEIGHT - TOP - BOTTOM);
  const box = (from: number, to: number, low: number, high: number): string =>
    `x="${text(x(from))}" y="${text(high)}" width="${text(x(to) - x(from))}" height="${text(low - high)}"`;
  const parts = [
    ...chart.y.ticks.map((tick) => {
      const at = y(tick);
      return `<path class="grid" d="M${LEFT} ${text(at)}H${WIDTH - RIGHT}"/><text class="end" x="${LEFT - 6}" y="${text(at + 4)}">${escapeHtml(chart.nameY(tick))}</text>`;
    }),
    ...chart.x.ticks.map(
      (tick) =>
        `<text class="middle" x="${text(x(tick))}" y="${HEIGHT - 6}">${escapeHtml(chart.nameX(tick))}</text>`,
    ),
    ...bars.map(
      ({ look, from, to, low, high }) =>
        `<rect class="${look}" ${box(from, to, y(low), y(high))}/>`,
    ),
    ...lines.map(({ look, points }) => `<path class="line ${look}" d="${path(points, x, y)}"/>`),
    ...notes.map(
      ({ from, to, text }) =>
        `<rect class="point" ${box(from, to, HEIGHT - BOTTOM, TOP)}><title>${escapeHtml(text)}</title></rect>`,
    ),
  ];
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(label)}">\n${parts.join('\n')}\n</svg>\n`;
}

/** A point alone is a short stroke. */
function path(
  points: ChartLine['points'],
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  let drawn = '';
  let down = false;
  for (const [index, point] of points.entries()) {
    if (point !== null) {
      drawn += `${down ? 'L' : 'M'}${text(x(point[0]))} ${text(y(point[1]))}`;
      if (!down && (points[index + 1] ?? null) === null) drawn += 'h3';
    }
    down = point !== null;
  }
  return drawn;
}

function text(value: number): string {
  return String(Math.round(value * 10) / 10);
}
