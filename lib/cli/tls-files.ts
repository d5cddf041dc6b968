import { createSecureContext } from 'node:tls';
import { type Arguments, type OptionTable, readOptionFile, UsageError } from './arguments.ts';
import { checkKeyPair, reasonOf } from './key-pair.ts';

/** Options for TLS, with the content of the files. */
export interface TlsFiles {
  readonly rejectUnauthorized?: boolean | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
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
  if (cert !== null && key !== null) {
    checkKeyPair({ name: '--key', pem: key }, { name: '--cert', pem: cert });
  }
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
  try {
    createSecureContext({ ca: pem });
  } catch (error) {
    throw new UsageError(`${name}: no certificate (PEM): ${reasonOf(error)}`);
  }
}
