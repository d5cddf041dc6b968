import type { Recording } from '../../corpus/recordings.ts';

/** A TCP segment for a capture; addresses are made of `client` and `server`, ports 40000 and 80. */
export interface Packet {
  readonly from: 'client' | 'server';
  /** Relative to the initial number of its direction. */
  readonly sequence: number;
  readonly acknowledgment?: number;
  readonly flags?: string;
  readonly payload?: Buffer;
  /** Milliseconds. */
  readonly time?: number;
  /** As much of the payload as is in the capture. */
  readonly captured?: number;
  /** Of the client; default 40000. */
  readonly port?: number;
}

/** What is put around packets. */
export interface Framing {
  readonly link?: number;
  readonly ipv6?: boolean;
  readonly vlans?: number;
  /** Bytes behind the IP packet. */
  readonly padding?: number;
}

/** Initial sequence numbers: those of the client pass zero soon. */
const INITIAL = { client: 0xffffff00, server: 1000 };
const FLAGS: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, A: 16 };

/** The bytes of a packet, without what was not captured of it. */
function packetBytes(packet: Packet, framing: Framing = {}): Buffer {
  const { link = 1, ipv6 = false, vlans = 0, padding = 0 } = framing;
  const ip = ipPacket(packet, ipv6);
  const type = ipv6 ? 0x86dd : 0x0800;
  const tags = Buffer.concat(
    Array.from({ length: vlans }, (_, index) =>
      Buffer.from([index === 0 ? 0x88 : 0x81, index === 0 ? 0xa8 : 0, 0, 5]),
    ),
  );
  const fronts: Readonly<Record<number, Buffer>> = {
    0: Buffer.from([ipv6 ? 30 : 2, 0, 0, 0]),
    1: Buffer.concat([Buffer.alloc(12, 2), tags, word(type)]),
    101: Buffer.alloc(0),
    113: Buffer.concat([Buffer.alloc(14), word(type)]),
    276: Buffer.concat([word(type), Buffer.alloc(18)]),
  };
  const front = fronts[link] as Buffer;
  const { payload = Buffer.alloc(0), captured = payload.length } = packet;
  const cut = ip.subarray(0, ip.length - (payload.length - captured));
  return Buffer.concat([front, cut, Buffer.alloc(padding)]);
}

/** A pcap file. */
export function pcap(packets: readonly Packet[], framing: Framing = {}, little = true): Buffer {
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    if (little) bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value);
    return bytes;
  };
  // The version, 2.4, is two numbers of 16 bits.
  const version = little ? 0x0004_0002 : 0x0002_0004;
  const head = [0xa1b2c3d4, version, 0, 0, 0x40000, framing.link ?? 1].map(number);
  return Buffer.concat([
    ...head,
    ...packets.flatMap((packet) => {
      const bytes = packetBytes(packet, framing);
      const { time = 0 } = packet;
      const micros = Math.round((time % 1000) * 1000);
      return [Math.floor(time / 1000), micros, bytes.length, bytes.length]
        .map(number)
        .concat(bytes);
    }),
  ]);
}

