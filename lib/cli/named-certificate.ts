import type { X509Certificate } from 'node:crypto';
import { readOptionFile, UsageError } from './arguments.ts';
import { checkKeyPair, staleness } from './key-pair.ts';

/** A private key and a certificate (PEM), and the names that it is for. */
export interface NamedCertificate {
  readonly key: string;
  readonly cert: string;
  /** As `tls.Server.addContext()` takes them: `*.example` too. */
  readonly names: readonly string[];
  /** Why clients will not take it now, with the name of its file: it has expired, or is not valid yet; null if they may. */
  readonly warning: string | null;
}

/**
 * Reads a private key and its certificate from their files.
 *
 * @param needsName whether it is chosen by the name that a client asks for
 * @throws UsageError if they cannot be read, do not belong together, or tell no name that is needed
 */
export function readCertificate(
  keyFile: string,
  certFile: string,
  needsName: boolean,
): NamedCertificate {
  const key = readOptionFile('key', keyFile);
  const cert = readOptionFile('certificate', certFile);
  const certificate = checkKeyPair({ name: keyFile, pem: key }, { name: certFile, pem: cert });
  const names = namesOf(certificate);
  const stale = staleness(certificate);
  if (needsName && names.length === 0) {
    throw new UsageError(`${certFile} is for no name that a client could ask for`);
  }
  return { key, cert, names, warning: stale === null ? null : `${certFile} ${stale}` };
}

function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  return [...subjectAltName.matchAll(/(?:^|, )DNS:([^,\s"]+)/g)].map(([, name = '']) => name);
}
