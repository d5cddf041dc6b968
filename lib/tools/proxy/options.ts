import { checkBoolean, checkRange, checkTime, MAX_TIMEOUT_MS, shown } from '../../common/check.ts';
import { checkOptions, optionNames } from '../../common/option-names.ts';
import { InvalidArgumentError } from '../../errors.ts';
import type { BackendRules } from './back/backend.ts';
import { type BackOptions, type ResolvedBack, resolveBack } from './back/options.ts';
import type { ForwardedRule, HeaderRules, ResolvedHeaderRules } from './message/forwarded.ts';
import type { ClientLimits, ResolvedClientLimits } from './pool/client-limits.ts';
import type { HealthOptions, ResolvedHealth } from './pool/health.ts';
import type { RelayTimeouts } from './relay/relay-host.ts';

/** Options of `createProxy()`. Times are milliseconds; 0 is no limit. */
export interface ProxyOptions {
  /** The servers behind it: at least one. Text is a URL or `unix:PATH`, perhaps with a protocol before it: `'http://127.0.0.1:3000'`, `'spdy/3.1+https://device'`, `'unix:/run/app.sock'`. */
  readonly backs: readonly (string | BackOptions)[];
  /** Whether the backs are proxies: they get the whole URL of a request, and CONNECT. Default false. */
  readonly forward?: boolean | undefined;
  /** How header fields are changed. */
  readonly headers?: HeaderRules | undefined;
  /** Name of a header field whose value chooses the back, so that requests with the same value go to the same one. Default none. */
  readonly sticky?: string | undefined;
  /** From a request, or the last piece of its body, to the head of the response. Default 60000. */
  readonly responseTimeoutMs?: number | undefined;
  /** Without a byte either way, once the response has begun. Default 120000. */
  readonly idleTimeoutMs?: number | undefined;
  /** The same for tunnels. Default 3600000. */
  readonly tunnelIdleTimeoutMs?: number | undefined;
  /** How many backs a request may be sent to, 1 to 16: another one only if the former has surely not processed it. Default 3. */
  readonly maxTries?: number | undefined;
  /** Bytes of a request body that are kept for that, 0 to 16777216. Default 65536. */
  readonly replayBytes?: number | undefined;
  /** Failures in a row (no connection, no answer, one that was cut off) after which a back is taken out of service, 0 for never. Default 5. */
  readonly maxFailures?: number | undefined;
  /** For how long. Then one request tries it. Default 10000. */
  readonly openTimeoutMs?: number | undefined;
  /** Asks backs again and again whether they are well, and takes those that are not out of service. Default: nobody is asked. */
  readonly health?: HealthOptions | undefined;
  /** How long the share of a back grows that came into service again. Default 10000. */
  readonly slowStartMs?: number | undefined;
  /** What clients may do, each address by itself. Default: no limits. */
  readonly clientLimits?: ClientLimits | undefined;
}

/** The options of a proxy with their defaults. */
export interface ResolvedProxyOptions {
  readonly backs: readonly ResolvedBack[];
  readonly forward: boolean;
  readonly headers: ResolvedHeaderRules;
  readonly sticky: string | null;
  readonly timeouts: RelayTimeouts;
  readonly maxTries: number;
  readonly replayBytes: number;
  readonly rules: BackendRules;
  readonly health: ResolvedHealth | null;
  readonly clientLimits: ResolvedClientLimits;
}

const NAMES = optionNames<ProxyOptions>({
  backs: true,
  forward: true,
  headers: true,
  sticky: true,
  responseTimeoutMs: true,
  idleTimeoutMs: true,
  tunnelIdleTimeoutMs: true,
  maxTries: true,
  replayBytes: true,
  maxFailures: true,
  openTimeoutMs: true,
  health: true,
  slowStartMs: true,
  clientLimits: true,
});

const CLIENT_NAMES = optionNames<ClientLimits>({
  requestsPerSecond: true,
  burst: true,
  maxConnections: true,
});

const HEALTH_NAMES = optionNames<HealthOptions>({
  path: true,
  intervalMs: true,
  timeoutMs: true,
  status: true,
  fall: true,
  rise: true,
});

const HEADER_NAMES = optionNames<HeaderRules>({
  name: true,
  via: true,
  xForwarded: true,
  forwarded: true,
  host: true,
});

const RULES: readonly ForwardedRule[] = ['append', 'replace', 'keep', 'drop'];
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i;

