import { type Histogram, type HistogramMaker, recordedValues } from './series.ts';

/** Intervals that are kept; when time goes on, two become one. */
const MOST_INTERVALS = 120;
const FIRST_MS = 100;
/** Three would take ten times as much memory for what no chart can show. */
const DIGITS = 2;

/** What came in an interval, as data; times are microseconds. */
export interface IntervalData {
  readonly index: number;
  readonly answers: number;
  readonly errors: number;
  readonly max: number;
  readonly values: readonly (readonly [value: number, count: number])[];
}

/** What a timeline knows, as data; intervals without anything are left out. */
export interface TimelineData {
  readonly intervalMs: number;
  readonly intervals: readonly IntervalData[];
}

/** Times of requests by when these ended, in a bounded number of intervals of the same length. */
export class Timeline {
  readonly #make: HistogramMaker;
  #intervals: (Interval | undefined)[] = [];
  #intervalMs = FIRST_MS;
  #begun = 0;

  constructor(make: HistogramMaker) {
    this.#make = make;
  }

  /** Milliseconds that an interval has. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** Forgets everything, and begins at `now`. */
  begin(now: number): void {
    this.#intervals = [];
    this.#intervalMs = FIRST_MS;
    this.#begun = now;
  }

  /** An answer came at `now`, after so many milliseconds. */
  answered(now: number, ms: number): void {
    this.#at(now).add(Math.max(1, Math.round(ms * 1000)));
  }

  /** A request ended at `now` without an answer. */
  failed(now: number): void {
    this.#at(now).errors++;
  }

  /** Takes what another one has recorded, which has begun with this one. */
  merge({ intervalMs, intervals }: TimelineData): void {
    while (this.#intervalMs < intervalMs) this.#widen();
    for (const data of intervals) {
      const index = Math.floor((data.index * intervalMs) / this.#intervalMs);
      this.#interval(index).merge(data);
    }
  }

  /** Calls `show` for each interval from the first to the last with something, in order: null where nothing was. */
  each(show: (index: number, interval: Interval | null) => void): void {
    for (let index = 0; index < this.#intervals.length; index++)
      show(index, this.#intervals[index] ?? null);
  }

  /** All of it as data. */
  get data(): TimelineData {
    const intervals: IntervalData[] = [];
    this.each((index, interval) => {
      if (interval !== null) intervals.push(interval.data(index));
    });
    return { intervalMs: this.#intervalMs, intervals };
  }

  #at(now: number): Interval {
    const since = Math.max(0, now - this.#begun);
    while (since >= MOST_INTERVALS * this.#intervalMs) this.#widen();
    return this.#interval(Math.floor(since / this.#intervalMs));
  }

  #interval(index: number): Interval {
    let interval = this.#intervals[index];
    if (interval === undefined) {
      interval = new Interval(this.#make(DIGITS));
      this.#intervals[index] = interval;
    }
    return interval;
  }

  /** Two become one. */
  #widen(): void {
    const narrow = this.#intervals;
    this.#intervals = [];
    this.#intervalMs *= 2;
    for (const [index, interval] of narrow.entries()) {
      if (interval === undefined) continue;
      const half = index >> 1;
      const other = this.#intervals[half];
      if (other === undefined) this.#intervals[half] = interval;
      else other.take(interval);
    }
  }
}

/** What came in an interval. */
export class Interval {
  answers = 0;
  errors = 0;
  /** Longest time, in microseconds. */
  max = 0;
  readonly #histogram: Histogram;

  constructor(histogram: Histogram) {
    this.#histogram = histogram;
  }

  /** Takes a time in microseconds. */
  add(value: number): void {
    this.#histogram.recordValue(value);
    this.answers++;
    if (value > this.max) this.max = value;
  }

  /** Takes all of another one. */
  take(other: Interval): void {
    this.#histogram.add(other.#histogram);
    this.#count(other);
  }

  /** Takes what is in data. */
  merge(data: IntervalData): void {
    for (const [value, count] of data.values) this.#histogram.recordValueWithCount(value, count);
    this.#count(data);
  }

  /** The time that so many percent of the answers do not exceed, in microseconds; 0 without any. */
  percentile(percent: number): number {
    if (this.answers === 0) return 0;
    return Math.min(this.#histogram.getValueAtPercentile(percent), this.max);
  }

  /** As data. */
  data(index: number): IntervalData {
    const { answers, errors, max } = this;
    const values = answers === 0 ? [] : recordedValues(this.#histogram);
    return { index, answers, errors, max, values };
  }

  #count({ answers, errors, max }: Pick<IntervalData, 'answers' | 'errors' | 'max'>): void {
    this.answers += answers;
    this.errors += errors;
    this.max = Math.max(this.max, max);
  }
}
