/** A TCP segment inside a packet (RFC 9293 3.1). One object is filled again for each packet. */
export interface TcpSegment {
  /** Offset of the address of the sender; that of the receiver follows, each `addressLength` bytes. */
  addresses: number;
  addressLength: 4 | 16;
  /** Offset of the TCP header. */
  header: number;
  sequence: number;
  acknowledgment: number;
  flags: number;
  /** Where the payload begins in the packet. */
  payload: number;
  /** How much of it was captured. */
  captured: number;
  /** How much of it there was. */
  length: number;
}

/** Bits of `flags`. */
export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const TCP = 6;

/** An empty one. */
export function makeSegment(): TcpSegment {
  return {
    addresses: 0,
    addressLength: 4,
    header: 0,
    sequence: 0,
    acknowledgment: 0,
    flags: 0,
    payload: 0,
    captured: 0,
    length: 0,
  };
}

/** Finds the TCP segment in a packet: true, and `segment` is filled, or false if there is none. Fragments of IP are not put together. */
export function readSegment(
  link: number,
  bytes: Buffer,
  start: number,
  end: number,
  segment: TcpSegment,
): boolean {
  const at = networkAt(link, bytes, start, end);
  if (at < 0 || at + 20 > end) return false;
  const version = (bytes[at] as number) >> 4;
  if (version === 4) return readIpv4(bytes, at, end, segment);
  return version === 6 && readIpv6(bytes, at, end, segment);
}

/** Where the IP packet begins; -1 if there is none, or the link is not known. */
function networkAt(link: number, bytes: Buffer, start: number, end: number): number {
  switch (link) {
    // BSD loopback, in either byte order.
    case 0:
    case 108:
      return start + 4;
    case 1:
      return behindType(bytes, start + 12, end);
    // Raw IP.
    case 12:
    case 14:
    case 101:
    case 228:
    case 229:
      return start;
    // Linux "cooked", both versions.
    case 113:
      return behindType(bytes, start + 14, end);
    case 276: {
      const type = start + 2 <= end ? bytes.readUInt16BE(start) : 0;
      return type === IPV4 || type === IPV6 ? start + 20 : -1;
    }
    default:
      return -1;
  }
}

/** Behind an EtherType, and the VLAN tags that may follow it. */
function behindType(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at + 2 <= end; at += 4) {
    const type = bytes.readUInt16BE(at);
    if (type === IPV4 || type === IPV6) return at + 2;
    if (type !== 0x8100 && type !== 0x88a8 && type !== 0x9100) return -1;
  }
  return -1;
}

function readIpv4(bytes: Buffer, at: number, end: number, segment: TcpSegment): boolean {
  const headerLength = ((bytes[at] as number) & 15) * 4;
  if (bytes[at + 9] !== TCP || headerLength < 20) return false;
  // A fragment: another one follows, or came before.
  if ((bytes.readUInt16BE(at + 6) & 0x3fff) !== 0) return false;
  const total = bytes.readUInt16BE(at + 2);
  segment.addresses = at + 12;
  segment.addressLength = 4;
  // Packets that the network card was to cut have no length yet.
  return readTcp(bytes, at + headerLength, end, total === 0 ? end : at + total, segment);
}

function readIpv6(bytes: Buffer, at: number, end: number, segment: TcpSegment): boolean {
  if (at + 40 > end) return false;
  const length = bytes.readUInt16BE(at + 4);
  let next = bytes[at + 6] as number;
  let header = at + 40;
  // Hop-by-hop, routing and destination options.
  while ((next === 0 || next === 43 || next === 60) && header + 8 <= end) {
    next = bytes[header] as number;
    header += 8 + 8 * (bytes[header + 1] as number);
  }
  if (next !== TCP) return false;
  segment.addresses = at + 8;
  segment.addressLength = 16;
  return readTcp(bytes, header, end, length === 0 ? end : at + 40 + length, segment);
}

/** `stop`: where the packet ended before it was cut for the capture. */
function readTcp(
  bytes: Buffer,
  at: number,
  end: number,
  stop: number,
  segment: TcpSegment,
): boolean {
  if (at + 20 > end) return false;
  const headerLength = ((bytes[at + 12] as number) >> 4) * 4;
  const payload = at + headerLength;
  if (headerLength < 20 || payload > stop) return false;
  segment.header = at;
  segment.sequence = bytes.readUInt32BE(at + 4);
  segment.acknowledgment = bytes.readUInt32BE(at + 8);
  segment.flags = bytes[at + 13] as number;
  segment.payload = payload;
  segment.length = stop - payload;
  // Behind it there may be padding.
  segment.captured = Math.max(0, Math.min(end, stop) - payload);
  return true;
}
