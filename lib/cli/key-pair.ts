import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { UsageError } from './arguments.ts';

/** What a file or an option holds, and how it is called. */
export interface PemText {
  readonly name: string;
  readonly pem: string;
}

const HAS_KEY = /^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/m;
const HAS_CERTIFICATE = /^-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/m;
const ENCRYPTED = /^(?:-----BEGIN ENCRYPTED |Proc-Type: 4,ENCRYPTED)/m;

/**
 * The certificate of a server or a client, the first one of its text, if the private key is its own.
 *
 * @param passphrase of the key; none for one that is not encrypted
 * @throws UsageError that says which of the two is wrong, and what is wrong with it
 */
export function checkKeyPair(key: PemText, cert: PemText, passphrase?: string): X509Certificate {
  const hasKey = HAS_KEY.test(key.pem);
  const hasCertificate = HAS_CERTIFICATE.test(cert.pem);
  if (!hasKey && !hasCertificate && HAS_KEY.test(cert.pem) && HAS_CERTIFICATE.test(key.pem)) {
    throw new UsageError(
      `${key.name} is a certificate, and ${cert.name} a private key: they are swapped`,
    );
  }
  if (!hasKey) throw new UsageError(`${key.name}: there is no private key (PEM)`);
  if (!hasCertificate) throw new UsageError(`${cert.name}: there is no certificate (PEM)`);
  const privateKey = readKey(key, passphrase);
  const certificate = readLeaf(cert);
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new UsageError(`${key.name} is not the private key of ${cert.name}`);
  }
  try {
    createSecureContext({ key: key.pem, cert: cert.pem, passphrase });
  } catch (error) {
    throw new UsageError(`${cert.name}: ${reasonOf(error)}`);
  }
  return certificate;
}

/** Why nobody takes a certificate now: it has expired, or is not valid yet; null if somebody may. */
export function staleness(
  { validFrom, validTo }: X509Certificate,
  now: number = Date.now(),
): string | null {
  if (Date.parse(validTo) < now) return `has expired: ${validTo}`;
  return Date.parse(validFrom) > now ? `is not valid yet: ${validFrom}` : null;
}

/** The last part of an error of OpenSSL is for people: `error:0480006C:PEM routines::no start line`. */
export function reasonOf(error: unknown): string {
  return (error as Error).message.split('::').at(-1) ?? '';
}

function readKey({ name, pem }: PemText, passphrase?: string): KeyObject {
  if (passphrase === undefined && ENCRYPTED.test(pem)) {
    const remedy = 'decrypt it: openssl pkey -in FILE -out FILE';
    throw new UsageError(
      `${name}: the private key is encrypted, and there is no passphrase; ${remedy}`,
    );
  }
  try {
    return createPrivateKey({ key: pem, passphrase });
  } catch (error) {
    throw new UsageError(`${name}: the private key cannot be read: ${reasonOf(error)}`);
  }
}

function readLeaf({ name, pem }: PemText): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new UsageError(`${name}: the certificate cannot be read: ${reasonOf(error)}`);
  }
}
