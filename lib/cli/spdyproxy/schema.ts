import type {
  BackOptions,
  ClientLimits,
  FrontOptions,
  HeaderRules,
  HealthOptions,
  ProxyOptions,
} from '../../tools/index.ts';

const time = { type: 'integer', minimum: 0, maximum: 0x7fffffff } as const;
const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const rule = { enum: ['append', 'replace', 'keep', 'drop'] } as const;
const version = { enum: ['spdy/3.1', 'spdy/3', 'spdy/2'] } as const;

function count(minimum: number, maximum: number): object {
  return { type: 'integer', minimum, maximum };
}

/** The schema of an object with known members. */
export interface RecordSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, object>>;
  readonly required: readonly string[];
  readonly additionalProperties: false;
}

/** That of all members of an interface: one that is missing or too much does not compile. */
function record<T>(
  properties: { readonly [K in keyof Required<T>]: object },
  ...required: readonly (keyof T & string)[]
): RecordSchema {
  return { type: 'object', properties, required, additionalProperties: false };
}

/** Options of a front that a file can hold, and what it has besides. */
type FrontMembers = Pick<FrontOptions, FrontName> & {
  readonly certificates?: readonly Certificate[] | undefined;
  readonly inherited?: number | undefined;
  readonly mode?: string | undefined;
};

type Certificate = Record<'key' | 'cert', string>;

type FrontName =
  | 'allowHttp1'
  | 'backlog'
  | 'ciphers'
  | 'closeTimeoutMs'
  | 'h2'
  | 'handshakeTimeoutMs'
  | 'headersTimeoutMs'
  | 'host'
  | 'idleTimeoutMs'
  | 'maxConcurrentStreams'
  | 'maxConnections'
  | 'maxHeaderCount'
  | 'maxHeaderSize'
  | 'minVersion'
  | 'path'
  | 'port'
  | 'proxyProtocol'
  | 'requestCert'
  | 'requestTimeoutMs'
  | 'sniff'
  | 'tls'
  | 'version'
  | 'versions';

type Members = ProxyOptions & {
  readonly fronts: unknown;
  readonly admin?: unknown;
  readonly accessLog?: unknown;
  readonly workers?: number | undefined;
};

/** That of a front. */
export const FRONT_SCHEMA: RecordSchema = record<FrontMembers>({
  port: count(0, 65535),
  host: text,
  path: text,
  mode: { type: 'string', pattern: '^0?[0-7]{3}$' },
  inherited: count(0, 1000),
  backlog: count(0, 65535),
  certificates: {
    type: 'array',
    items: record<Certificate>({ key: text, cert: text }, 'key', 'cert'),
  },
  tls: flag,
  sniff: flag,
  h2: flag,
  allowHttp1: flag,
  version,
  versions: { type: 'array', items: version, minItems: 1 },
  proxyProtocol: record<NonNullable<FrontOptions['proxyProtocol']>>(
    { allow: { type: 'array', items: text } },
    'allow',
  ),
  maxConcurrentStreams: count(1, 0x7fffffff),
  maxConnections: count(1, 0x7fffffff),
  maxHeaderSize: count(0, 1 << 22),
  maxHeaderCount: count(0, 500_000),
  minVersion: text,
  ciphers: text,
  requestCert: flag,
  handshakeTimeoutMs: time,
  headersTimeoutMs: time,
  requestTimeoutMs: time,
  idleTimeoutMs: time,
  closeTimeoutMs: time,
});

const back = record<Omit<BackOptions, 'lookup'>>(
  {
    url: text,
    protocol: { enum: ['http/1.1', 'h2', 'spdy/3.1', 'spdy/3', 'spdy/2', 'spdy'] },
    socketPath: text,
    tls: { type: 'object' },
    sendProxy: count(1, 2),
    weight: count(0, 1000),
    maxRequests: count(1, 0x7fffffff),
    maxConnections: count(1, 65535),
    connectTimeoutMs: time,
    idleTimeoutMs: time,
  },
  'url',
);

/** What a configuration file of spdyproxy may have, as JSON Schema (2020-12). */
export const CONFIG_SCHEMA: RecordSchema & { readonly $schema: string; readonly title: string } = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'spdyproxy',
  ...record<Members>(
    {
      fronts: { type: 'array', items: FRONT_SCHEMA, minItems: 1 },
      backs: { type: 'array', items: { anyOf: [text, back] }, minItems: 1 },
      forward: flag,
      headers: record<HeaderRules>({
        name: text,
        via: flag,
        xForwarded: rule,
        forwarded: rule,
        host: { enum: ['keep', 'rewrite'] },
      }),
      sticky: text,
      responseTimeoutMs: time,
      idleTimeoutMs: time,
      tunnelIdleTimeoutMs: time,
      maxTries: count(1, 16),
      replayBytes: count(0, 1 << 24),
      maxFailures: count(0, 0x7fffffff),
      openTimeoutMs: time,
      slowStartMs: time,
      clientLimits: record<ClientLimits>({
        requestsPerSecond: count(1, 1_000_000),
        burst: count(1, 1_000_000),
        maxConnections: count(1, 1_000_000),
      }),
      health: record<HealthOptions>(
        {
          path: text,
          intervalMs: count(1, 0x7fffffff),
          timeoutMs: count(1, 0x7fffffff),
          status: count(100, 599),
          fall: count(1, 1000),
          rise: count(1, 1000),
        },
        'path',
      ),
      admin: record<Record<'host' | 'port', unknown>>(
        { host: text, port: count(0, 65535) },
        'port',
      ),
      accessLog: record<Record<'file' | 'format', unknown>>(
        { file: text, format: { enum: ['common', 'combined', 'json'] } },
        'file',
      ),
      workers: count(0, 1024),
    },
    'fronts',
    'backs',
  ),
};