/**
 * Checks the options of a proxy and fills in the defaults.
 *
 * @throws InvalidArgumentError for a name that is none, and for a value that is out of range
 */
export function resolveProxyOptions(options: ProxyOptions): ResolvedProxyOptions {
  checkOptions('createProxy()', options, NAMES);
  const { backs, sticky = null } = options;
  if (!Array.isArray(backs) || backs.length === 0) {
    throw new InvalidArgumentError(`backs: at least one, got ${shown(backs)}`);
  }
  if (sticky !== null && !TOKEN.test(sticky)) {
    throw new InvalidArgumentError(`sticky must be the name of a field, got ${shown(sticky)}`);
  }
  return {
    backs: backs.map(resolveBack),
    forward: checkBoolean('forward', options.forward ?? false),
    headers: resolveHeaderRules(options.headers ?? {}),
    sticky: sticky?.toLowerCase() ?? null,
    timeouts: {
      responseMs: checkTime('responseTimeoutMs', options.responseTimeoutMs ?? 60_000),
      idleMs: checkTime('idleTimeoutMs', options.idleTimeoutMs ?? 120_000),
      tunnelIdleMs: checkTime('tunnelIdleTimeoutMs', options.tunnelIdleTimeoutMs ?? 3_600_000),
    },
    maxTries: checkRange('maxTries', options.maxTries ?? 3, 1, 16),
    replayBytes: checkRange('replayBytes', options.replayBytes ?? 65536, 0, 1 << 24),
    health: options.health === undefined ? null : resolveHealth(options.health),
    clientLimits: resolveClientLimits(options.clientLimits ?? {}),
    rules: {
      maxFailures: checkRange('maxFailures', options.maxFailures ?? 5, 0, 0x7fffffff),
      openMs: checkTime('openTimeoutMs', options.openTimeoutMs ?? 10_000),
      slowStartMs: checkTime('slowStartMs', options.slowStartMs ?? 10_000),
    },
  };
}

function resolveHealth(options: HealthOptions): ResolvedHealth {
  checkOptions('health', options, HEALTH_NAMES);
  const { path, intervalMs = 5000, timeoutMs = 2000, status, fall = 2, rise = 1 } = options;
  if (typeof path !== 'string' || !/^\/[\x21-\x7e]*$/.test(path)) {
    throw new InvalidArgumentError(`health.path must begin with a slash, got ${shown(path)}`);
  }
  return {
    path,
    intervalMs: checkRange('health.intervalMs', intervalMs, 1, MAX_TIMEOUT_MS),
    timeoutMs: checkRange('health.timeoutMs', timeoutMs, 1, MAX_TIMEOUT_MS),
    status: status === undefined ? null : checkRange('health.status', status, 100, 599),
    fall: checkRange('health.fall', fall, 1, 1000),
    rise: checkRange('health.rise', rise, 1, 1000),
  };
}

function resolveClientLimits(limits: ClientLimits): ResolvedClientLimits {
  checkOptions('clientLimits', limits, CLIENT_NAMES);
  const limit = (name: keyof ClientLimits): number | null => {
    const value = limits[name];
    return value === undefined ? null : checkRange(`clientLimits.${name}`, value, 1, 1_000_000);
  };
  const requestsPerSecond = limit('requestsPerSecond');
  const burst = limit('burst') ?? requestsPerSecond ?? 1;
  return { requestsPerSecond, burst, maxConnections: limit('maxConnections') };
}

function resolveHeaderRules(rules: HeaderRules): ResolvedHeaderRules {
  checkOptions('headers', rules, HEADER_NAMES);
  const { name = 'spdyproxy', xForwarded = 'replace', forwarded = 'drop', host = 'keep' } = rules;
  if (typeof name !== 'string' || !TOKEN.test(name)) {
    throw new InvalidArgumentError(`headers.name must be a token, got ${shown(name)}`);
  }
  for (const rule of [xForwarded, forwarded]) {
    if (RULES.includes(rule)) continue;
    throw new InvalidArgumentError(`headers: one of ${RULES.join(', ')}, got ${shown(rule)}`);
  }
  if (host !== 'keep' && host !== 'rewrite') {
    throw new InvalidArgumentError(`headers.host must be keep or rewrite, got ${shown(host)}`);
  }
  const via = checkBoolean('headers.via', rules.via ?? true);
  return { name, via, xForwarded, forwarded, host, maxPasses: rules.name === undefined ? 8 : 1 };
}
