import type { ShareRecord } from '../crew.ts';
import type { LoadProtocol } from '../options.ts';
import type { LoadPlan } from '../plan.ts';
import { Recorder } from './recorder.ts';
import type { HistogramMaker, Series } from './series.ts';
import type { Timeline } from './timeline.ts';

/** Requests, by what became of them. */
export interface LoadRequests {
  /** That were to be sent; with a duration, those that have ended. */
  readonly total: number;
  /** That were sent. */
  readonly started: number;
  /** That have ended, in whatever way. */
  readonly done: number;
  /** Of status 200 to 399. */
  readonly succeeded: number;
  /** All others. */
  readonly failed: number;
  /** Those of the failed ones that got no complete answer. */
  readonly errored: number;
  /** Those of the errored ones whose connection took too long. */
  readonly timeout: number;
}

/** Bytes that came. */
export interface LoadTraffic {
  /** All of the protocol, without TLS. */
  readonly total: number;
  /** Header blocks of answers, as they came; null where that is not known (h2). */
  readonly headers: number | null;
  /** Names and values in them. */
  readonly headersPlain: number;
  /** Bodies. */
  readonly data: number;
}

/** How samples are distributed. */
export interface LoadDistribution {
  /** How many there are. */
  readonly count: number;
  /** The smallest one; 0 where there is none, as for those that follow. */
  readonly min: number;
  /** The largest one. */
  readonly max: number;
  /** The arithmetic mean. */
  readonly mean: number;
  /** Standard deviation. */
  readonly sd: number;
  /** Share of the samples that are not farther from the mean, 0 to 1. */
  readonly withinSd: number;
}

/** A distribution of times, in milliseconds. */
export interface LoadTimes extends LoadDistribution {
  /** By the percentage that takes no longer. */
  readonly percentiles: Readonly<Record<LoadPercentile, number>>;
}

/** What became of the requests that ended in an interval; times are milliseconds. */
export interface LoadInterval {
  /** When it begins, counted from the beginning of the run or the end of the warm-up. */
  readonly at: number;
  /** Answers of any status. */
  readonly answers: number;
  /** Requests without a complete answer. */
  readonly errors: number;
  /** The time that half of the answers do not exceed; 0 without any, as for those that follow. */
  readonly median: number;
  /** The time that 99 of 100 answers do not exceed. */
  readonly p99: number;
  /** The longest time. */
  readonly max: number;
}

/** How a run went over time. */
export interface LoadTimeline {
  /** Length of each interval in milliseconds: 100, or so many times the double that there are at most 120 intervals. */
  readonly intervalMs: number;
  /** The intervals without a gap, up to the last one in which a request ended. */
  readonly intervals: readonly LoadInterval[];
}

/** The percentages that are told. */
export type LoadPercentile = '50' | '75' | '90' | '95' | '99' | '99.9' | '99.99';

/** What came of a run. */
export interface LoadResult {
  /** What was spoken; null if no connection was made. */
  readonly protocol: LoadProtocol | null;
  /** Version of TLS and cipher; null without TLS. */
  readonly tls: string | null;
  /** How long it took, without the warm-up, in milliseconds. */
  readonly durationMs: number;
  /** Successful requests in a second. */
  readonly requestsPerSecond: number;
  /** Received bytes in a second. */
  readonly bytesPerSecond: number;
  /** Requests, by what became of them. */
  readonly requests: LoadRequests;
  /** Answers by the hundreds of their status. */
  readonly statuses: Readonly<Record<'1xx' | '2xx' | '3xx' | '4xx' | '5xx', number>>;
  /** Bytes that came. */
  readonly traffic: LoadTraffic;
  /** Connections that were made. */
  readonly connections: number;
  /** Until the answer was complete: from sending, with a request rate from when the request was due. */
  readonly request: LoadTimes;
  /** The same as a curve: the milliseconds that a percentage of the requests do not exceed, with rising percentages from 0 to 100. */
  readonly curve: readonly (readonly [percent: number, ms: number])[];
  /** The same over time. */
  readonly timeline: LoadTimeline;
  /** Until a connection was established, TLS included. */
  readonly connect: LoadTimes;
  /** From the beginning of a connection to its first reply. */
  readonly firstByte: LoadTimes;
  /** Successful requests in a second of each client. */
  readonly clientRates: LoadDistribution;
  /** Why requests and connections failed, and how many times; 20 at most. */
  readonly errors: readonly { readonly message: string; readonly count: number }[];
}

/** The percentages, in order. */
export const LOAD_PERCENTILES: readonly LoadPercentile[] = [
  '50',
  '75',
  '90',
  '95',
  '99',
  '99.9',
  '99.99',
];

