import { FrameDecoder } from '../../engine/receive/frame-decoder.ts';
import type { ErrorCode } from '../../errors.ts';
import { NO_BYTES } from '../../framing/bytes.ts';
import type { FrameSink, HeaderFault } from '../../framing/frame-sink.ts';
import { frameName } from '../../protocol/frame-facts.ts';
import type { ControlFrame, HeaderBlockFrame } from '../../protocol/frames.ts';
import type { SessionVersion } from '../../protocol/version.ts';

/** How many of the first bytes are kept: a line of text. */
const START = 80;

/** A DATA frame that came. */
export interface SeenData {
  /** Tells it from control frames. */
  readonly type: 'DATA';
  /** As received. */
  readonly streamId: number;
  /** Flag bits as received: 1 is FIN. */
  readonly flags: number;
  /** Bytes of payload. */
  readonly length: number;
}

/** Bytes that are no frame, or one that cannot be right. */
export interface SeenFault {
  /** Tells it from frames. */
  readonly type: 'fault';
  /** What it is, in words. */
  readonly what: string;
  /** The version of a frame that has another one than the connection. */
  readonly version?: number | undefined;
}

/** What a peer has sent. */
export type Seen = ControlFrame | SeenData | SeenFault;

/** The frames that a peer has sent, in their order. */
export class SeenFrames implements FrameSink {
  readonly list: Seen[] = [];
  /** The first bytes that came. */
  start: Buffer = NO_BYTES;
  readonly #decoder: FrameDecoder;
  readonly #onFrame: (frame: Seen) => void;

  /** `onFrame` is called behind each. */
  constructor(version: SessionVersion, onFrame: (frame: Seen) => void) {
    this.#onFrame = onFrame;
    this.#decoder = new FrameDecoder(version, this);
  }

  read(chunk: Uint8Array): void {
    if (this.start.length < START)
      this.start = Buffer.concat([this.start, chunk]).subarray(0, START);
    if (!this.#decoder.stopped) this.#decoder.read(chunk);
  }

  headerBlock(): void {}

  control(frame: ControlFrame): void {
    this.#add(frame);
  }

  badHeaders(frame: HeaderBlockFrame, fault: HeaderFault): void {
    this.#add({
      type: 'fault',
      what: `${frameName(frame.type)} of stream ${frame.streamId} with bad headers (${fault})`,
    });
  }

  dataStart(streamId: number, flags: number, length: number): void {
    this.#add({ type: 'DATA', streamId, flags, length });
  }

  dataChunk(): void {}

  dataEnd(): void {}

  wrongVersion(type: number, version: number): void {
    this.#add({ type: 'fault', what: `${frameName(type)} with version ${version}`, version });
  }

  unknown(head: Buffer): void {
    this.#add({
      type: 'fault',
      what: `a control frame of the unknown type ${head.readUInt16BE(2)}`,
    });
  }

  parseError(
    _type: number,
    _head: Buffer,
    _payload: Buffer,
    code: ErrorCode,
    message: string,
  ): void {
    this.#add({ type: 'fault', what: `bytes that are no frame (${code}: ${message})` });
  }

  #add(frame: Seen): void {
    this.list.push(frame);
    this.#onFrame(frame);
  }
}

/** A frame in a few words. */
export function frameWords(frame: Seen): string {
  if (frame.type === 'fault') return frame.what;
  if (frame.type === 'DATA') {
    const fin = (frame.flags & 1) === 0 ? '' : ', FIN';
    return `DATA (stream ${frame.streamId}, ${frame.length} bytes${fin})`;
  }
  const name = frameName(frame.type);
  const { streamId, status, id } = frame as { streamId?: number; status?: number; id?: number };
  const facts = [
    ...(streamId === undefined ? [] : [`stream ${streamId}`]),
    ...(status === undefined ? [] : [`status ${status}`]),
    ...(id === undefined ? [] : [`id ${id}`]),
    ...('headers' in frame && (frame.flags & 1) !== 0 ? ['FIN'] : []),
  ];
  return facts.length === 0 ? name : `${name} (${facts.join(', ')})`;
}
