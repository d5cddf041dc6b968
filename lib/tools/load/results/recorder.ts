import type { Exchange } from '../connections/exchange.ts';
import type { LoadProtocol } from '../options.ts';
import { type HistogramMaker, Series, type SeriesData } from './series.ts';
import { Timeline, type TimelineData } from './timeline.ts';

/** Counters of requests and bytes. */
export interface LoadCounts {
  started: number;
  done: number;
  succeeded: number;
  failed: number;
  errored: number;
  timedOut: number;
  /** Bytes that came, as the protocol has them: without TLS. */
  bytes: number;
  /** Header blocks on the wire; where `headersKnown` is false, unknown. */
  headerBytes: number;
  /** The names and values in them. */
  headerText: number;
  dataBytes: number;
}

/** What a recorder knows, as data. */
export interface RecorderData {
  readonly counts: LoadCounts;
  /** By hundreds of the status. */
  readonly statuses: readonly number[];
  readonly request: SeriesData;
  readonly timeline: TimelineData;
  readonly connect: SeriesData;
  readonly firstByte: SeriesData;
  /** Successful requests in a second, of each client. */
  readonly rates: readonly number[];
  /** Messages of errors, and how often each came. */
  readonly errors: readonly (readonly [message: string, count: number])[];
  /** What the connections spoke. */
  readonly protocol: LoadProtocol | null;
  /** Version of TLS and cipher. */
  readonly tls: string | null;
  /** Connections that were made. */
  readonly connections: number;
}

/** What makes the same reason a new one for each request. */
const STREAM = /^stream \d+ /;
/** More errors than these are of no use. */
const MOST_ERRORS = 20;

const none = (): LoadCounts => ({
  started: 0,
  done: 0,
  succeeded: 0,
  failed: 0,
  errored: 0,
  timedOut: 0,
  bytes: 0,
  headerBytes: 0,
  headerText: 0,
  dataBytes: 0,
});

/** What the clients of a thread report to. */
export class Recorder {
  /** Counters that the connections add to as well. */
  readonly counts: LoadCounts = none();
  readonly connect: Series;
  readonly firstByte: Series;
  readonly rates: number[] = [];
  /** Requests by when they ended. */
  readonly timeline: Timeline;
  /** Whether requests that begin now are counted. */
  counting = true;
  protocol: LoadProtocol | null = null;
  tls: string | null = null;
  connections = 0;
  readonly #request: Series;
  readonly #statuses = [0, 0, 0, 0, 0, 0];
  readonly #errors = new Map<string, number>();

  constructor(make: HistogramMaker) {
    this.#request = new Series(make);
    this.connect = new Series(make);
    this.firstByte = new Series(make);
    this.timeline = new Timeline(make);
  }

  /** A request has ended at `now`, with an answer of any status or an error; true if it is a success. */
  ended(exchange: Exchange, now: number, error: Error | null, timedOut: boolean): boolean {
    const { status } = exchange;
    const success = error === null && status >= 200 && status < 400;
    if (!exchange.counted) return success;
    const { counts } = this;
    counts.done++;
    if (error === null) {
      const ms = now - exchange.due;
      this.#request.add(ms);
      this.timeline.answered(now, ms);
      const hundreds = Math.floor(status / 100);
      if (hundreds > 0 && hundreds < 6) (this.#statuses[hundreds] as number)++;
      if (success) counts.succeeded++;
      else counts.failed++;
      return success;
    }
    counts.failed++;
    counts.errored++;
    if (timedOut) counts.timedOut++;
    this.timeline.failed(now);
    this.error(error);
    return false;
  }

  /** Requests that are not even sent. */
  abandon(requests: number, error: Error | null, timedOut: boolean): void {
    if (error !== null) this.error(error);
    if (requests === Number.POSITIVE_INFINITY) return;
    this.counts.failed += requests;
    this.counts.errored += requests;
    if (timedOut) this.counts.timedOut += requests;
  }

  /** Counts a reason. */
  error({ message, name }: Error): void {
    const text = (message || name).replace(STREAM, 'a stream ');
    const known = this.#errors.get(text);
    if (known !== undefined || this.#errors.size < MOST_ERRORS)
      this.#errors.set(text, (known ?? 0) + 1);
  }

  /** Requests are counted from now on. */
  begin(now: number): void {
    this.counting = true;
    this.timeline.begin(now);
  }

  /** Begins anew, but for the connections: the warm-up is over. */
  reset(now: number): void {
    Object.assign(this.counts, none());
    this.#statuses.fill(0);
    this.#request.reset();
    this.#errors.clear();
    this.rates.length = 0;
    this.begin(now);
  }

  /** Takes what another one has recorded. */
  merge(data: RecorderData): void {
    for (const name of Object.keys(this.counts) as (keyof LoadCounts)[])
      this.counts[name] += data.counts[name];
    for (const [hundreds, count] of data.statuses.entries())
      this.#statuses[hundreds] = (this.#statuses[hundreds] as number) + count;
    this.#request.merge(data.request);
    this.timeline.merge(data.timeline);
    this.connect.merge(data.connect);
    this.firstByte.merge(data.firstByte);
    this.rates.push(...data.rates);
    for (const [message, count] of data.errors)
      this.#errors.set(message, (this.#errors.get(message) ?? 0) + count);
    this.protocol ??= data.protocol;
    this.tls ??= data.tls;
    this.connections += data.connections;
  }

  /** Times of requests. */
  get request(): Series {
    return this.#request;
  }

  /** All of it as data. */
  get data(): RecorderData {
    const { counts, connect, firstByte, rates, protocol, tls, connections } = this;
    return {
      counts,
      statuses: this.#statuses,
      request: this.#request.data,
      timeline: this.timeline.data,
      connect: connect.data,
      firstByte: firstByte.data,
      rates,
      errors: [...this.#errors],
      protocol,
      tls,
      connections,
    };
  }
}
