import { abortSignal } from '../../common/abort.ts';
import { checkObject, checkRange, checkTime, shown } from '../../common/check.ts';
import { checkSocketPath } from '../../common/network/socket-path.ts';
import { checkOptions } from '../../common/option-names.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { type LoadMessage, loadMessage } from './connections/message.ts';
import {
  LOAD_OPTION_NAMES,
  LOAD_PROTOCOLS,
  LOAD_REQUEST_NAMES,
  LOAD_TLS_NAMES,
  type LoadOptions,
  type LoadProtocol,
  type LoadRequest,
  type LoadTls,
} from './options.ts';

/** Where the connections go. */
export interface LoadTarget {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** A unix socket instead of them; null for none. */
  readonly socketPath: string | null;
  readonly tls: LoadTls;
}

/** The options with their defaults, as data that can be sent to a worker. */
export interface LoadPlan {
  readonly target: LoadTarget;
  /** What is offered by ALPN; without TLS the first one is spoken. */
  readonly protocols: readonly LoadProtocol[];
  readonly messages: readonly LoadMessage[];
  /** Of each client; Infinity with a duration. */
  readonly quotas: readonly number[];
  readonly streams: number;
  /** On one connection; Infinity without a limit. */
  readonly connectionRequests: number;
  readonly workers: number;
  readonly durationMs: number;
  readonly warmUpMs: number;
  readonly connectionRate: number;
  readonly ratePeriodMs: number;
  readonly requestRate: number;
  /** The shortest and the longest pause in milliseconds; null for none. */
  readonly think: readonly [number, number] | null;
  /** Bytes in a second; 0 for no limit. */
  readonly readRate: number;
  /** The first ones of the clients. */
  readonly slowClients: number;
  readonly windowSize: number;
  readonly sessionWindowSize: number;
  readonly headerCompression: 'indexed' | 'deflate';
  readonly headerTableSize: number;
  readonly connectTimeoutMs: number;
  readonly activeTimeoutMs: number;
  readonly inactivityTimeoutMs: number;
}

const MOST = 1_000_000;
/** Bytes in a second beyond which nobody is slow. */
const MOST_RATE = 1e12;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws InvalidArgumentError for a name that is none, for a value that is out of range, and for those that do not fit together
 */
export function resolveLoad(options: LoadOptions): LoadPlan {
  checkOptions('runLoad()', options, LOAD_OPTION_NAMES);
  abortSignal(options.signal);
  const requests = requestsOf(options.urls);
  const urls = targetUrls(requests);
  const [first] = urls as [URL];
  const number = (name: keyof LoadOptions, min: number, max: number, usual: number): number =>
    checkRange(name, options[name] ?? usual, min, max);
  const time = (name: keyof LoadOptions, usual: number): number =>
    checkTime(name, options[name] ?? usual);
  const clients = number('clients', 1, MOST, 1);
  const requestRate = rate('requestRate', options.requestRate, MOST);
  const durationMs = time('durationMs', 0);
  const plan = {
    target: targetOf(first, options),
    protocols: protocolsOf(options, first.protocol === 'https:'),
    messages: requests.map((request, index) => messageOf(request, urls[index] as URL, options)),
    quotas: quotasOf(options, clients, urls.length, durationMs),
    streams: number('streams', 1, MOST, requestRate > 0 ? 100 : 1),
    connectionRequests: number('connectionRequests', 0, MOST, 0) || Number.POSITIVE_INFINITY,
    workers: number('workers', 1, 256, 1),
    durationMs,
    warmUpMs: time('warmUpMs', 0),
    connectionRate: number('connectionRate', 0, MOST, 0),
    ratePeriodMs: checkRange('ratePeriodMs', options.ratePeriodMs ?? 1000, 1, 0x7fffffff),
    requestRate,
    think: thinkOf(options.thinkMs ?? 0),
    readRate: rate('readRate', options.readRate, MOST_RATE),
    slowClients: number('slowClients', 1, MOST, MOST),
    windowSize: 2 ** number('windowBits', 1, 31, 30) - 1,
    sessionWindowSize: 2 ** number('sessionWindowBits', 16, 31, 30) - 1,
    headerCompression: compressionOf(options),
    headerTableSize: number('headerTableSize', 0, 0xffffffff, 4096),
    connectTimeoutMs: time('connectTimeoutMs', 30_000),
    activeTimeoutMs: time('activeTimeoutMs', 0),
    inactivityTimeoutMs: time('inactivityTimeoutMs', 0),
  };
  if (plan.warmUpMs > 0 && durationMs === 0)
    throw new InvalidArgumentError('warmUpMs needs durationMs');
  if (plan.think !== null && requestRate > 0)
    throw new InvalidArgumentError('thinkMs and requestRate exclude each other');
  if (options.slowClients !== undefined && plan.readRate === 0)
    throw new InvalidArgumentError('slowClients needs readRate');
  if (plan.readRate > 0 && plan.readRate < 1)
    throw new InvalidArgumentError(`readRate must be 0, or 1 at least, got ${plan.readRate}`);
  if (plan.workers > clients)
    throw new InvalidArgumentError(`${plan.workers} workers need as many clients, got ${clients}`);
  return plan;
}

