import type http from 'node:http';
import type { Session } from '../../session/public.ts';

/** A way to a server, in use until it is released. */
export type Link = SpdyLink | HttpLink;

interface LinkBase {
  /** Whether other requests have gone this way before. */
  readonly reused: boolean;
  /** It is used no more. */
  release(): void;
}

/** A SPDY session. */
export interface SpdyLink extends LinkBase {
  readonly protocol: 'spdy';
  readonly session: Session;
  /** URLs that are being pushed in the session. */
  readonly pushing: Set<string>;
  /** A stream was opened: from now on its end counts for the limit of the server, not that of the link. */
  opened(): void;
  /** The stream ids of the session are used up: it is no way for others either. */
  exhausted(): void;
}

/** An agent that speaks HTTP/1.1 with the server. */
export interface HttpLink extends LinkBase {
  readonly protocol: 'http/1.1';
  readonly agent: http.Agent;
}