const CURVE_STEPS = 12;

/** What all threads have recorded, as one result. */
export function resultOf(
  plan: LoadPlan,
  shares: readonly ShareRecord[],
  make: HistogramMaker,
): LoadResult {
  const all = new Recorder(make);
  for (const { data } of shares) all.merge(data);
  const { counts, statuses } = all.data;
  const durationMs = Math.max(0, ...shares.map(({ ms }) => ms));
  const perSecond = (count: number): number => (durationMs > 0 ? (count * 1000) / durationMs : 0);
  const total = plan.quotas.reduce((sum, quota) => sum + quota, 0);
  return {
    protocol: all.protocol,
    tls: all.tls,
    durationMs,
    requestsPerSecond: perSecond(counts.succeeded),
    bytesPerSecond: perSecond(counts.bytes),
    requests: {
      total: Number.isFinite(total) ? total : counts.done,
      started: counts.started,
      done: counts.done,
      succeeded: counts.succeeded,
      failed: counts.failed,
      errored: counts.errored,
      timeout: counts.timedOut,
    },
    statuses: {
      '1xx': statuses[1] as number,
      '2xx': statuses[2] as number,
      '3xx': statuses[3] as number,
      '4xx': statuses[4] as number,
      '5xx': statuses[5] as number,
    },
    traffic: {
      total: counts.bytes,
      headers: all.protocol === 'h2' ? null : counts.headerBytes,
      headersPlain: counts.headerText,
      data: counts.dataBytes,
    },
    connections: all.connections,
    request: timesOf(all.request),
    curve: curveOf(all.request),
    timeline: timelineOf(all.timeline),
    connect: timesOf(all.connect),
    firstByte: timesOf(all.firstByte),
    clientRates: distributionOf(all.rates),
    errors: all.data.errors.map(([message, count]) => ({ message, count })),
  };
}

function timesOf(series: Series): LoadTimes {
  const { count, min, max, mean, squares, values } = series.data;
  const sd = count > 1 ? Math.sqrt(squares / (count - 1)) : 0;
  let within = 0;
  for (const [value, times] of values) if (Math.abs(value - mean) <= sd) within += times;
  const percentiles = LOAD_PERCENTILES.map((name) => [
    name,
    series.percentile(Number(name)) / 1000,
  ]);
  return {
    count,
    min: min / 1000,
    max: max / 1000,
    mean: Math.round(mean) / 1000,
    sd: Math.round(sd) / 1000,
    withinSd: shareOf(within, count, sd),
    percentiles: Object.fromEntries(percentiles) as Record<LoadPercentile, number>,
  };
}

/** As many points for each further nine: at most so many as the samples tell of. */
function curveOf(series: Series): [number, number][] {
  const { count } = series;
  if (count === 0) return [];
  const curve: [number, number][] = [];
  for (let step = 0; 10 ** (-step / CURVE_STEPS) * count > 1; step++) {
    const percent = 100 - 100 * 10 ** (-step / CURVE_STEPS);
    curve.push([Math.round(percent * 1e9) / 1e9, series.percentile(percent) / 1000]);
  }
  curve.push([100, series.percentile(100) / 1000]);
  return curve;
}

function timelineOf(timeline: Timeline): LoadTimeline {
  const { intervalMs } = timeline;
  const intervals: LoadInterval[] = [];
  timeline.each((index, interval) => {
    intervals.push({
      at: index * intervalMs,
      answers: interval?.answers ?? 0,
      errors: interval?.errors ?? 0,
      median: (interval?.percentile(50) ?? 0) / 1000,
      p99: (interval?.percentile(99) ?? 0) / 1000,
      max: (interval?.max ?? 0) / 1000,
    });
  });
  return { intervalMs, intervals };
}

function distributionOf(values: readonly number[]): LoadDistribution {
  const count = values.length;
  if (count === 0) return { count, min: 0, max: 0, mean: 0, sd: 0, withinSd: 0 };
  let [min, max, sum] = [Number.POSITIVE_INFINITY, 0, 0];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  const mean = sum / count;
  const squares = values.reduce((squares, value) => squares + (value - mean) ** 2, 0);
  const sd = count > 1 ? Math.sqrt(squares / (count - 1)) : 0;
  const within = values.filter((value) => Math.abs(value - mean) <= sd).length;
  return { count, min, max, mean, sd, withinSd: shareOf(within, count, sd) };
}

/** Where all are alike, rounding shall not tell otherwise. */
function shareOf(within: number, count: number, sd: number): number {
  if (count === 0) return 0;
  return sd === 0 ? 1 : within / count;
}
