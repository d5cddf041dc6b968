const NO_BYTES: Buffer = Buffer.alloc(0);

// Opcodes (RFC 6455 5.2).
const TEXT = 1;
const CLOSE = 8;

/** Takes the payload of binary messages out of one direction of a WebSocket (RFC 6455 5.2). */
export class WebSocketReader {
  readonly #payload: (chunk: Buffer) => void;
  #held: Buffer = NO_BYTES;
  #left = 0;
  #mask: Buffer | null = null;
  #masked = 0;
  /** Whether the payload at hand is that of a message. */
  #wanted = false;

  /** `payload` is told the bytes, views that are valid during the call. */
  constructor(payload: (chunk: Buffer) => void) {
    this.#payload = payload;
  }

  /**
   * Reads the next bytes.
   *
   * @throws Error for what cannot be read: text, compression, and what is no WebSocket
   */
  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        at = this.#readHead(chunk, at);
        continue;
      }
      const end = at + Math.min(this.#left, chunk.length - at);
      this.#left -= end - at;
      if (this.#wanted) this.#payload(this.#unmasked(chunk.subarray(at, end)));
      at = end;
    }
  }

  #readHead(chunk: Buffer, start: number): number {
    const known = this.#held.length;
    const bytes = Buffer.concat([this.#held, chunk.subarray(start, start + 14)]);
    const size = headSize(bytes);
    if (bytes.length < size) {
      this.#held = bytes;
      return chunk.length;
    }
    this.#held = NO_BYTES;
    const [first, second] = bytes as unknown as readonly [number, number];
    const opcode = first & 15;
    if ((first & 0x70) !== 0) throw new Error('a WebSocket with compression');
    if (opcode === TEXT) throw new Error('a text message in a WebSocket that carries SPDY');
    this.#wanted = opcode < CLOSE;
    const short = second & 127;
    this.#left = short === 126 ? bytes.readUInt16BE(2) : short;
    if (short === 127) this.#left = Number(bytes.readBigUInt64BE(2));
    this.#mask = second < 128 ? null : bytes.subarray(size - 4, size);
    this.#masked = 0;
    return start + size - known;
  }

  #unmasked(part: Buffer): Buffer {
    const mask = this.#mask;
    if (mask === null) return part;
    const plain = Buffer.allocUnsafe(part.length);
    for (let i = 0; i < part.length; i++) {
      plain[i] = (part[i] as number) ^ (mask[(this.#masked + i) & 3] as number);
    }
    this.#masked = (this.#masked + part.length) & 3;
    return plain;
  }
}

/** Bytes of a frame header, as far as it is known. */
function headSize(bytes: Buffer): number {
  if (bytes.length < 2) return 2;
  const second = bytes[1] as number;
  const length = second & 127;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (second < 128 ? 0 : 4);
}
