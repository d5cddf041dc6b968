import { expect } from 'chai';
import type { ProtocolVersion } from '../../lib/protocol/version.ts';
import { type DecodedFrame, FrameDecoder } from '../support/frame-decoder.ts';
import type { GoldenFrame } from '../support/golden-form.ts';
import { createRandom } from '../support/shred.ts';
import type { Knowledge } from './engine-knowledge.ts';

/** Counts the events of a conversation. */
export interface Clock {
  now: number;
}

/** What the judge of a direction has to know of the side that writes. */
export interface Writer {
  readonly name: string;
  /** 1 for a client, 0 for a server. */
  readonly parity: number;
  readonly maxDataSize: number;
  readonly knowledge: Knowledge;
  /** Streams for which the application itself has submitted WINDOW_UPDATE. */
  readonly granted: ReadonlyMap<number, number>;
  /** Whether it has ended the session by a failure. */
  readonly failed: boolean;
  /** Whether it has accepted a stream, or opened it. */
  hasAccepted(streamId: number): boolean;
  /** The highest stream of the peer that was accepted before a time. */
  acceptedBefore(time: number): number;
}

/** Streams as far as one direction has written to them. */
interface WrittenStream {
  readonly own: boolean;
  readonly association: number;
  replied: boolean;
  finished: boolean;
  reset: boolean;
}

/**
 * One direction of a conversation: bytes under way, and the judge of what was written. All rules of SPDY that a writer
 * can break are checked here, against what had arrived on its side when the frame was begun.
 */
export class Wire {
  /** Everything that was written. */
  readonly frames: DecodedFrame[] = [];
  /** Payload and credit that was written, by stream; 0 is the session. */
  readonly credit: Map<number, number> = new Map();
  /** When the frames that are not decoded yet were begun. */
  readonly begun: number[] = [];
  readonly #version: ProtocolVersion;
  readonly #writer: Writer;
  readonly #decoder: FrameDecoder;
  readonly #streams = new Map<number, WrittenStream>();
  #pending: Buffer[] = [];
  #pendingLength = 0;
  /** Where the frames end, counted from the first byte that is under way. */
  #ends: { readonly at: number; readonly frame: DecodedFrame }[] = [];
  #written = 0;
  #taken = 0;
  #lastId = 0;
  #lastPing = 0;
  #goaways = 0;

  constructor(version: ProtocolVersion, writer: Writer) {
    this.#version = version;
    this.#writer = writer;
    this.#decoder = new FrameDecoder(version);
  }

  /** Bytes under way. */
  get length(): number {
    return this.#pendingLength;
  }

  /** Whether the last frame is complete. */
  get complete(): boolean {
    return this.#decoder.pending === 0;
  }

  /** Takes written bytes; `begun` is when their frames were begun, else the times in `this.begun` count. */
  push(bytes: Buffer, begun: number | null): void {
    if (bytes.length === 0) return;
    this.#pending.push(bytes);
    this.#pendingLength += bytes.length;
    for (const decoded of this.#decoder.push(bytes)) {
      this.#written += decoded.bytes.length;
      this.#ends.push({ at: this.#written, frame: decoded });
      this.frames.push(decoded);
      this.#judge(decoded, begun ?? (this.begun.shift() as number));
    }
  }

