import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { readOptionFile, UsageError } from './arguments.ts';

/** A private key and a certificate (PEM), and the names that it is for. */
export interface NamedCertificate {
  readonly key: string;
  readonly cert: string;
  /** As `tls.Server.addContext()` takes them: `*.example` too. */
  readonly names: readonly string[];
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
  const names = namesOf(cert, certFile);
  try {
    createSecureContext({ key, cert });
  } catch (error) {
    throw new UsageError(`${keyFile}, ${certFile}: ${(error as Error).message}`);
  }
  if (needsName && names.length === 0) {
    throw new UsageError(`${certFile} is for no name that a client could ask for`);
  }
  return { key, cert, names };
}

function namesOf(cert: string, file: string): string[] {
  try {
    const { subjectAltName = '' } = new X509Certificate(cert);
    return [...subjectAltName.matchAll(/(?:^|, )DNS:([^,\s"]+)/g)].map(([, name = '']) => name);
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
}
