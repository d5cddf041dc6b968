import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { type Arguments, type OptionTable, readOptionFile, UsageError } from './arguments.ts';

/** Options for TLS, with the content of the files. */
export interface TlsFiles {
  readonly rejectUnauthorized?: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Options of programs that connect by TLS. */
export const TLS_OPTIONS: OptionTable = {
  insecure: { type: 'boolean', short: 'k' },
  cacert: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
};

/**
 * The values of `TLS_OPTIONS`.
 *
 * @throws UsageError for a file that cannot be read, and for a certificate without a key
 */
export function tlsFiles(args: Arguments): TlsFiles {
  const files = ['cacert', 'cert', 'key'].map((name) => {
    const path = args.value(name);
    return path === null ? null : readOptionFile(`--${name}`, path);
  });
  const [ca = null, cert = null, key = null] = files;
  if ((cert === null) !== (key === null)) throw new UsageError('--cert and --key belong together');
  if (ca !== null) checkCertificates('--cacert', ca);
  if (cert !== null && key !== null) checkPair('--cert and --key', cert, key);
  return {
    ...(args.has('insecure') ? { rejectUnauthorized: false } : {}),
    ...(ca === null ? {} : { ca }),
    ...(cert === null || key === null ? {} : { cert, key }),
  };
}

/**
 * Whether a text has certificates to trust, which TLS overlooks if it has none.
 *
 * @throws UsageError
 */
export function checkCertificates(name: string, pem: string): void {
  if (!pem.includes('-----BEGIN')) throw new UsageError(`${name}: there is no certificate (PEM)`);
  checkContext(name, { ca: pem });
}

/**
 * Whether a certificate and a key are some, and belong together.
 *
 * @throws UsageError
 */
export function checkPair(name: string, cert: string, key: string): void {
  checkContext(name, { cert, key });
}

function checkContext(name: string, options: SecureContextOptions): void {
  try {
    createSecureContext(options);
  } catch (error) {
    // `error:0480006C:PEM routines::no start line`: the last part is for people.
    const reason = (error as Error).message.split('::').at(-1);
    throw new UsageError(`${name}: no certificate or key (PEM): ${reason}`);
  }
}
