import { dictionaryFor } from '../../compression/dictionaries.ts';
import { HeaderCompressor } from '../../compression/header-compressor.ts';
import {
  writeCredential,
  writeDataHeader,
  writeGoaway,
  writeHeaders,
  writeNoop,
  writePing,
  writeRstStream,
  writeSettings,
  writeSynReply,
  writeSynStream,
  writeWindowUpdate,
} from '../../framing/encode.ts';
import { encodeHeaderBlock } from '../../framing/header-block.ts';
import { OutputBuffer } from '../../framing/output-buffer.ts';
import { CLIENT } from '../../protocol/constants.ts';
import type { HeaderList, SettingsEntry } from '../../protocol/frames.ts';
import type { ProtocolVersion, SessionVersion } from '../../protocol/version.ts';
import { checkEnd } from '../options/options.ts';

/** What a SYN_STREAM says besides its headers. What is left out is 0. */
export interface SynStreamFields {
  /** Of the new stream. */
  readonly streamId: number;
  /** The stream that it is pushed for. */
  readonly associatedToStreamId?: number | undefined;
  /** 0 is the most urgent. */
  readonly priority?: number | undefined;
  /** SPDY/3: the certificate slot. */
  readonly slot?: number | undefined;
  /** 1 FLAG_FIN, 2 FLAG_UNIDIRECTIONAL. */
  readonly flags?: number | undefined;
}

const DEFLATE = { level: 9, windowBits: 15, memLevel: 9 };

/**
 * Makes the frames of one direction of a connection, right or wrong: no rule of the session is checked, and headers stand on the wire as they
 * are given (SPDY/2 has names without colons). For programs that test peers; an end of a session is an `Engine`.
 */
export class FrameEncoder {
  /** The version that is written. */
  readonly version: ProtocolVersion;
  readonly #out = new OutputBuffer();
  readonly #deflater: HeaderCompressor;

  /** @throws UnsupportedVersionError for a version that is none */
  constructor(version: SessionVersion) {
    this.version = checkEnd(CLIENT, version);
    this.#deflater = new HeaderCompressor(dictionaryFor(this.version.wire), DEFLATE);
  }

  /**
   * The next compressed header block: of headers (a name with several values once, with NUL between them), or of the bytes of a plain block
   * (SPDY/3 2.6.10). Blocks have to be sent in the order in which they are made.
   */
  block(headers: HeaderList | Uint8Array): Buffer {
    const plain =
      headers instanceof Uint8Array ? headers : encodeHeaderBlock(this.version, headers, 'latin1');
    return Buffer.from(this.#deflater.compress(plain));
  }

  /** SYN_STREAM (SPDY/3 2.6.1) with headers, or with the bytes of `block()`. */
  synStream(fields: SynStreamFields, headers: HeaderList | Uint8Array): Buffer {
    const { streamId, associatedToStreamId = 0, priority = 0, slot = 0, flags = 0 } = fields;
    const block = this.#blockOf(headers);
    writeSynStream(
      this.#out,
      this.version,
      flags,
      streamId,
      associatedToStreamId,
      priority,
      slot,
      block,
    );
    return this.#take();
  }

  /** SYN_REPLY (SPDY/3 2.6.2). */
  synReply(streamId: number, headers: HeaderList | Uint8Array, flags = 0): Buffer {
    writeSynReply(this.#out, this.version, flags, streamId, this.#blockOf(headers));
    return this.#take();
  }

  /** HEADERS (SPDY/3 2.6.7). */
  headers(streamId: number, headers: HeaderList | Uint8Array, flags = 0): Buffer {
    writeHeaders(this.#out, this.version, flags, streamId, this.#blockOf(headers));
    return this.#take();
  }

  /** DATA (SPDY/3 2.2.2). */
  data(streamId: number, payload: Uint8Array, flags = 0): Buffer {
    writeDataHeader(this.#out, streamId, flags, payload.length);
    return Buffer.concat([this.#take(), payload]);
  }

  /** RST_STREAM (SPDY/3 2.6.3). */
  rstStream(streamId: number, status: number): Buffer {
    writeRstStream(this.#out, this.version, streamId, status);
    return this.#take();
  }

  /** SETTINGS (SPDY/3 2.6.4). */
  settings(entries: readonly SettingsEntry[], flags = 0): Buffer {
    writeSettings(this.#out, this.version, flags, entries);
    return this.#take();
  }

  /** NOOP (SPDY/2). */
  noop(): Buffer {
    writeNoop(this.#out, this.version);
    return this.#take();
  }

  /** PING (SPDY/3 2.6.5). */
  ping(id: number): Buffer {
    writePing(this.#out, this.version, id);
    return this.#take();
  }

  /** GOAWAY (SPDY/3 2.6.6). */
  goaway(lastGoodStreamId: number, status = 0): Buffer {
    writeGoaway(this.#out, this.version, lastGoodStreamId, status);
    return this.#take();
  }

  /** WINDOW_UPDATE (SPDY/3 2.6.8). */
  windowUpdate(streamId: number, delta: number): Buffer {
    writeWindowUpdate(this.#out, this.version, streamId, delta);
    return this.#take();
  }

  /** CREDENTIAL (SPDY/3 2.6.9). */
  credential(slot: number, proof: Uint8Array, certificates: readonly Uint8Array[]): Buffer {
    writeCredential(this.#out, this.version, slot, proof, certificates);
    return this.#take();
  }

  /** A control frame of any type, version and payload (SPDY/3 2.2.1). */
  control(
    type: number,
    payload: Uint8Array,
    flags = 0,
    version: number = this.version.wire,
  ): Buffer {
    const head = Buffer.alloc(8);
    head.writeUInt16BE(0x8000 | version, 0);
    head.writeUInt16BE(type, 2);
    head.writeUInt32BE(payload.length, 4);
    head.writeUInt8(flags, 4);
    return Buffer.concat([head, payload]);
  }

  #blockOf(headers: HeaderList | Uint8Array): Uint8Array {
    return headers instanceof Uint8Array ? headers : this.block(headers);
  }

  #take(): Buffer {
    return Buffer.from(this.#out.take());
  }
}
