import { escapeHtml } from '../../../common/html.ts';
import { htmlPage } from '../../page/html-page.ts';
import { duration, loadReport } from '../results/report.ts';
import type { LoadResult } from '../results/result.ts';
import { type ChartLine, chartSvg } from './chart.ts';
import { linearScale, logScale, ninesScale } from './scale.ts';
import { LOAD_PAGE_STYLE } from './style.ts';

/**
 * A page of HTML with the report, times of requests and answers over time, and the curve of percentiles. It is one file that loads nothing and
 * has no script. `title` is text; default `spdyload`.
 */
export function loadPage(result: LoadResult, title = 'spdyload'): string {
  const charts =
    result.timeline.intervals.length === 0
      ? '<p>No request has ended: there is nothing to draw.</p>\n'
      : `${timesChart(result)}${answersChart(result)}${curveChart(result)}`;
  const body = `<h1>${escapeHtml(title)}</h1>
<pre>${escapeHtml(loadReport(result))}</pre>
${charts}`;
  return htmlPage({ title, style: LOAD_PAGE_STYLE, body });
}

function timesChart({ timeline, durationMs, request }: LoadResult): string {
  const { intervalMs, intervals } = timeline;
  const line = (look: string, name: 'median' | 'p99' | 'max'): ChartLine => ({
    look,
    points: intervals.map((interval) =>
      interval.answers === 0 ? null : [interval.at + intervalMs / 2, interval[name]],
    ),
  });
  const svg = chartSvg({
    label: 'Times of requests over time: median, 99th percentile and longest',
    x: linearScale(durationMs, 'at-max'),
    y: logScale(request.min, request.max),
    nameX: tickName,
    nameY: tickName,
    lines: [line('c', 'max'), line('b', 'p99'), line('a', 'median')],
    notes: intervals.map(({ at, answers, median, p99, max }) => ({
      from: at,
      to: at + intervalMs,
      text: `from ${duration(at)} on: ${answers} answers${answers === 0 ? '' : `, median ${duration(median)}, 99% ${duration(p99)}, longest ${duration(max)}`}`,
    })),
  });
  return `<h2>Time for request <span class="a">median</span> <span class="b">99%</span> <span class="c">longest</span></h2>\n${svg}`;
}

function answersChart({ timeline, durationMs }: LoadResult): string {
  const { intervalMs } = timeline;
  const bars = timeline.intervals.map(({ at, answers, errors }) => {
    // The last one ends with the run.
    const ms = Math.min(intervalMs, Math.max(durationMs - at, 1));
    return { from: at, to: at + ms, answers: (answers * 1000) / ms, errors: (errors * 1000) / ms };
  });
  const svg = chartSvg({
    label: 'Answers and errors in a second, over time',
    x: linearScale(durationMs, 'at-max'),
    y: linearScale(Math.max(...bars.map(({ answers, errors }) => answers + errors))),
    nameX: tickName,
    nameY: String,
    bars: bars.flatMap(({ from, to, answers, errors }) => [
      { look: 'bar', from, to, low: 0, high: answers },
      ...(errors === 0 ? [] : [{ look: 'warn', from, to, low: answers, high: answers + errors }]),
    ]),
    notes: bars.map(({ from, to, answers, errors }) => ({
      from,
      to,
      text: `from ${duration(from)} on: ${answers.toFixed(1)} answers and ${errors.toFixed(1)} errors in a second`,
    })),
  });
  return `<h2>Answers in a second <span class="warn">errors</span></h2>\n${svg}`;
}

function curveChart({ curve, request }: LoadResult): string {
  const below = curve.filter(([percent]) => percent < 100);
  const last = below.at(-1)?.[0] ?? 0;
  const svg = chartSvg({
    label: 'Time that a percentage of the requests does not exceed',
    x: ninesScale(last),
    y: linearScale(request.max),
    nameX: (percent) => `${percent}%`,
    nameY: tickName,
    lines: [{ look: 'a', points: curve }],
    notes: curve.map(([percent, ms], index) => ({
      from: percent,
      to: curve[index + 1]?.[0] ?? 100,
      text: `${percent.toFixed(5).replace(/\.?0+$/, '')}%: ${duration(ms)}`,
    })),
  });
  return `<h2>Percentiles</h2>\n${svg}`;
}

/** `100ms`, `1.50s`. */
function tickName(ms: number): string {
  return duration(ms).replace(/\.0+(?=[a-z])/, '');
}