function requestsOf(given: LoadOptions['urls']): LoadRequest[] {
  const all = (Array.isArray(given) ? given : [given]) as readonly (string | LoadRequest)[];
  if (all.length === 0) throw new InvalidArgumentError('urls must have one at least');
  return all.map((one) => {
    if (typeof one !== 'object' || one === null) return { url: one };
    checkOptions('urls', one, LOAD_REQUEST_NAMES);
    return one;
  });
}

/** Fields of the options replace those of the request that have their names. */
function messageOf(request: LoadRequest, url: URL, options: LoadOptions): LoadMessage {
  const { headers = [] } = options;
  const own = (request.headers ?? []).filter(
    ([name]) => !headers.some(([other]) => other === name),
  );
  const method = request.method === undefined ? [] : [[':method', request.method] as const];
  const body = request.body ?? options.body ?? null;
  if (body !== null && !(body instanceof Uint8Array))
    throw new InvalidArgumentError(`body must be a Uint8Array, got ${shown(body)}`);
  return loadMessage(url, [...method, ...own, ...headers], body);
}

function targetUrls(requests: readonly LoadRequest[]): URL[] {
  const urls = requests.map(({ url: text }) => {
    const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : null;
    if (url !== null && /^https?:$/.test(url.protocol)) return url;
    throw new InvalidArgumentError(`urls: not an http or https URL: ${shown(text)}`);
  });
  const other = urls.find(({ origin }) => origin !== urls[0]?.origin);
  if (other === undefined) return urls;
  const message = `urls must have one scheme, host and port: ${urls[0]?.origin} and ${other.origin}`;
  throw new InvalidArgumentError(message);
}

function targetOf(url: URL, { tls = {}, socketPath }: LoadOptions): LoadTarget {
  checkObject('tls', tls);
  checkOptions('tls', tls, LOAD_TLS_NAMES);
  if (socketPath !== undefined && (typeof socketPath !== 'string' || socketPath === ''))
    throw new InvalidArgumentError(`socketPath must be a path, got ${shown(socketPath)}`);
  if (socketPath !== undefined) checkSocketPath('socketPath', socketPath);
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { secure, host, port, socketPath: socketPath ?? null, tls };
}

function protocolsOf(options: LoadOptions, secure: boolean): readonly LoadProtocol[] {
  const { protocol, protocols } = options;
  const usual = secure ? LOAD_PROTOCOLS : LOAD_PROTOCOLS.slice(0, 1);
  const chosen = protocol === undefined ? (protocols ?? usual) : [protocol];
  const known = Array.isArray(chosen) && chosen.length > 0;
  if (known && chosen.every((name) => LOAD_PROTOCOLS.includes(name))) return [...chosen];
  const name = protocol === undefined ? 'protocols' : 'protocol';
  const message = `${name} must be of ${LOAD_PROTOCOLS.join(', ')}, got ${shown(options[name])}`;
  throw new InvalidArgumentError(message);
}

/** Requests for each client, the first ones have one more where they do not come out even. */
function quotasOf(
  options: LoadOptions,
  clients: number,
  urls: number,
  durationMs: number,
): readonly number[] {
  if (durationMs > 0) {
    if (options.requests !== undefined)
      throw new InvalidArgumentError('requests and durationMs exclude each other');
    return new Array<number>(clients).fill(Number.POSITIVE_INFINITY);
  }
  const most = Number.MAX_SAFE_INTEGER;
  const requests = checkRange('requests', options.requests ?? Math.max(clients, urls), 1, most);
  if (requests < clients)
    throw new InvalidArgumentError(`${clients} clients need as many requests, got ${requests}`);
  const each = Math.floor(requests / clients);
  const more = requests % clients;
  return Array.from({ length: clients }, (_, index) => each + (index < more ? 1 : 0));
}

function rate(name: string, value: unknown, most: number): number {
  const given = value ?? 0;
  if (typeof given === 'number' && given >= 0 && given <= most) return given;
  throw new InvalidArgumentError(`${name} must be a number from 0 to ${most}, got ${shown(given)}`);
}

function thinkOf(given: number | readonly number[]): [number, number] | null {
  const ends: readonly unknown[] = Array.isArray(given) ? given : [given, given];
  if (ends.length !== 2)
    throw new InvalidArgumentError(`thinkMs must be a time or two, got ${ends.length}`);
  const shortest = checkTime('thinkMs', ends[0]);
  const longest = checkTime('thinkMs', ends[1]);
  if (shortest > longest)
    throw new InvalidArgumentError(`thinkMs must rise, got ${shortest} and ${longest}`);
  return longest === 0 ? null : [shortest, longest];
}

function compressionOf({ headerCompression = 'indexed' }: LoadOptions): 'indexed' | 'deflate' {
  if (['indexed', 'deflate'].includes(headerCompression)) return headerCompression;
  const got = shown(headerCompression);
  throw new InvalidArgumentError(`headerCompression must be one of indexed, deflate, got ${got}`);
}
