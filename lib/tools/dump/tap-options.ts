import { checkRange } from '../../common/check.ts';
import { checkOptions, optionNames } from '../../common/option-names.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { type Certificate, makeCertificate } from '../../http/server/certificate.ts';
import type { DumpOptions } from './options.ts';

/** Where a tap passes connections on to, and how. */
export interface TapOptions extends DumpOptions {
  /** Host of the server behind it. */
  readonly host: string;
  /** Port of the server behind it. */
  readonly port: number;
  /** Whether the server is spoken to with TLS; default: as the client begins. */
  readonly tls?: boolean;
  /** Key and certificate (PEM) for clients that begin with TLS; default: made for a day. */
  readonly certificate?: Certificate;
  /** Certificates (PEM) that the server's is verified by; default: those that Node knows. */
  readonly ca?: string;
  /** Whether the server's certificate is verified; default true. */
  readonly verify?: boolean;
  /** Connections at once, 1 to 65535; default 1024. More are refused. */
  readonly maxConnections?: number;
}

/** The same with defaults. */
export interface ResolvedTapOptions {
  readonly host: string;
  readonly port: number;
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
  const { host, tls = null, ca, verify = true, version = null, secrets = false } = options;
  if (typeof host !== 'string' || host === '') {
    throw new InvalidArgumentError('host must be the name or address of the server');
  }
  return {
    host,
    port: checkRange('port', options.port, 1, 65535),
    tls,
    certificate: options.certificate ?? makeCertificate(),
    ca,
    verify,
    maxConnections: checkRange('maxConnections', options.maxConnections ?? 1024, 1, 65535),
    dump: { version, secrets },
  };
}
