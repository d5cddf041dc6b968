import { loadPackage } from '../../../common/packages.ts';

/** What is used of a histogram of hdr-histogram-js. */
export interface Histogram {
  readonly recordedValuesIterator: {
    reset(): void;
    hasNext(): boolean;
    next(): { readonly valueIteratedTo: number; readonly countAtValueIteratedTo: number };
  };
  add(other: Histogram): void;
  recordValue(value: number): void;
  recordValueWithCount(value: number, count: number): void;
  getValueAtPercentile(percentile: number): number;
  reset(): void;
}

/** Makes histograms, with three significant digits unless it is told another number. */
export type HistogramMaker = (digits?: 1 | 2 | 3) => Histogram;

/** The samples of a series as data: moments, and how often each value came. */
export interface SeriesData {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Sum of the squared differences from the mean. */
  readonly squares: number;
  readonly values: readonly (readonly [value: number, count: number])[];
}

/**
 * Loads what histograms are made by.
 *
 * @throws MissingPackageError if hdr-histogram-js is not installed
 */
export async function loadHistograms(): Promise<HistogramMaker> {
  const { build } = await loadPackage(
    'hdr-histogram-js',
    'spdyload',
    () => import('hdr-histogram-js'),
  );
  // Counts of 8 and 16 bits would wrap.
  const options = { bitBucketSize: 32, autoResize: true } as const;
  return (numberOfSignificantValueDigits = 3) =>
    build({ ...options, numberOfSignificantValueDigits }) as unknown as Histogram;
}

/** How often each value of a histogram came, from the smallest one on. */
export function recordedValues(histogram: Histogram): [value: number, count: number][] {
  const values: [number, number][] = [];
  const each = histogram.recordedValuesIterator;
  each.reset();
  while (each.hasNext()) {
    const { valueIteratedTo, countAtValueIteratedTo } = each.next();
    values.push([valueIteratedTo, countAtValueIteratedTo]);
  }
  return values;
}

/** Times in microseconds: exact moments, and a histogram with three digits. */
export class Series {
  readonly #histogram: Histogram;
  #count = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;
  #mean = 0;
  #squares = 0;

  constructor(make: HistogramMaker) {
    this.#histogram = make();
  }

  /** Samples so far. */
  get count(): number {
    return this.#count;
  }

  /** Takes a time in milliseconds. */
  add(ms: number): void {
    const value = ms <= 0.001 ? 1 : Math.round(ms * 1000);
    this.#histogram.recordValue(value);
    this.#count++;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    const from = value - this.#mean;
    this.#mean += from / this.#count;
    this.#squares += from * (value - this.#mean);
  }

  /** Takes the samples of another one. */
  merge({ count, min, max, mean, squares, values }: SeriesData): void {
    if (count === 0) return;
    const total = this.#count + count;
    const between = mean - this.#mean;
    this.#squares += squares + (between * between * this.#count * count) / total;
    this.#mean += (between * count) / total;
    this.#count = total;
    this.#min = Math.min(this.#min, min);
    this.#max = Math.max(this.#max, max);
    for (const [value, times] of values) this.#histogram.recordValueWithCount(value, times);
  }

  /** The value that so many percent of the samples do not exceed. */
  percentile(percent: number): number {
    if (this.#count === 0) return 0;
    // The histogram rounds up to the end of a bucket, which nobody has measured.
    const value = this.#histogram.getValueAtPercentile(percent);
    return Math.max(this.#min, Math.min(value, this.#max));
  }

  /** Forgets all samples. */
  reset(): void {
    this.#histogram.reset();
    this.#count = 0;
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = 0;
    this.#mean = 0;
    this.#squares = 0;
  }

  /** The samples as data. */
  get data(): SeriesData {
    return {
      count: this.#count,
      min: this.#count === 0 ? 0 : this.#min,
      max: this.#max,
      mean: this.#mean,
      squares: this.#squares,
      values: this.#count === 0 ? [] : recordedValues(this.#histogram),
    };
  }
}
