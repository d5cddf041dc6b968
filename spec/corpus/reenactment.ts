import type { EngineOptions } from '../../lib/engine/options/options.ts';
import {
  CLIENT,
  MAX_FRAME_LENGTH,
  type Side,
  type SpdyVersion,
} from '../../lib/protocol/constants.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import { createEnd, type EngineEnd } from '../support/engine-pair.ts';
import { type DecodedFrame, FrameDecoder } from '../support/frame-decoder.ts';
import type { GoldenFrame } from '../support/golden-form.ts';
import { type Cut, shred } from '../support/shred.ts';
import { bytesProvider } from '../support/test-provider.ts';

/**
 * An engine that plays one side of a recorded connection: frames of its side become calls, frames of the other side are
 * received. What it writes can be compared with what the recorded peer wrote.
 */
export class Reenactment {
  readonly end: EngineEnd;
  readonly #side: Side;
  readonly #decoder: FrameDecoder;

  /** WINDOW_UPDATE is sent where the recorded peer sent it, and DATA in the same frames. */
  constructor(side: Side, version: SpdyVersion, options: EngineOptions = {}) {
    this.#side = side;
    this.end = createEnd(side, version, {
      windowUpdates: 'manual',
      maxDataSize: MAX_FRAME_LENGTH,
      ...options,
    });
    this.#decoder = new FrameDecoder(this.end.engine.version);
  }

  /** Receives bytes of the other side. */
  receive(bytes: Buffer, cut: Cut): void {
    for (const chunk of shred(bytes, cut)) this.end.engine.receive(chunk);
  }

  /** Whether the engine must not write this frame any more, since its stream has ended (recorded peers did). */
  isLate({ frame }: DecodedFrame): boolean {
    return frame.streamId !== undefined && this.end.handler.closed.has(frame.streamId);
  }

  /** Does what makes the engine write this frame; PING echoes come by themselves. */
  perform(decoded: DecodedFrame): void {
    const { engine } = this.end;
    const { frame, data } = decoded;
    const { flags = 0, streamId = 0 } = frame;
    const headers = decoded.headers as HeaderList;
    switch (frame.type) {
      case 'SYN_STREAM': {
        const { associatedToStreamId = 0, priority = 0 } = frame;
        engine.setNextStreamId(streamId);
        engine.submitSynStream(flags, associatedToStreamId, priority, headers);
        break;
      }
      case 'SYN_REPLY':
        engine.submitSynReply(flags, streamId, headers);
        break;
      case 'HEADERS':
        engine.submitHeaders(flags, streamId, headers);
        break;
      case 'DATA':
        engine.submitData(streamId, flags, bytesProvider(data));
        break;
      case 'RST_STREAM':
        engine.submitRstStream(streamId, frame.status ?? 0);
        break;
      case 'SETTINGS':
        engine.submitSettings(flags, frame.entries ?? []);
        break;
      case 'PING':
        if (!this.#isEcho(frame)) engine.submitPing();
        break;
      case 'GOAWAY':
        engine.submitGoaway(frame.status);
        break;
      case 'WINDOW_UPDATE':
        if (!this.isLate(decoded)) {
          engine.submitWindowUpdate(streamId, frame.deltaWindowSize ?? 0);
        }
        break;
      default:
        throw new Error(`a recorded ${frame.type}`);
    }
  }

  /** Takes what the engine has to write; the bytes. */
  pull(): Buffer {
    const pieces: Buffer[] = [];
    for (let bytes = this.end.engine.pull(); bytes !== null; bytes = this.end.engine.pull()) {
      pieces.push(bytes);
    }
    const bytes = Buffer.concat(pieces);
    this.end.written.push(...this.#decoder.push(bytes));
    return bytes;
  }

  /**
   * Frames in a form that two implementations must agree on: without PING echoes (whose place is free), and without
   * the bits that nobody looks at.
   */
  comparable(frames: readonly DecodedFrame[]): object[] {
    return frames
      .filter(({ frame }) => !this.#isEcho(frame))
      .map(({ frame, headers, data }) => {
        const { zlibDictId: _, headers: __, priorityByte: ___, ...fields } = frame;
        const ordered = [...headers].sort(([a], [b]) => (a < b ? -1 : 1));
        return { ...fields, pairs: ordered, data: data.toString('hex') };
      });
  }

  /** Whether a PING carries an id of the other side. */
  #isEcho(frame: GoldenFrame): boolean {
    return frame.type === 'PING' && ((frame.id ?? 0) % 2 === 1) !== (this.#side === CLIENT);
  }
}
