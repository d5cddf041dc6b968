/** A packet of a capture. */
export type PacketListener = (
  /** Kind of the link (LINKTYPE_ numbers of pcap). */
  link: number,
  /** It stands in `bytes` from `start` to `end`, as much of it as was captured. */
  bytes: Buffer,
  start: number,
  end: number,
  /** Milliseconds since 1970 began. */
  time: number,
) => void;

/** The longest packet or block that is believed. */
const MOST_BYTES = 1 << 24;
const NO_BYTES: Buffer = Buffer.alloc(0);

/** Byte orders and nanoseconds by the first four bytes of a pcap file. */
const MAGICS: ReadonlyMap<number, { readonly little: boolean; readonly perMs: number }> = new Map([
  [0xa1b2c3d4, { little: false, perMs: 1e3 }],
  [0xd4c3b2a1, { little: true, perMs: 1e3 }],
  [0xa1b23c4d, { little: false, perMs: 1e6 }],
  [0x4d3cb2a1, { little: true, perMs: 1e6 }],
]);
/** The first block of a pcapng file. */
const SECTION = 0x0a0d0d0a;

/** Whether a file that begins with these bytes is a capture: pcap or pcapng. */
export function isCapture(start: Buffer): boolean {
  if (start.length < 4) return false;
  const magic = start.readUInt32BE(0);
  return magic === SECTION || MAGICS.has(magic);
}

/** An interface of a pcapng section. */
interface Interface {
  readonly link: number;
  readonly unitsPerMs: number;
  readonly offsetMs: number;
}

/** Cuts a pcap or pcapng file into packets. */
export class CaptureFile {
  readonly #packet: PacketListener;
  #held: Buffer = NO_BYTES;
  #kind: 'pcap' | 'pcapng' | null = null;
  #little = false;
  #perMs = 1e3;
  #link = 0;
  #interfaces: Interface[] = [];

  /** `packet` is told each packet; its bytes are valid during the call. */
  constructor(packet: PacketListener) {
    this.#packet = packet;
  }

  /** Bytes that belong to a packet that is not complete. */
  get rest(): number {
    return this.#held.length;
  }

  /**
   * Reads the next bytes of the file.
   *
   * @throws Error for what is no capture
   */
  push(chunk: Buffer): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let at = 0;
    if (this.#kind === null) {
      if (bytes.length < 24) {
        this.#held = bytes;
        return;
      }
      at = this.#begin(bytes);
    }
    const end = this.#kind === 'pcap' ? this.#records(bytes, at) : this.#blocks(bytes, at);
    // The rest is copied, so that the whole chunk is not kept.
    this.#held = end === bytes.length ? NO_BYTES : Buffer.from(bytes.subarray(end));
  }

  #begin(bytes: Buffer): number {
    const magic = bytes.readUInt32BE(0);
    if (magic === SECTION) {
      this.#kind = 'pcapng';
      return 0;
    }
    const found = MAGICS.get(magic);
    if (found === undefined) throw new Error('this is no pcap or pcapng file');
    this.#kind = 'pcap';
    this.#little = found.little;
    this.#perMs = found.perMs;
    // The upper bits say how long a frame check sequence is.
    this.#link = this.#uint32(bytes, 20) & 0xffff;
    return 24;
  }

  #records(bytes: Buffer, start: number): number {
    let at = start;
    while (at + 16 <= bytes.length) {
      const length = this.#uint32(bytes, at + 8);
      if (length > MOST_BYTES)
        throw new Error(`a packet of ${length} bytes: the capture is damaged`);
      const end = at + 16 + length;
      if (end > bytes.length) break;
      const time = this.#uint32(bytes, at) * 1000 + this.#uint32(bytes, at + 4) / this.#perMs;
      this.#packet(this.#link, bytes, at + 16, end, time);
      at = end;
    }
    return at;
  }

  #blocks(bytes: Buffer, start: number): number {
    let at = start;
    while (at + 12 <= bytes.length) {
      const type = bytes.readUInt32BE(at);
      // Its own byte order stands behind the length.
      if (type === SECTION) this.#section(bytes, at);
      const length = this.#uint32(bytes, at + 4);
      if (length < 12 || length > MOST_BYTES) {
        throw new Error(`a block of ${length} bytes: the capture is damaged`);
      }
      const end = at + length + (-length & 3);
      if (end > bytes.length) break;
      this.#block(this.#uint32(bytes, at), bytes, at, end - 4);
      at = end;
    }
    return at;
  }

  #section(bytes: Buffer, at: number): void {
    const order = bytes.readUInt32BE(at + 8);
    if (order !== 0x1a2b3c4d && order !== 0x4d3c2b1a) throw new Error('this is no pcapng file');
    this.#little = order === 0x4d3c2b1a;
    this.#interfaces = [];
  }

  #block(type: number, bytes: Buffer, at: number, end: number): void {
    if (type === 1 && end >= at + 16) {
      this.#interfaces.push(this.#interface(bytes, at, end));
    } else if (type === 6 && end >= at + 28) {
      const from = this.#interfaces[this.#uint32(bytes, at + 8)];
      const length = this.#uint32(bytes, at + 20);
      if (from === undefined || at + 28 + length > end) return;
      const high = this.#uint32(bytes, at + 12);
      const units = high * 0x1_0000_0000 + this.#uint32(bytes, at + 16);
      const time = units / from.unitsPerMs + from.offsetMs;
      this.#packet(from.link, bytes, at + 28, at + 28 + length, time);
    } else if (type === 3 && end >= at + 12) {
      const [from] = this.#interfaces;
      if (from === undefined) return;
      const length = Math.min(this.#uint32(bytes, at + 8), end - at - 12);
      this.#packet(from.link, bytes, at + 12, at + 12 + length, 0);
    }
  }

  #interface(bytes: Buffer, at: number, end: number): Interface {
    let unitsPerMs = 1e3;
    let offsetMs = 0;
    for (let option = at + 16; option + 4 <= end; ) {
      const code = this.#uint16(bytes, option);
      const length = this.#uint16(bytes, option + 2);
      if (code === 0) break;
      const value = bytes[option + 4] ?? 0;
      if (code === 9 && length === 1) {
        unitsPerMs = (value < 128 ? 10 ** value : 2 ** (value & 127)) / 1000;
      } else if (code === 14 && length === 8 && option + 12 <= end) {
        const seconds = this.#little
          ? bytes.readBigInt64LE(option + 4)
          : bytes.readBigInt64BE(option + 4);
        offsetMs = Number(seconds) * 1000;
      }
      option += 4 + length + (-length & 3);
    }
    return { link: this.#uint16(bytes, at + 8), unitsPerMs, offsetMs };
  }

  #uint32(bytes: Buffer, at: number): number {
    return this.#little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }

  #uint16(bytes: Buffer, at: number): number {
    return this.#little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  }
}
