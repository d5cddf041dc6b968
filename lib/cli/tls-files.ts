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
  return {
    ...(args.has('insecure') ? { rejectUnauthorized: false } : {}),
    ...(ca === null ? {} : { ca }),
    ...(cert === null || key === null ? {} : { cert, key }),
  };
}
