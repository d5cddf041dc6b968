import net from 'node:net';
import { Deadline } from '../../../common/deadline.ts';
import { InvalidArgumentError, SpdyError } from '../../../errors.ts';

/** Who may send a PROXY header. */
export interface ProxyProtocolOptions {
  /**
   * Addresses and networks (`'10.0.0.0/8'`, `'fd00::/8'`) of the terminators, with `'unix'` whoever connects to a unix socket; or a function, which gets the address, and `''` at a unix socket.
   * Connections from anywhere else are closed: whoever can send the header can pretend to be any client.
   */
  readonly allow: readonly string[] | ((address: string) => boolean);
}

/** What a PROXY header says of a connection. */
export interface ProxyHeader {
  /** False: the connection is the terminator's own (LOCAL), such as a health check. */
  readonly proxied: boolean;
  /** Null when the header names none (LOCAL, unix sockets, unknown families). */
  readonly source: ProxyAddress | null;
  /** Where the client wanted to connect; null like `source`. */
  readonly destination: ProxyAddress | null;
  /** The protocol that was negotiated with the client by ALPN or NPN; null if none was. */
  readonly alpn: string | null;
  /** Whether the client speaks TLS. */
  readonly tls: boolean;
  /** The whole header in bytes. */
  readonly length: number;
}

/** One end of the client's connection. */
export interface ProxyAddress {
  /** As text, such as `192.0.2.1`. */
  readonly address: string;
  /** From 0 to 65535. */
  readonly port: number;
  /** Family of `address`. */
  readonly family: 'IPv4' | 'IPv6';
}

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const FIXED_LENGTH = 16;
/** Longer headers are not read: addresses and TLS facts are far shorter. */
const MAX_LENGTH = 4096;

const FAMILY_IPV4 = 1;
const FAMILY_IPV6 = 2;
const FAMILY_UNIX = 3;
const ADDRESS_LENGTHS: Readonly<Record<number, number>> = {
  [FAMILY_IPV4]: 12,
  [FAMILY_IPV6]: 36,
  [FAMILY_UNIX]: 216,
};
const LINE_START = Buffer.from('PROXY ');
/** With the end of the line. */
const MAX_LINE_LENGTH = 107;
const LINE_FAMILIES: Readonly<Record<string, 4 | 6 | undefined>> = { TCP4: 4, TCP6: 6 };
const LINE_PORT = /^(?:0|[1-9]\d{0,4})$/;

const TLV_ALPN = 0x01;
const TLV_SSL = 0x20;
const CLIENT_SSL = 0x01;

/**
 * Reads a PROXY protocol header, version 1 or 2, from the beginning of what was received: null while it is incomplete.
 *
 * @throws SpdyError `ERR_SPDY_PROTOCOL` for bytes that are no such header
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | null {
  return bytes[0] === LINE_START[0] ? parseLine(bytes) : parseBinary(bytes);
}

/** Version 1: a line of text. */
function parseLine(bytes: Buffer): ProxyHeader | null {
  const known = Math.min(bytes.length, LINE_START.length);
  if (LINE_START.compare(bytes, 0, known, 0, known) !== 0) throw invalid('no PROXY signature');
  const end = bytes.subarray(0, MAX_LINE_LENGTH).indexOf('\r\n');
  if (end < 0) {
    if (bytes.length >= MAX_LINE_LENGTH) throw invalid('a line that is too long');
    return null;
  }
  const line = bytes.toString('latin1', LINE_START.length, end);
  const length = end + 2;
  if (/^UNKNOWN(?: |$)/.test(line)) return { ...NOTHING, proxied: true, length };
  const [family = '', source = '', destination = '', ...ports] = line.split(' ');
  const version = LINE_FAMILIES[family];
  if (version === undefined || !isPlain(source, version) || !isPlain(destination, version)) {
    throw invalid('a line without addresses of its family');
  }
  if (ports.length !== 2 || !ports.every((port) => LINE_PORT.test(port) && Number(port) <= 65535)) {
    throw invalid('a line without ports');
  }
  const [sourcePort, destinationPort] = ports.map(Number) as [number, number];
  return {
    ...NOTHING,
    proxied: true,
    source: { address: source, port: sourcePort, family: `IPv${version}` },
    destination: { address: destination, port: destinationPort, family: `IPv${version}` },
    length,
  };
}

/** Whether a text is an address of a family, without the name of an interface. */
function isPlain(address: string, version: 4 | 6): boolean {
  return net.isIP(address) === version && !address.includes('%');
}

/** Version 2. */
function parseBinary(bytes: Buffer): ProxyHeader | null {
  const known = Math.min(bytes.length, SIGNATURE.length);
  if (SIGNATURE.compare(bytes, 0, known, 0, known) !== 0) throw invalid('no PROXY signature');
  if (bytes.length < FIXED_LENGTH) return null;
  const version = bytes.readUInt8(12);
  const family = bytes.readUInt8(13) >>> 4;
  const length = FIXED_LENGTH + bytes.readUInt16BE(14);
  if (version !== 0x20 && version !== 0x21) throw invalid('an unknown version or command');
  if (length > MAX_LENGTH) throw invalid(`${length} bytes are too long`);
  if (bytes.length < length) return null;
  if (version === 0x20) return { ...NOTHING, length };

  const addressLength = ADDRESS_LENGTHS[family] ?? 0;
  if (FIXED_LENGTH + addressLength > length) throw invalid('addresses are cut off');
  const tlvs = readTlvs(bytes.subarray(FIXED_LENGTH + addressLength, length));
  const [source, destination] = readAddresses(bytes, family);
  const ssl = tlvs.get(TLV_SSL);
  return {
    proxied: true,
    source,
    destination,
    alpn: tlvs.get(TLV_ALPN)?.toString('latin1') ?? null,
    tls: ssl !== undefined && ssl.length > 0 && (ssl.readUInt8(0) & CLIENT_SSL) !== 0,
    length,
  };
}

