import { optionNames } from '../../common/option-names.ts';
import type { Header } from '../../protocol/frames.ts';

/** What can be spoken, in the order in which it is offered by ALPN. */
export const LOAD_PROTOCOLS = ['spdy/3.1', 'spdy/3', 'spdy/2', 'h2', 'http/1.1'] as const;

/** A protocol that requests are sent by. */
export type LoadProtocol = (typeof LOAD_PROTOCOLS)[number];

/** TLS of the connections: PEM texts, as `tls.connect()` takes them. */
export interface LoadTls {
  /** Certificates that are trusted. Default: those that Node knows. */
  readonly ca?: string | undefined;
  /** Certificate of this side, for servers that ask for one. */
  readonly cert?: string | undefined;
  /** Key of that certificate. */
  readonly key?: string | undefined;
  /** False accepts any certificate of the server. Default true. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Name for SNI and the check of the certificate. Default: the name in the URL. */
  readonly servername?: string | undefined;
}

/** How far a run has come. */
export interface LoadProgress {
  /** From 0 to 1. */
  readonly share: number;
  /** Requests that have ended. */
  readonly done: number;
}

/** A request that is not like the others. */
export interface LoadRequest {
  /** Its http or https URL. */
  readonly url: string;
  /** Default: `POST` with a body, else `GET`. */
  readonly method?: string | undefined;
  /** Its own fields; those of the options replace them. */
  readonly headers?: readonly Header[] | undefined;
  /** Its body. Default: that of the options. */
  readonly body?: Uint8Array | undefined;
}

/** What `runLoad()` does. Times are milliseconds. */
export interface LoadOptions {
  /** What is requested, in turn, by each client from the first one on; all of one scheme, host and port. */
  readonly urls: string | readonly (string | LoadRequest)[];
  /** A unix socket to connect to instead of the host and port of the URLs. */
  readonly socketPath?: string | undefined;
  /** Requests of all clients together, from 1 on. Default: one for each client, or for each URL if these are more. Not with `durationMs`. */
  readonly requests?: number | undefined;
  /** Clients: each has one connection. 1 to 1000000, default 1. */
  readonly clients?: number | undefined;
  /** Requests of a client under way at once, 1 to 1000000; HTTP/1.1 has one. Default 1, with `requestRate` 100. */
  readonly streams?: number | undefined;
  /** Requests of a client on one connection, 1 to 1000000: it makes a new one for the next. 0 (default): no limit. */
  readonly connectionRequests?: number | undefined;
  /** Threads that the clients are dealt out to, 1 to 256; 1 is the calling one. Default 1. */
  readonly workers?: number | undefined;
  /** Requests are sent for so long; 0 (default): until `requests` have ended. */
  readonly durationMs?: number | undefined;
  /** With `durationMs`: so long before it, nothing is counted. Default 0. */
  readonly warmUpMs?: number | undefined;
  /** Clients that begin in each `ratePeriodMs`; 0 (default): all at once. */
  readonly connectionRate?: number | undefined;
  /** Default 1000. */
  readonly ratePeriodMs?: number | undefined;
  /**
   * Requests of each client in a second, whether answers come or not (open loop): times count from when a request was due. 0 (default): the next
   * one goes when one has ended.
   */
  readonly requestRate?: number | undefined;
  /**
   * Pause before a request that follows on one that has ended; two numbers are the ends of a range, in which each pause has any length. 0 (default):
   * none. Not with `requestRate`.
   */
  readonly thinkMs?: number | readonly [shortest: number, longest: number] | undefined;
  /** Bytes that slow clients read in a second, from 1 on, on their connection: what comes faster waits in the network. 0 (default): all is read at once. */
  readonly readRate?: number | undefined;
  /** With `readRate`: how many of the clients are slow, 1 to 1000000. Default: all. */
  readonly slowClients?: number | undefined;
  /** The only protocol: offered by TLS, spoken without it. Default: `protocols`; without TLS `'spdy/3.1'`. */
  readonly protocol?: LoadProtocol | undefined;
  /** Protocols to offer by ALPN, best first. Default: all. */
  readonly protocols?: readonly LoadProtocol[] | undefined;
  /** Fields of every request; `:method`, `:path`, `:scheme` and `host` replace what is sent anyway. */
  readonly headers?: readonly Header[] | undefined;
  /** The body of every request: they are POST then. */
  readonly body?: Uint8Array | undefined;
  /** The window of each stream is 2 to this power, less 1: 1 to 31, default 30 (SPDY/3, 3.1 and h2). */
  readonly windowBits?: number | undefined;
  /** The same of a connection, 16 to 31, default 30 (SPDY/3.1 and h2). */
  readonly sessionWindowBits?: number | undefined;
  /** How SPDY compresses headers of requests. Default `'indexed'`. */
  readonly headerCompression?: 'indexed' | 'deflate' | undefined;
  /** Bytes of the header table of h2, 0 to 2^32-1. Default 4096. */
  readonly headerTableSize?: number | undefined;
  /** For connecting and the handshake, 0 for no limit. Default 30000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Longest life of a connection, 0 (default) for no limit. */
  readonly activeTimeoutMs?: number | undefined;
  /** Longest silence of a connection, 0 (default) for no limit. */
  readonly inactivityTimeoutMs?: number | undefined;
  /** TLS of `https:` URLs. */
  readonly tls?: LoadTls | undefined;
  /** Ends the run: it resolves with the results so far. */
  readonly signal?: AbortSignal | undefined;
  /** Is told from time to time how far it is. */
  readonly progress?: ((progress: LoadProgress) => void) | undefined;
}

/** Names of the options. */
export const LOAD_OPTION_NAMES: ReadonlySet<string> = optionNames<LoadOptions>({
  urls: true,
  socketPath: true,
  requests: true,
  clients: true,
  streams: true,
  connectionRequests: true,
  workers: true,
  durationMs: true,
  warmUpMs: true,
  connectionRate: true,
  ratePeriodMs: true,
  requestRate: true,
  thinkMs: true,
  readRate: true,
  slowClients: true,
  protocol: true,
  protocols: true,
  headers: true,
  body: true,
  windowBits: true,
  sessionWindowBits: true,
  headerCompression: true,
  headerTableSize: true,
  connectTimeoutMs: true,
  activeTimeoutMs: true,
  inactivityTimeoutMs: true,
  tls: true,
  signal: true,
  progress: true,
});

/** Names of the parts of a request. */
export const LOAD_REQUEST_NAMES: ReadonlySet<string> = optionNames<LoadRequest>({
  url: true,
  method: true,
  headers: true,
  body: true,
});

/** Names of the options of TLS. */
export const LOAD_TLS_NAMES: ReadonlySet<string> = optionNames<LoadTls>({
  ca: true,
  cert: true,
  key: true,
  rejectUnauthorized: true,
  servername: true,
});
