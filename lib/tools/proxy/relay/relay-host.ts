import type { ResolvedHeaderRules } from '../message/forwarded.ts';
import type { Pool } from '../pool/pool.ts';
import type { FrontRequest } from './exchange.ts';

/** How long the phases of an exchange may take, in milliseconds; 0 is no limit. */
export interface RelayTimeouts {
  /** From the request, or the last piece of its body, to the head of the response: 504. */
  readonly responseMs: number;
  /** Without a byte either way, once the response has begun: reset. */
  readonly idleMs: number;
  /** The same for tunnels. */
  readonly tunnelIdleMs: number;
}

/** What a relay needs of its proxy. */
export interface RelayHost {
  readonly pool: Pool;
  readonly headers: ResolvedHeaderRules;
  readonly timeouts: RelayTimeouts;
  /** Whether requests go to proxies, with the whole URL, and CONNECT with them. */
  readonly forward: boolean;
  /** How many backs a request may be sent to. */
  readonly maxTries: number;
  /** Bytes of a request body that are kept for that. */
  readonly replayBytes: number;
  /** The exchange is over. */
  over(outcome: RelayOutcome): void;
}

/** What became of an exchange. */
export interface RelayOutcome {
  /** What was asked for. */
  readonly request: FrontRequest;
  /** Status of the answer; null if the client got none. */
  readonly status: number | null;
  /** Name of the back that has answered, or was tried last; null if none was. */
  readonly back: string | null;
  /** How many backs were tried. */
  readonly tries: number;
  /** Bytes of the request body. */
  readonly received: number;
  /** Bytes of the response body. */
  readonly sent: number;
  /** Why the client has not got a whole answer of a back; null if it has. */
  readonly error: Error | null;
}
