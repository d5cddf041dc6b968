import { isIP } from 'node:net';
import { ipv6Groups } from '../pool/ipv6.ts';
import type { ClientFacts } from '../relay/exchange.ts';

/** The version of a PROXY header: a line of text, or binary with what is spoken. */
export type ProxyHeaderVersion = 1 | 2;

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const LOCAL = 0x20;
const PROXIED = 0x21;
const NO_FAMILY = 0;
const TCP4 = 0x11;
const TCP6 = 0x21;
const TLV_ALPN = 0x01;
const TLV_SSL = 0x20;
/** The client speaks TLS, and has shown no certificate that was checked. */
const TLS_FACTS = Buffer.from([1, 0, 0, 0, 1]);

/**
 * The PROXY header of a connection that carries requests of this client; null: of the proxy itself.
 *
 * @param alpn what is spoken behind the header, null if TLS tells it
 */
export function proxyHeaderOf(
  version: ProxyHeaderVersion,
  client: ClientFacts | null,
  alpn: string | null,
): Buffer {
  return version === 1 ? Buffer.from(`${lineOf(client)}\r\n`) : binaryOf(client, alpn);
}

function lineOf(client: ClientFacts | null): string {
  const family = familyOf(client);
  if (client === null || family === 0) return 'PROXY UNKNOWN';
  const { address, port, localAddress, localPort } = client;
  return `PROXY TCP${family} ${address} ${localAddress} ${port} ${localPort}`;
}

function binaryOf(client: ClientFacts | null, alpn: string | null): Buffer {
  const tlvs = [
    ...(alpn === null ? [] : [tlv(TLV_ALPN, Buffer.from(alpn))]),
    ...(client?.secure === true ? [tlv(TLV_SSL, TLS_FACTS)] : []),
  ];
  // Who reads LOCAL looks at nothing behind it but for its own sake.
  const family = familyOf(client);
  const payload = Buffer.concat([addressesOf(client, family), ...tlvs]);
  const head = Buffer.alloc(4);
  head.writeUInt8(client === null ? LOCAL : PROXIED, 0);
  head.writeUInt8(family === 0 ? NO_FAMILY : family === 4 ? TCP4 : TCP6, 1);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([SIGNATURE, head, payload]);
}

/** 4 or 6; 0 where both ends are not known. */
function familyOf(client: ClientFacts | null): 0 | 4 | 6 {
  const family = isIP(client?.address ?? '');
  return family === isIP(client?.localAddress ?? '') ? (family as 0 | 4 | 6) : 0;
}

function addressesOf(client: ClientFacts | null, family: 0 | 4 | 6): Buffer {
  if (client === null || family === 0) return Buffer.alloc(0);
  const { address, port, localAddress, localPort } = client;
  const ends = [address, localAddress].map((text) => bytesOf(text as string, family));
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(port, 0);
  ports.writeUInt16BE(localPort, 2);
  return Buffer.concat([...ends, ports]);
}

function bytesOf(address: string, family: 4 | 6): Buffer {
  if (family === 4) return Buffer.from(address.split('.').map(Number));
  return Buffer.from(ipv6Groups(address).flatMap((group) => [group >> 8, group & 255]));
}

function tlv(type: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 255]), value]);
}
