import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { BackCall, BackHandler, BackRequest, Transport } from './back.ts';
import { H2Back } from './h2-back.ts';
import { clientClass } from './http1/undici.ts';
import { Http1Back } from './http1-back.ts';
import type { ResolvedBack } from './options.ts';
import { PrivateConnections } from './private-connections.ts';
import { SpdyBack } from './spdy-back.ts';

/** When a back is taken out of service, and how it comes back. Times are milliseconds. */
export interface BackendRules {
  /** Failures in a row (no connection, no answer, one that was cut off) after which it gets no requests for `openMs`. */
  readonly maxFailures: number;
  /** How long. After that one request tries it. */
  readonly openMs: number;
  /** How long its share grows until it is the whole, once it is in service again. */
  readonly slowStartMs: number;
}

/** A server behind the proxy, and what is known of it. */
export class Backend {
  readonly options: ResolvedBack;
  /** For choosing by a field: the same for every proxy that has this back. */
  readonly seed: string;
  /** Requests under way. */
  active = 0;
  /** Requests that it was sent. */
  requests = 0;
  /** Requests that it did not answer, or not to the end. */
  failures = 0;
  readonly #rules: BackendRules;
  readonly #transport: Transport;
  #row = 0;
  /** By `performance.now()`: until then it gets nothing, 0 if it is in service. */
  #closedUntil = 0;
  /** One request tries whether it is in service again. */
  #trying = false;
  /** When it came into service again. */
  #upAt = Number.NEGATIVE_INFINITY;
  /** What the active checks have found. */
  #healthy = true;

  constructor(options: ResolvedBack, rules: BackendRules) {
    this.options = options;
    this.#rules = rules;
    this.seed = createHash('sha256').update(options.name).digest('hex').slice(0, 16);
    const { sendProxy } = options;
    this.#transport =
      sendProxy === null
        ? transportFor(options)
        : new PrivateConnections(options, sendProxy, transportFor);
  }

  /** Whether it is what these options and rules make. */
  isFor(options: ResolvedBack, rules: BackendRules): boolean {
    return sameValue(this.options, options) && sameValue(this.#rules, rules);
  }

  /** Whether it may get a request now. */
  get usable(): boolean {
    if (!this.#healthy || this.active >= this.options.maxRequests) return false;
    if (this.#closedUntil === 0) return true;
    return performance.now() >= this.#closedUntil && !this.#trying;
  }

  /** Whether it has as many requests as it may have. */
  get full(): boolean {
    return this.active >= this.options.maxRequests;
  }

  /** Whether it is in service: healthy, and not taken out for its failures. */
  get inService(): boolean {
    return this.#healthy && this.#closedUntil === 0;
  }

  /** Its share now: less than its weight just after it came into service again. */
  get weight(): number {
    const { weight } = this.options;
    const { slowStartMs } = this.#rules;
    const age = performance.now() - this.#upAt;
    return age >= slowStartMs ? weight : weight * Math.max(0.05, age / slowStartMs);
  }

  /** Sends a request; one of `answered()`, `abandoned()` and `failed()` is called when it is over. */
  send(request: BackRequest, handler: BackHandler): BackCall {
    this.active++;
    this.requests++;
    this.#trying = this.#closedUntil !== 0;
    return this.#transport.send(request, handler);
  }

  /** Sends a request that is no client's: it counts for nothing. */
  ask(request: BackRequest, handler: BackHandler): BackCall {
    return this.#transport.send(request, handler);
  }

  /** A request was answered, whatever the answer was, and is over. */
  answered(): void {
    this.active--;
    this.#row = 0;
    if (this.#closedUntil !== 0) this.#open();
  }

  /** A request was given up before it was answered. */
  abandoned(): void {
    this.active--;
    this.#trying = false;
  }

  /** A request was not answered, or not to the end, by no fault of it. */
  failed(): void {
    this.active--;
    this.failures++;
    this.#row++;
    const { maxFailures, openMs } = this.#rules;
    const again = this.#closedUntil !== 0;
    if (again || (maxFailures > 0 && this.#row >= maxFailures)) {
      this.#closedUntil = performance.now() + openMs;
      this.#trying = false;
    }
  }

  /** What an active check has found. */
  checked(healthy: boolean): void {
    const was = this.#healthy;
    this.#healthy = healthy;
    if (healthy && !was) this.#open();
  }

  /** Ends connections in order. */
  close(): void {
    this.#transport.close();
  }

  /** Ends connections at once. */
  destroy(): void {
    this.#transport.destroy();
  }

  #open(): void {
    this.#closedUntil = 0;
    this.#trying = false;
    this.#row = 0;
    this.#upAt = performance.now();
  }
}

function transportFor(options: ResolvedBack): Transport {
  if (options.protocol === 'http/1.1') {
    // Both ways have connections of their own: together these would be twice as many as were asked for.
    return new Http1Back(options, options.limitsConnections ? null : clientClass());
  }
  return options.protocol === 'h2' ? new H2Back(options) : new SpdyBack(options);
}

/** Whether options are the same: those that are data by what they hold, functions and other objects (contexts of TLS) only if they are one. */
function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (!isData(a) || !isData(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameValue(a[name], b[name]))
  );
}

/** Whether a value is a list, or an object without a class. */
function isData(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
