import type net from 'node:net';
import type tls from 'node:tls';
import { checkBoolean, checkRange, shown } from '../../common/check.ts';
import { checkSocketPath } from '../../common/network/socket-path.ts';
import { checkOptions, nearestName, optionNames } from '../../common/option-names.ts';
import { InvalidArgumentError } from '../../errors.ts';
import type { ProtocolVersion } from '../../protocol/version.ts';
import { resolveVersion, type SessionVersion } from '../../session/public.ts';
import type { ConformanceCase, ConformanceLevel } from './case.ts';

/** Which tests are made, and how. */
export interface ConformanceOptions {
  /** Name or address of the server. Default `'localhost'`. */
  readonly host?: string | undefined;
  /** Its port, 1 to 65535. */
  readonly port?: number | undefined;
  /** The unix socket of the server, instead of a port. */
  readonly socketPath?: string | undefined;
  /** TLS, with ALPN: true, or its options. Default false: plain TCP. */
  readonly tls?: boolean | tls.ConnectionOptions | undefined;
  /** Versions to test, in order. Default all three. */
  readonly versions?: readonly SessionVersion[] | undefined;
  /** Ids of tests (`ping/2`), of groups (`ping`). Default all. */
  readonly only?: readonly string[] | undefined;
  /** Levels to test. Default all. */
  readonly levels?: readonly ConformanceLevel[] | undefined;
  /** Also those that load the server on purpose. Default false. */
  readonly hostile?: boolean | undefined;
  /** Milliseconds for each answer, 10 to 600000. Default 2000. */
  readonly timeoutMs?: number | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

const NAMES = optionNames<ConformanceOptions>({
  host: true,
  port: true,
  socketPath: true,
  tls: true,
  versions: true,
  only: true,
  levels: true,
  hostile: true,
  timeoutMs: true,
  signal: true,
});

/** The options with their defaults. */
export interface ConformanceSettings {
  readonly host: string;
  readonly port: number;
  /** A unix socket instead of them; null for none. */
  readonly socketPath: string | null;
  readonly tls: tls.ConnectionOptions | null;
  readonly versions: readonly ProtocolVersion[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal | null;
  /** Whether a test is made. */
  readonly chosen: (test: ConformanceCase) => boolean;
}

const VERSIONS: readonly SessionVersion[] = ['spdy/2', 'spdy/3', 'spdy/3.1'];
const LEVELS: readonly ConformanceLevel[] = ['must', 'should', 'robust'];

/** @throws InvalidArgumentError for an option that does not exist or is out of range, and for a name that no test has */
export function resolveConformance(
  options: ConformanceOptions,
  tests: readonly ConformanceCase[],
): ConformanceSettings {
  checkOptions('conformance', options, NAMES);
  const { tls = false, versions = VERSIONS, only = [], levels = LEVELS, hostile = false } = options;
  checkBoolean('hostile', hostile);
  for (const name of only) {
    if (!tests.some((test) => isNamed(test, name)))
      throw new InvalidArgumentError(noTest(name, tests));
  }
  for (const level of levels) {
    if (!LEVELS.includes(level))
      throw new InvalidArgumentError(`levels must be of ${LEVELS.join(', ')}, got ${shown(level)}`);
  }
  return {
    host: options.host ?? 'localhost',
    ...placeOf(options),
    tls: tls === false ? null : tls === true ? {} : tls,
    versions: versions.map(resolveVersion),
    timeoutMs: checkRange('timeoutMs', options.timeoutMs ?? 2000, 10, 600_000),
    signal: options.signal ?? null,
    chosen: (test) =>
      levels.includes(test.level) &&
      (hostile || !test.hostile) &&
      (only.length === 0 || only.some((name) => isNamed(test, name))),
  };
}

function placeOf({ port, socketPath }: ConformanceOptions): {
  port: number;
  socketPath: string | null;
} {
  if (socketPath === undefined) {
    return { port: checkRange('port', port, 0, 65535), socketPath: null };
  }
  if (typeof socketPath !== 'string' || socketPath === '')
    throw new InvalidArgumentError(`socketPath must be a path, got ${shown(socketPath)}`);
  checkSocketPath('socketPath', socketPath);
  if (port !== undefined) throw new InvalidArgumentError('port and socketPath exclude each other');
  return { port: 0, socketPath };
}

/** Where a server is, as `net.connect()` takes it. */
export function addressOf({ host, port, socketPath }: ConformanceSettings): net.NetConnectOpts {
  return socketPath === null ? { host, port } : { path: socketPath };
}

function noTest(name: string, tests: readonly ConformanceCase[]): string {
  const names = tests.flatMap(({ id }) => [id, id.replace(/\/.*/, '')]);
  const meant = typeof name === 'string' ? nearestName(name, names) : null;
  return `only: there is no test ${shown(name)}${meant === null ? '' : `, did you mean ${meant}?`}`;
}

function isNamed({ id }: ConformanceCase, name: string): boolean {
  return id === name || id.startsWith(`${name}/`);
}
