import type { IncomingMessage } from 'node:http';
import { checkBoolean, checkRange, checkTime, shown } from '../../common/check.ts';
import { checkOptions, optionNames, type Settled } from '../../common/option-names.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { SERVER } from '../../protocol/constants.ts';
import { checkSessionOptions, type SessionOptions } from '../../session/public.ts';
import type { StreamingRequest } from './routes.ts';

/** Options of a streaming server. Every one has a default. Times are milliseconds. */
export interface StreamingServerOptions {
  /** What stands before all paths, as `/proxy`. Default none. */
  readonly pathPrefix?: string | undefined;
  /**
   * Whether a client may do what it asks for; false is answered 403. An `UpgradeRefusedError` that it throws is answered as it says,
   * anything else 500. Default: everybody may do everything.
   */
  readonly authorize?:
    | ((asked: StreamingRequest, request: IncomingMessage) => boolean | Promise<boolean>)
    | undefined;
  /** How long a client may take to open all streams of a command, or both of a connection; 0: for ever. Default 30000. */
  readonly streamCreationTimeoutMs?: number | undefined;
  /** How long, after everything was sent, a client may take to leave; 0: for ever. Default 60000. */
  readonly endTimeoutMs?: number | undefined;
  /** After how long without a byte either way a client is sent away; 0: never. Default 14400000 (4 hours). */
  readonly idleTimeoutMs?: number | undefined;
  /** True: PING does not count for that. Clients of Kubernetes send one every 5 seconds. Default false. */
  readonly idleIgnoresPing?: boolean | undefined;
  /** Most sessions at once; more are answered 503. A session counts until its handler is done. Default 1000. */
  readonly maxSessions?: number | undefined;
  /** Most of them whose handler was not called yet; more are answered 503. Default 100. */
  readonly maxPendingSessions?: number | undefined;
  /** Most connections at once in one port forwarding; streams of more are refused. Default 500. */
  readonly maxConnections?: number | undefined;
  /**
   * Origins, as `https://console.example.com`, of pages that may exec, attach and forward over WebSocket, besides those of the server itself. Default
   * none. Clients that are no browsers send no origin, or that of the server.
   */
  readonly origins?: readonly string[] | undefined;
  /** Further options of the SPDY sessions. */
  readonly session?: SessionOptions | undefined;
}

const OPTION_NAMES = optionNames<StreamingServerOptions>({
  pathPrefix: true,
  authorize: true,
  streamCreationTimeoutMs: true,
  endTimeoutMs: true,
  idleTimeoutMs: true,
  idleIgnoresPing: true,
  maxSessions: true,
  maxPendingSessions: true,
  maxConnections: true,
  origins: true,
  session: true,
});

/** The options with their defaults. */
export type ResolvedStreamingOptions = Settled<Omit<StreamingServerOptions, 'authorize'>> & {
  readonly authorize: StreamingServerOptions['authorize'] | null;
};

/** Options that are numbers. */
type Numeric =
  | 'streamCreationTimeoutMs'
  | 'endTimeoutMs'
  | 'idleTimeoutMs'
  | 'maxSessions'
  | 'maxPendingSessions'
  | 'maxConnections';

/**
 * Checks options and fills in their defaults.
 *
 * @throws InvalidArgumentError for a value that is out of range
 */
export function resolveStreamingOptions(options: StreamingServerOptions): ResolvedStreamingOptions {
  checkOptions('createStreamingServer()', options, OPTION_NAMES);
  const time = (name: Numeric, otherwise: number): number =>
    checkTime(name, options[name] ?? otherwise);
  const count = (name: Numeric, otherwise: number): number =>
    checkRange(name, options[name] ?? otherwise, 1, 1_000_000);
  const { pathPrefix = '', authorize = null } = options;
  if (authorize !== null && typeof authorize !== 'function')
    throw new InvalidArgumentError(`authorize must be a function, got ${shown(authorize)}`);
  return {
    pathPrefix: checkPathPrefix(pathPrefix),
    authorize,
    streamCreationTimeoutMs: time('streamCreationTimeoutMs', 30_000),
    endTimeoutMs: time('endTimeoutMs', 60_000),
    idleTimeoutMs: time('idleTimeoutMs', 14_400_000),
    idleIgnoresPing: checkBoolean('idleIgnoresPing', options.idleIgnoresPing ?? false),
    maxSessions: count('maxSessions', 1000),
    maxPendingSessions: count('maxPendingSessions', 100),
    maxConnections: count('maxConnections', 500),
    origins: originsOf(options.origins ?? []),
    session: checkSessionOptions(SERVER, options.session),
  };
}

/** Checks what stands before all paths. */
export function checkPathPrefix(pathPrefix: string): string {
  if (typeof pathPrefix === 'string' && /^(?:\/[^/?#]+)*$/.test(pathPrefix)) return pathPrefix;
  const message = `pathPrefix must begin with a slash and end without one, got ${shown(pathPrefix)}`;
  throw new InvalidArgumentError(message);
}

/** Checks a list of origins. */
export function originsOf(origins: readonly string[]): readonly string[] {
  const isOrigin = (one: unknown): boolean =>
    typeof one === 'string' && URL.canParse(one) && new URL(one).origin === one;
  if (Array.isArray(origins) && origins.every(isOrigin)) return [...origins];
  throw new InvalidArgumentError(
    'origins must be a list of origins, as https://console.example.com',
  );
}