/** A pcapng file: one section, one interface with nanoseconds. */
export function pcapng(packets: readonly Packet[], framing: Framing = {}): Buffer {
  const block = (type: number, ...parts: readonly Buffer[]): Buffer => {
    const body = Buffer.concat(parts);
    const padded = Buffer.concat([body, Buffer.alloc(-body.length & 3)]);
    const length = long(padded.length + 12);
    return Buffer.concat([long(type), length, padded, length]);
  };
  const option = Buffer.from([0, 9, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([
    block(0x0a0d0d0a, long(0x1a2b3c4d), Buffer.from([0, 1, 0, 0]), Buffer.alloc(8, 0xff)),
    block(1, word(framing.link ?? 1), word(0), long(0), option),
    block(0x0bad, Buffer.from('unknown')),
    ...packets.map((packet) => {
      const bytes = packetBytes(packet, framing);
      const nanos = BigInt(Math.round((packet.time ?? 0) * 1000)) * 1000n;
      const time = Buffer.alloc(8);
      time.writeBigUInt64BE(nanos);
      return block(6, long(0), time, long(bytes.length), long(bytes.length), bytes);
    }),
  ]);
}

/** A whole connection: handshake, the pieces each in a packet, FIN of both sides. */
export function connectionOf(
  pieces: readonly {
    readonly from: 'client' | 'server';
    readonly bytes: Buffer;
    readonly time?: number;
  }[],
): Packet[] {
  const sent = { client: 1, server: 1 };
  const packets: Packet[] = [
    { from: 'client', sequence: 0, flags: 'S' },
    { from: 'server', sequence: 0, flags: 'SA', acknowledgment: 1 },
    { from: 'client', sequence: 1, acknowledgment: 1 },
  ];
  for (const { from, bytes, time = 0 } of pieces) {
    const other = from === 'client' ? 'server' : 'client';
    packets.push({ from, sequence: sent[from], acknowledgment: sent[other], payload: bytes, time });
    sent[from] += bytes.length;
  }
  const time = pieces.at(-1)?.time ?? 0;
  for (const from of ['client', 'server'] as const) {
    packets.push({ from, sequence: sent[from], flags: 'FA', acknowledgment: 1, time });
  }
  return packets;
}

/** A recorded connection as it was, with what came before SPDY, in packets of at most 1400 bytes. */
export function captureOf({ heads, chunks, bytes }: Recording): Packet[] {
  const begun = Date.UTC(2026, 10, 30);
  const pieces = chunks.map(({ ms, dir, offset, length }) => ({
    from: dir === 'c2s' ? ('client' as const) : ('server' as const),
    bytes: bytes[dir].subarray(offset, offset + length),
    time: begun + ms,
  }));
  const [request, response] = heads ?? [];
  const before = [request, response].flatMap((text, index) =>
    text === undefined
      ? []
      : [
          {
            from: index === 0 ? ('client' as const) : ('server' as const),
            bytes: Buffer.from(text),
            time: begun,
          },
        ],
  );
  return connectionOf(
    [...before, ...pieces].flatMap((piece) =>
      Array.from({ length: Math.ceil(piece.bytes.length / 1400) }, (_, part) => ({
        ...piece,
        bytes: piece.bytes.subarray(1400 * part, 1400 * (part + 1)),
      })),
    ),
  );
}

function ipPacket(packet: Packet, ipv6: boolean): Buffer {
  const { from, sequence, acknowledgment, payload = Buffer.alloc(0), port = 40000 } = packet;
  const ports = from === 'client' ? [port, 80] : [80, port];
  const { flags = 'A' } = packet;
  const other = from === 'client' ? 'server' : 'client';
  const bits = [...flags].reduce((sum, flag) => sum + (FLAGS[flag] as number), 0);
  const tcp = Buffer.concat([
    word(ports[0] as number),
    word(ports[1] as number),
    long(INITIAL[from] + sequence),
    long(acknowledgment === undefined ? 0 : INITIAL[other] + acknowledgment),
    Buffer.from([0x50, bits]),
    Buffer.alloc(6),
    payload,
  ]);
  const last = from === 'client' ? [1, 2] : [2, 1];
  if (ipv6) {
    const address = (end: number): Buffer =>
      Buffer.from(`20010db8${'00'.repeat(11)}0${end}`, 'hex');
    return Buffer.concat([
      Buffer.from([0x60, 0, 0, 0]),
      word(tcp.length),
      Buffer.from([6, 64]),
      address(last[0] as number),
      address(last[1] as number),
      tcp,
    ]);
  }
  const address = (end: number): Buffer => Buffer.from([10, 0, 0, end]);
  return Buffer.concat([
    Buffer.from([0x45, 0]),
    word(tcp.length + 20),
    Buffer.from([0, 0, 0x40, 0, 64, 6, 0, 0]),
    address(last[0] as number),
    address(last[1] as number),
    tcp,
  ]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
