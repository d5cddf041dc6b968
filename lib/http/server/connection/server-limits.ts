import type { Server as HttpServer } from 'node:http';
import { checkTime } from '../../../common/check.ts';
import { ServerEmitter } from '../events.ts';

/** Times that can be set while a server runs, in milliseconds. */
export interface ServerTimes {
  headersTimeoutMs: number;
  requestTimeoutMs: number;
}

/** What programs set on a server of `http`, under the names that it has there. */
export abstract class ServerLimits extends ServerEmitter {
  readonly #times: ServerTimes;

  /** What is set is written into `times`. */
  constructor(times: ServerTimes) {
    super();
    this.#times = times;
  }

  /** The server that HTTP/1.1 connections are given to: to set what it has. Null without `allowHttp1`. */
  abstract get http1(): HttpServer | null;

  /** The option `headersTimeoutMs`, for sessions and connections from now on. Throws an InvalidArgumentError for what is no time. */
  get headersTimeout(): number {
    return this.#times.headersTimeoutMs;
  }

  set headersTimeout(milliseconds: number) {
    this.#times.headersTimeoutMs = checkTime('headersTimeout', milliseconds);
    if (this.http1 !== null) this.http1.headersTimeout = milliseconds;
  }

  /** The option `requestTimeoutMs`, for requests from now on. Throws an InvalidArgumentError for what is no time. */
  get requestTimeout(): number {
    return this.#times.requestTimeoutMs;
  }

  set requestTimeout(milliseconds: number) {
    this.#times.requestTimeoutMs = checkTime('requestTimeout', milliseconds);
    if (this.http1 !== null) this.http1.requestTimeout = milliseconds;
  }

  /** HTTP/1.1: milliseconds for which an unused connection is kept; 0 without `allowHttp1`. Sessions have `idleTimeoutMs`. */
  get keepAliveTimeout(): number {
    return this.http1?.keepAliveTimeout ?? 0;
  }

  set keepAliveTimeout(milliseconds: number) {
    if (this.http1 !== null) this.http1.keepAliveTimeout = milliseconds;
  }

  /** HTTP/1.1: most header fields of a request, null for 2000. With SPDY it is the option `maxHeaderCount`. */
  get maxHeadersCount(): number | null {
    return this.http1?.maxHeadersCount ?? null;
  }

  set maxHeadersCount(count: number | null) {
    if (this.http1 !== null) this.http1.maxHeadersCount = count;
  }

  /** HTTP/1.1: most requests of a connection, null or 0 for no limit. Sessions have none. */
  get maxRequestsPerSocket(): number | null {
    return this.http1?.maxRequestsPerSocket ?? null;
  }

  set maxRequestsPerSocket(count: number | null) {
    if (this.http1 !== null) this.http1.maxRequestsPerSocket = count;
  }
}