  /** Up to `bytes` bytes arrive: their pieces, and the frames that they complete. */
  take(bytes: number, seed: number): { pieces: Buffer[]; frames: DecodedFrame[] } {
    const all = Buffer.concat(this.#pending);
    const taken = all.subarray(0, bytes);
    this.#pending = [all.subarray(taken.length)];
    this.#pendingLength -= taken.length;
    this.#taken += taken.length;
    const frames: DecodedFrame[] = [];
    while ((this.#ends[0]?.at ?? Number.POSITIVE_INFINITY) <= this.#taken) {
      frames.push((this.#ends.shift() as { frame: DecodedFrame }).frame);
    }
    return { pieces: cut(taken, seed), frames };
  }

  #judge(decoded: DecodedFrame, begun: number): void {
    try {
      this.#check(decoded, begun);
    } catch (error) {
      const shown = JSON.stringify({ ...decoded.frame, hex: undefined });
      (error as Error).message = `${this.#writer.name} wrote ${shown}: ${(error as Error).message}`;
      throw error;
    }
  }

  #check({ frame, data }: DecodedFrame, begun: number): void {
    const { knowledge, parity } = this.#writer;
    const { streamId = 0, flags = 0, status = 0 } = frame;
    const stream = this.#streams.get(streamId);
    switch (frame.type) {
      case 'SYN_STREAM':
        expect(streamId % 2, 'parity').to.equal(parity);
        expect(streamId, 'id').to.be.above(this.#lastId);
        expect(flags, 'flags').to.be.at.most(3);
        expect(frame.priority, 'priority').to.be.at.most(this.#version.lowestPriority);
        expect([this.#goaways, knowledge.goawayAt > begun], 'GOAWAY').to.deep.equal([0, true]);
        if (parity === 0) this.#checkAssociation(frame.associatedToStreamId ?? 0, begun);
        this.#lastId = streamId;
        this.#streams.set(streamId, {
          own: true,
          association: parity === 0 ? (frame.associatedToStreamId ?? 0) : 0,
          replied: true,
          finished: (flags & 1) !== 0,
          reset: false,
        });
        break;
      case 'SYN_REPLY':
      case 'HEADERS':
      case 'DATA':
        this.#checkSending(frame, data.length, begun);
        break;
      case 'RST_STREAM':
        expect(stream?.reset ?? false, 'reset before').to.equal(false);
        expect(status, 'status').to.be.within(1, this.#version.extendedStatus ? 11 : 7);
        if (!this.#version.hasCredential) expect(status).to.not.equal(10);
        // The answer to a stream that was refused may cross with the peer's own RST_STREAM.
        if (this.#writer.hasAccepted(streamId)) {
          expect(this.#isResetByPeer(streamId, begun), 'reset by the peer').to.equal(false);
        }
        this.#sending(streamId).reset = true;
        break;
      case 'WINDOW_UPDATE':
        this.#checkUpdate(frame, begun);
        break;
      case 'PING':
        if ((frame.id ?? 0) % 2 === parity) {
          const next = this.#lastPing === 0 ? 2 - parity : this.#lastPing + 2;
          this.#lastPing = frame.id ?? 0;
          // A failing session drops what it had queued.
          if (!this.#writer.failed) expect(frame.id, 'id').to.equal(next);
        } else {
          expect(frame.id, 'echo').to.equal(knowledge.toEcho.shift());
        }
        break;
      case 'SETTINGS': {
        const ids = (frame.entries ?? []).map(({ id }) => id);
        expect(ids, 'ids').to.deep.equal([...new Set(ids)].sort());
        break;
      }
      case 'GOAWAY':
        this.#goaways++;
        expect(this.#goaways, 'GOAWAY').to.be.at.most(2);
        if (!this.#writer.failed) {
          const accepted = this.#writer.acceptedBefore(begun);
          expect(frame.lastGoodStreamId, 'last good stream').to.equal(accepted);
        }
        break;
      default:
        expect.fail('this is never written');
    }
  }

  #checkSending(frame: GoldenFrame, length: number, begun: number): void {
    const { streamId = 0, flags = 0 } = frame;
    const { knowledge } = this.#writer;
    expect(flags, 'flags').to.be.at.most(1);
    expect(this.#isResetByPeer(streamId, begun), 'reset by the peer').to.equal(false);
    const stream = this.#sending(streamId);
    const cancelled = knowledge.cancelledAt.get(stream.association) ?? Number.POSITIVE_INFINITY;
    expect(cancelled <= begun, 'pushed for a cancelled stream').to.equal(false);
    expect([stream.finished, stream.reset], 'finished, reset').to.deep.equal([false, false]);
    expect(knowledge.receiveOnly.has(streamId), 'receive-only').to.equal(false);
    if (frame.type === 'SYN_REPLY') {
      expect([stream.own, stream.replied], 'own, replied').to.deep.equal([false, false]);
      stream.replied = true;
    } else {
      expect(stream.replied, 'replied').to.equal(true);
    }
    if (frame.type === 'DATA') {
      expect(length, 'length').to.be.at.most(this.#writer.maxDataSize);
      expect(length > 0 || flags === 1, 'has an effect').to.equal(true);
    }
    if (flags === 1) stream.finished = true;
  }

  /** A push belongs to a stream of the client that is open, and that this side has not finished. */
  #checkAssociation(streamId: number, begun: number): void {
    if (streamId === 0) return;
    expect(this.#isResetByPeer(streamId, begun), 'pushed for a reset stream').to.equal(false);
    const { finished, reset } = this.#sending(streamId);
    expect([finished, reset], 'pushed for a stream that is done').to.deep.equal([false, false]);
  }

  #checkUpdate(frame: GoldenFrame, begun: number): void {
    const { streamId = 0, deltaWindowSize = 0 } = frame;
    expect(this.#version.streamWindows, 'exists').to.equal(true);
    expect(deltaWindowSize, 'delta').to.be.at.least(1);
    this.credit.set(streamId, (this.credit.get(streamId) ?? 0) + deltaWindowSize);
    if (streamId === 0) {
      expect(this.#version.sessionWindow, 'session window').to.equal(true);
      return;
    }
    expect(this.#sending(streamId).reset, 'reset').to.equal(false);
    expect(this.#isResetByPeer(streamId, begun), 'reset by the peer').to.equal(false);
    if (this.#writer.granted.has(streamId)) return;
    const { finAt } = this.#writer.knowledge;
    expect((finAt.get(streamId) ?? Number.POSITIVE_INFINITY) > begun, 'of use').to.equal(true);
  }

  #isResetByPeer(streamId: number, begun: number): boolean {
    return (this.#writer.knowledge.resetAt.get(streamId) ?? Number.POSITIVE_INFINITY) <= begun;
  }

  /** What was written on a stream so far; one of the peer exists from its arrival on. */
  #sending(streamId: number): WrittenStream {
    let stream = this.#streams.get(streamId);
    if (stream === undefined) {
      expect(this.#writer.knowledge.openedAt.has(streamId), 'exists').to.equal(true);
      stream = { own: false, association: 0, replied: false, finished: false, reset: false };
      this.#streams.set(streamId, stream);
    }
    return stream;
  }
}

function cut(bytes: Buffer, seed: number): Buffer[] {
  if (seed % 3 === 0 || bytes.length === 0) return bytes.length === 0 ? [] : [bytes];
  const random = createRandom(seed);
  const most = seed % 3 === 1 ? 20 : 3000;
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    // Whole frames are cut a few times at most: tiny pieces of a large body show nothing new.
    const size = pieces.length > 60 ? bytes.length : random.integer(1, most);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
