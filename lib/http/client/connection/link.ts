import type http from 'node:http';
import type { Session } from '../../../session/public.ts';
import type { StreamGate } from './stream-gate.ts';

/** The priority of requests that were given none: no version has a less urgent one. */
export const LEAST_URGENT = 7;

/** Requests made in one tick that wait for each other: a write is cheap beside them (measured: 1.4 times as many a second, 90 at once). */
const FLUSHED_TOGETHER = 32;

/** A way to a server, in use until it is released. */
export type Link = SpdyLink | HttpLink;

/** Who lends links. */
export interface Lender {
  /** One of them is used no more. */
  released(): void;
  /** The stream ids of this session are used up: it is no way for others either. */
  exhausted(session: Session): void;
}

/** A SPDY session that is ready for requests. */
export interface SpdyWay {
  readonly protocol: 'spdy';
  readonly session: Session;
  /** URLs that are being pushed in the session. */
  readonly pushing: Set<string>;
  readonly gate: StreamGate;
  /** Requests that have gone this way. */
  requests: number;
}

/** A place in a SPDY session. */
export class SpdyLink {
  readonly protocol = 'spdy';
  /** Whether other requests have gone this way before. */
  readonly reused: boolean;
  readonly way: SpdyWay;
  readonly #lender: Lender;
  #opened = false;
  #released = false;

  /** A place of `way` was taken for it. */
  constructor(way: SpdyWay, reused: boolean, lender: Lender) {
    this.way = way;
    this.reused = reused;
    this.#lender = lender;
  }

  /** A stream was opened: from now on its end counts for the limit of the server, not that of the link. */
  opened(): void {
    this.#opened = true;
  }

  /** All that the request has for now was submitted. Of very many at once, the server works on the first while the others are made. */
  begun(): void {
    const { way } = this;
    way.requests++;
    if (way.requests % FLUSHED_TOGETHER === 0) way.session.flush();
  }

  /** The stream ids of the session are used up: it is no way for others either. */
  exhausted(): void {
    this.#lender.exhausted(this.way.session);
  }

  /** It is used no more. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    if (!this.#opened) this.way.gate.leave();
    this.#lender.released();
  }
}

/** An agent that speaks HTTP/1.1 with the server. */
export class HttpLink {
  readonly protocol = 'http/1.1';
  /** Whether other requests have gone this way before. */
  readonly reused: boolean;
  readonly agent: http.Agent;
  readonly #lender: Lender;
  #released = false;

  constructor(agent: http.Agent, reused: boolean, lender: Lender) {
    this.agent = agent;
    this.reused = reused;
    this.#lender = lender;
  }

  /** It is used no more. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#lender.released();
  }
}