/** Whether an address may send PROXY headers. */
export function proxyAllows(options: ProxyProtocolOptions): (address: string) => boolean {
  const { allow } = options;
  if (typeof allow === 'function') return allow;
  const list = new net.BlockList();
  const unix = allow.includes('unix');
  for (const entry of allow) {
    if (entry === 'unix') continue;
    const [address = '', bits, ...more] = entry.split('/');
    const family = net.isIPv6(address) ? 'ipv6' : 'ipv4';
    // An empty text is the number 0, which would be everybody.
    const network = bits === undefined || (/^\d{1,3}$/.test(bits) && more.length === 0);
    if (net.isIP(address) === 0 || !network || Number(bits ?? 0) > (family === 'ipv6' ? 128 : 32)) {
      throw new InvalidArgumentError(`proxyProtocol.allow: ${entry} is no address or network`);
    }
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    if (address === '') return unix;
    const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
    return list.check(plain, net.isIPv6(plain) ? 'ipv6' : 'ipv4');
  };
}

/**
 * Reads the header from a socket that nothing was read from. What follows it stays in the socket. `done` is called once.
 */
export function readProxyHeader(
  socket: net.Socket,
  timeoutMs: number,
  done: (error: Error | null, header: ProxyHeader | null) => void,
): void {
  let received: Buffer = Buffer.alloc(0);
  const deadline = new Deadline();
  const settle = (error: Error | null, header: ProxyHeader | null): void => {
    deadline.stop();
    socket.removeListener('readable', onReadable);
    socket.removeListener('end', onEnd);
    socket.removeListener('close', onEnd);
    if (header !== null && header.length < received.length) {
      socket.unshift(received.subarray(header.length));
    }
    done(error, header);
  };
  const onReadable = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    let header: ProxyHeader | null;
    try {
      header = parseProxyHeader(received);
    } catch (error) {
      settle(error as Error, null);
      return;
    }
    if (header !== null) settle(null, header);
  };
  const onEnd = (): void => settle(invalid('the connection ended before it'), null);
  if (timeoutMs > 0) {
    deadline.start(timeoutMs, () =>
      settle(new SpdyError('ERR_SPDY_TIMEOUT', `no PROXY header within ${timeoutMs} ms`), null),
    );
  }
  socket.on('readable', onReadable);
  socket.on('end', onEnd);
  socket.on('close', onEnd);
}

/** Shows the client's addresses and protocol on the socket of the terminator. */
export function showClient(socket: net.Socket, header: ProxyHeader): void {
  show(socket, { encrypted: header.tls, alpnProtocol: header.alpn });
  showAddresses(socket, header);
}

/** Shows the client's addresses on the socket of whoever has sent the header. */
export function showAddresses(socket: net.Socket, { source, destination }: ProxyHeader): void {
  const facts: Record<string, unknown> = {};
  if (source !== null) {
    Object.assign(facts, {
      remoteAddress: source.address,
      remotePort: source.port,
      remoteFamily: source.family,
    });
  }
  if (destination !== null) {
    Object.assign(facts, {
      localAddress: destination.address,
      localPort: destination.port,
      localFamily: destination.family,
    });
  }
  show(socket, facts);
}

function show(socket: net.Socket, facts: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(facts)) {
    Object.defineProperty(socket, name, { value, configurable: true, writable: true });
  }
}

const NOTHING: Omit<ProxyHeader, 'length'> = {
  proxied: false,
  source: null,
  destination: null,
  alpn: null,
  tls: false,
};

function readTlvs(bytes: Buffer): Map<number, Buffer> {
  const tlvs = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    if (at + 3 > bytes.length) throw invalid('a TLV is cut off');
    const end = at + 3 + bytes.readUInt16BE(at + 1);
    if (end > bytes.length) throw invalid('a TLV is cut off');
    tlvs.set(bytes.readUInt8(at), bytes.subarray(at + 3, end));
    at = end;
  }
  return tlvs;
}

function readAddresses(
  bytes: Buffer,
  family: number,
): [source: ProxyAddress | null, destination: ProxyAddress | null] {
  if (family === FAMILY_IPV4) {
    const address = (at: number): string => bytes.subarray(at, at + 4).join('.');
    return [
      { address: address(16), port: bytes.readUInt16BE(24), family: 'IPv4' },
      { address: address(20), port: bytes.readUInt16BE(26), family: 'IPv4' },
    ];
  }
  if (family === FAMILY_IPV6) {
    return [
      { address: ipv6(bytes, 16), port: bytes.readUInt16BE(48), family: 'IPv6' },
      { address: ipv6(bytes, 32), port: bytes.readUInt16BE(50), family: 'IPv6' },
    ];
  }
  return [null, null];
}

/** In the usual short form, as sockets have it. */
function ipv6(bytes: Buffer, at: number): string {
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(bytes.readUInt16BE(at + i).toString(16));
  return new net.SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

function invalid(why: string): SpdyError {
  return new SpdyError('ERR_SPDY_PROTOCOL', `PROXY header: ${why}`, 'peer');
}
