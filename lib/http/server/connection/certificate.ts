import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/** A private key and its self-signed certificate, as PEM: what `tls.createServer` takes, and `cert` is the `ca` of its clients. */
export interface Certificate {
  /** The private key (PKCS #8). */
  readonly key: string;
  /** The certificate (X.509). */
  readonly cert: string;
}

/**
 * Makes a P-256 key and a self-signed certificate that is valid from an hour ago for a day. `node:crypto` makes
 * keys and signatures but no certificates, so the DER (X.690) of an X.509 certificate (RFC 5280) is written here.
 */
export function makeCertificate(
  hosts: readonly string[] = ['localhost', '127.0.0.1', '::1'],
): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(OID_ECDSA_WITH_SHA256);
  const name = sequence(set(sequence(OID_COMMON_NAME, utf8String(hosts[0] ?? 'localhost'))));
  const now = Date.now();
  const body = sequence(
    context(0, integer(Buffer.of(2))), // version 3
    integer(Buffer.concat([Buffer.of(1), randomBytes(15)])), // serial number
    algorithm,
    name, // issuer
    sequence(utcTime(now - 3_600_000), utcTime(now + 86_400_000)),
    name, // subject
    publicKey.export({ type: 'spki', format: 'der' }),
    context(3, sequence(basicConstraints(), subjectAltNames(hosts))),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = sequence(body, algorithm, bitString(signature));
  const lines = certificate.toString('base64').match(/.{1,64}/g) as string[];
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
  };
}

function basicConstraints(): Buffer {
  const isAuthority = sequence(tagged(0x01, Buffer.of(0xff)));
  return sequence(OID_BASIC_CONSTRAINTS, octetString(isAuthority));
}

function subjectAltNames(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    isIP(host) === 0 ? tagged(0x82, Buffer.from(host)) : tagged(0x87, addressBytes(host)),
  );
  return sequence(OID_SUBJECT_ALT_NAME, octetString(sequence(...names)));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [front = '', back = ''] = address.split('::');
  const words = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const zeros = new Array<number>(8 - words(front).length - words(back).length).fill(0);
  const bytes = Buffer.alloc(16);
  for (const [i, word] of [...words(front), ...zeros, ...words(back)].entries()) {
    bytes.writeUInt16BE(word, 2 * i);
  }
  return bytes;
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const size =
    length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 255);
  return Buffer.concat([Buffer.of(tag), size, content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, ...parts);
const set = (...parts: readonly Buffer[]): Buffer => tagged(0x31, ...parts);
const context = (number: number, part: Buffer): Buffer => tagged(0xa0 + number, part);
const integer = (bytes: Buffer): Buffer => tagged(0x02, bytes);
const octetString = (bytes: Buffer): Buffer => tagged(0x04, bytes);
const bitString = (bytes: Buffer): Buffer => tagged(0x03, Buffer.of(0), bytes);
const utf8String = (text: string): Buffer => tagged(0x0c, Buffer.from(text));
const oid = (hex: string): Buffer => tagged(0x06, Buffer.from(hex, 'hex'));

const OID_ECDSA_WITH_SHA256 = oid('2a8648ce3d040302');
const OID_COMMON_NAME = oid('550403');
const OID_BASIC_CONSTRAINTS = oid('551d13');
const OID_SUBJECT_ALT_NAME = oid('551d11');

function utcTime(time: number): Buffer {
  const digits = new Date(time).toISOString().replace(/\D/g, '').slice(2, 14);
  return tagged(0x17, Buffer.from(`${digits}Z`));
}
