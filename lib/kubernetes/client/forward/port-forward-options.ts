import { abortSignal } from '../../../common/abort.ts';
import {
  checkObject,
  checkRange,
  checkTime,
  MAX_TIMEOUT_MS,
  shown,
} from '../../../common/check.ts';
import {
  checkOptions,
  givenOptions,
  optionNames,
  type Settled,
} from '../../../common/option-names.ts';
import { InvalidArgumentError } from '../../../errors.ts';
import type { SessionOptions } from '../../../session/public.ts';
import type { KubernetesTarget } from '../command/command-options.ts';
import type { KeepOpenOptions } from '../keep-open.ts';
import { checkTransport, type KubernetesTransport } from '../transport.ts';

/** How a lost connection is replaced. Every number has a default. */
export interface ReconnectOptions {
  /** Tries in a row (1 to 1000) before the local connections that wait are given up. Default 5. */
  readonly attempts?: number | undefined;
  /** Milliseconds before the second try, twice as many before each further one. Default 250. */
  readonly minDelayMs?: number | undefined;
  /** Most milliseconds between two tries. Default 10000. */
  readonly maxDelayMs?: number | undefined;
}

/** The same with their values. */
export type ReconnectLimits = Settled<ReconnectOptions>;

/** Options of `portForward()` besides the target. */
export interface PortForwardOptions {
  /**
   * `'spdy'`, `'websocket'` (SPDY inside of a WebSocket, from Kubernetes 1.31 on; needs the package `ws`), or `'auto'`: SPDY, and WebSocket when the
   * server does not let that through. Default `'auto'`.
   */
  readonly transport?: KubernetesTransport | undefined;
  /**
   * Replaces a lost connection when the next local connection comes, with one to another pod if the target (`deploy/web`, a selector) leads to one.
   * Default false: the listeners are closed.
   */
  readonly reconnect?: boolean | ReconnectOptions | undefined;
  /** Ends everything, with `ERR_SPDY_ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for connecting and the HTTP answer, 0 for no limit. Default 30000. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds for the server to accept a forwarded connection, 0 for no limit. Default 30000. */
  readonly replyTimeoutMs?: number | undefined;
  /** Milliseconds between PINGs, which keep proxies from closing a silent connection; 0 for none. Default 30000. */
  readonly pingIntervalMs?: number | undefined;
  /**
   * Milliseconds for the server to send anything behind a PING, 0 for no limit. Default 30000. Then the connection is lost. A server that may
   * be stuck with what a pod does not read has more time.
   */
  readonly pingTimeoutMs?: number | undefined;
  /**
   * Milliseconds without reading a byte after which a forwarded connection is reset that holds up all others; 0 for never. Default
   * 15000. (`inboundHighWaterMark` of the session says how many unread bytes hold up: 1 MiB.)
   */
  readonly stallTimeoutMs?: number | undefined;
  /** Options of the session, over those that Kubernetes needs. */
  readonly session?: SessionOptions | undefined;
}

/** Where and how `portForward()` connects. */
export type PortForwardRequest = KubernetesTarget & PortForwardOptions;

/** Many clients fail at once when a pod restarts: each of them makes two resets of the server. */
const STREAM_RESETS = { burst: 20_000, perSecond: 2000 };

const RECONNECT_NAMES = optionNames<ReconnectOptions>({
  attempts: true,
  minDelayMs: true,
  maxDelayMs: true,
});

/** The options with every default filled in. */
export interface ResolvedPortForward {
  readonly transport: KubernetesTransport;
  readonly reconnect: ReconnectLimits | null;
  readonly signal: AbortSignal | null;
  readonly timeoutMs: number;
  readonly replyTimeoutMs: number;
  readonly keepOpen: KeepOpenOptions;
  readonly stallTimeoutMs: number;
  readonly session: SessionOptions;
}

/** Checks the options and fills in the defaults. */
export function resolvePortForward(options: PortForwardOptions): ResolvedPortForward {
  checkObject('options', options);
  return {
    transport: checkTransport(options.transport ?? 'auto'),
    reconnect: resolveReconnect(options.reconnect ?? false),
    signal: abortSignal(options.signal),
    timeoutMs: time(options, 'timeoutMs', 30_000),
    replyTimeoutMs: time(options, 'replyTimeoutMs', 30_000),
    keepOpen: {
      pingIntervalMs: time(options, 'pingIntervalMs', 30_000),
      pingTimeoutMs: time(options, 'pingTimeoutMs', 30_000),
      inputIsRead: false,
    },
    stallTimeoutMs: time(options, 'stallTimeoutMs', 15_000),
    session: { streamResetRate: STREAM_RESETS, ...givenOptions(options.session) },
  };
}

/** Checks the number (1 to 65535) or name of a port, and returns it; digits are a number. */
export function checkPort(name: string, port: unknown): number | string {
  if (typeof port !== 'string') return checkRange(name, port, 1, 65535);
  if (/^\d+$/.test(port)) return checkRange(name, Number(port), 1, 65535);
  if (/^[a-z\d]([a-z\d-]*[a-z\d])?$/i.test(port)) return port;
  throw new InvalidArgumentError(
    `${name} must be the number or name of a port, got ${shown(port)}`,
  );
}

function resolveReconnect(given: boolean | ReconnectOptions): ReconnectLimits | null {
  if (given === false) return null;
  if (given !== true) {
    checkObject('reconnect', given);
    checkOptions('reconnect', given, RECONNECT_NAMES);
  }
  const { attempts = 5, minDelayMs = 250, maxDelayMs = 10_000 } = given === true ? {} : given;
  checkRange('reconnect.attempts', attempts, 1, 1000);
  checkTime('reconnect.minDelayMs', minDelayMs);
  checkRange('reconnect.maxDelayMs', maxDelayMs, minDelayMs, MAX_TIMEOUT_MS);
  return { attempts, minDelayMs, maxDelayMs };
}

function time(
  options: PortForwardOptions,
  key: 'timeoutMs' | 'replyTimeoutMs' | 'pingIntervalMs' | 'pingTimeoutMs' | 'stallTimeoutMs',
  fallback: number,
): number {
  return checkTime(key, options[key] ?? fallback);
}
