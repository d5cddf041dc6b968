import type { IpcNetConnectOpts, TcpNetConnectOpts } from 'node:net';
import { checkRange, shown } from '../../../common/check.ts';
import { hostAndPort } from '../../../common/network/host-and-port.ts';
import { checkSocketPath } from '../../../common/network/socket-path.ts';
import { checkOptions, optionNames } from '../../../common/option-names.ts';
import { InvalidArgumentError } from '../../../errors.ts';
import { type Certificate, makeCertificate } from '../../../http/server/connection/certificate.ts';
import type { DumpOptions } from '../options.ts';

/** Where a tap passes connections on to, and how. */
export interface TapOptions extends DumpOptions {
  /** Host of the server behind it; with `socketPath` the name that its certificate is checked for, default `'localhost'`. */
  readonly host?: string | undefined;
  /** Port of the server behind it. */
  readonly port?: number | undefined;
  /** The unix socket of the server, instead of a port. */
  readonly socketPath?: string | undefined;
  /** Whether the server is spoken to with TLS; default: as the client begins. */
  readonly tls?: boolean | undefined;
  /** Key and certificate (PEM) for clients that begin with TLS; default: made for a day. */
  readonly certificate?: Certificate | undefined;
  /** Certificates (PEM) that the server's is verified by; default: those that Node knows. */
  readonly ca?: string | undefined;
  /** Whether the server's certificate is verified; default true. */
  readonly verify?: boolean | undefined;
  /** Connections at once, 1 to 65535; default 1024. More are refused. */
  readonly maxConnections?: number | undefined;
}

/** The same with defaults. */
export interface ResolvedTapOptions {
  readonly host: string;
  /** Where to connect. */
  readonly place: TcpNetConnectOpts | IpcNetConnectOpts;
  /** The same for people. */
  readonly placeName: string;
  readonly tls: boolean | null;
  readonly certificate: Certificate;
  readonly ca: string | undefined;
  readonly verify: boolean;
  readonly maxConnections: number;
  readonly dump: DumpOptions;
}

const OPTION_NAMES = optionNames<TapOptions>({
  host: true,
  port: true,
  socketPath: true,
  tls: true,
  certificate: true,
  ca: true,
  verify: true,
  maxConnections: true,
  version: true,
  secrets: true,
});

/**
 * Checks options, and adds defaults.
 *
 * @throws InvalidArgumentError
 */
export function resolveTapOptions(options: TapOptions): ResolvedTapOptions {
  checkOptions('Tap', options, OPTION_NAMES);
  const { socketPath, tls = null, ca, verify = true, version = null, secrets = false } = options;
  const host = options.host ?? (socketPath === undefined ? undefined : 'localhost');
  if (typeof host !== 'string' || host === '') {
    throw new InvalidArgumentError('host must be the name or address of the server');
  }
  return {
    host,
    ...placeOf(host, options),
    tls,
    certificate: options.certificate ?? makeCertificate(),
    ca,
    verify,
    maxConnections: checkRange('maxConnections', options.maxConnections ?? 1024, 1, 65535),
    dump: { version, secrets },
  };
}

function placeOf(
  host: string,
  { port, socketPath }: TapOptions,
): Pick<ResolvedTapOptions, 'place' | 'placeName'> {
  if (socketPath === undefined) {
    const checked = checkRange('port', port, 1, 65535);
    return { place: { host, port: checked }, placeName: hostAndPort(host, checked) };
  }
  if (typeof socketPath !== 'string' || socketPath === '')
    throw new InvalidArgumentError(`socketPath must be a path, got ${shown(socketPath)}`);
  checkSocketPath('socketPath', socketPath);
  if (port !== undefined) throw new InvalidArgumentError('port and socketPath exclude each other');
  return { place: { path: socketPath }, placeName: `unix:${socketPath}` };
}
