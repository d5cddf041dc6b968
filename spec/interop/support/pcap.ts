import { writeFileSync } from 'node:fs';

/** Port of the server side in every file. */
export const PCAP_SERVER_PORT = 6121;

const LINKTYPE_RAW = 101;
const MAX_SEGMENT = 60_000;
const SYN = 0x02;
const SYN_ACK = 0x12;
const ACK = 0x10;
const PUSH_ACK = 0x18;

/** Who sent a piece of a recorded connection. */
export type Sender = 'client' | 'server';

/**
 * Writes recorded bytes as the packets of one TCP connection (classic pcap, raw IPv4), so that decoders can read them
 * without any right to capture.
 */
export class PcapWriter {
  readonly #packets: Buffer[] = [fileHeader()];
  readonly #sequence = { client: 1000, server: 5000 };
  #microseconds = 0;

  constructor() {
    this.#packet('client', SYN, Buffer.alloc(0));
    this.#sequence.client++;
    this.#packet('server', SYN_ACK, Buffer.alloc(0));
    this.#sequence.server++;
    this.#packet('client', ACK, Buffer.alloc(0));
  }

  /** Adds bytes that one side sent. */
  add(sender: Sender, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += MAX_SEGMENT) {
      const piece = bytes.subarray(at, at + MAX_SEGMENT);
      this.#packet(sender, PUSH_ACK, piece);
      this.#sequence[sender] += piece.length;
    }
  }

  /** Writes the file. */
  save(file: string): void {
    writeFileSync(file, Buffer.concat(this.#packets));
  }

  #packet(sender: Sender, flags: number, payload: Uint8Array): void {
    const receiver = sender === 'client' ? 'server' : 'client';
    const acknowledged = flags === SYN ? 0 : this.#sequence[receiver];
    const tcp = tcpHeader(sender, this.#sequence[sender], acknowledged, flags);
    const ip = ipHeader(sender, tcp.length + payload.length);
    const length = ip.length + tcp.length + payload.length;
    this.#microseconds += 100;
    const record = Buffer.alloc(16);
    record.writeUInt32LE(1_000_000_000 + Math.floor(this.#microseconds / 1e6), 0);
    record.writeUInt32LE(this.#microseconds % 1e6, 4);
    record.writeUInt32LE(length, 8);
    record.writeUInt32LE(length, 12);
    this.#packets.push(record, ip, tcp, Buffer.from(payload));
  }
}

function fileHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0); // magic: microseconds, little-endian
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16); // longest packet
  header.writeUInt32LE(LINKTYPE_RAW, 20);
  return header;
}

function ipHeader(sender: Sender, payloadLength: number): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(header.length + payloadLength, 2);
  header[8] = 64; // hops
  header[9] = 6; // TCP
  header.set([10, 0, 0, sender === 'client' ? 1 : 2], 12);
  header.set([10, 0, 0, sender === 'client' ? 2 : 1], 16);
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  header.writeUInt16BE(~sum & 0xffff, 10);
  return header;
}

function tcpHeader(sender: Sender, sequence: number, acknowledged: number, flags: number): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(sender === 'client' ? 40_000 : PCAP_SERVER_PORT, 0);
  header.writeUInt16BE(sender === 'client' ? PCAP_SERVER_PORT : 40_000, 2);
  header.writeUInt32BE(sequence >>> 0, 4);
  header.writeUInt32BE(acknowledged >>> 0, 8);
  header[12] = 0x50; // five words
  header[13] = flags;
  header.writeUInt16BE(0xffff, 14);
  return header;
}
