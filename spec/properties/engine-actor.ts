import { expect } from 'chai';
import { Engine } from '../../lib/engine/engine.ts';
import type { EngineHandler } from '../../lib/engine/engine-handler.ts';
import { SessionError, type StreamError } from '../../lib/errors.ts';
import {
  CANCEL,
  CLIENT,
  ERR_GOAWAY_ALREADY_SENT,
  GOAWAY,
  HEADERS,
  REFUSED_STREAM,
  RST_STREAM,
  SERVER,
  type SpdyVersion,
  SYN_REPLY,
  SYN_STREAM,
} from '../../lib/protocol/constants.ts';
import type { ControlFrame } from '../../lib/protocol/frames.ts';
import type { DecodedFrame } from '../support/frame-decoder.ts';
import { type GoldenFrame, goldenFrame } from '../support/golden-form.ts';
import { Knowledge } from './engine-knowledge.ts';
import type { BodySpec, Call, CallbackName, EndSpec, Who } from './engine-operations.ts';
import { Body, type BodyOwner, ModelStream } from './engine-stream-model.ts';
import { type Clock, Wire, type Writer } from './engine-wire.ts';

/** Thrown out of callbacks on purpose. */
class Thrown extends Error {}

/** One side of a conversation: an engine, the application on top of it, and everything that it may know. */
export class Actor implements EngineHandler, Writer, BodyOwner {
  readonly name: Who;
  readonly parity: number;
  readonly engine: Engine;
  readonly spec: EndSpec;
  readonly maxDataSize: number;
  readonly knowledge: Knowledge;
  /** What this side writes. */
  readonly wire: Wire;
  /** All streams that it knows, in the order in which it learned of them. */
  readonly streams: ModelStream[] = [];
  readonly byId: Map<number, ModelStream> = new Map();
  /** What was received, in golden form. */
  readonly reports: GoldenFrame[] = [];
  /** Credit that the application has given beyond what it had received, by stream; 0 is the session. */
  readonly granted: Map<number, number> = new Map();
  /** What it announced last. */
  announcedWindow: number;
  announcedStreams: number = Number.POSITIVE_INFINITY;
  goawayAsked = false;
  /** How many streams of the peer it takes. */
  localMaxStreams: number;
  /** Bytes that `send()` may hand over. */
  quota = 0;
  failed = false;
  ended = false;
  plans: { readonly name: CallbackName; readonly call: Call | null }[] = [];
  /** Makes a planned call. */
  perform: (call: Call, streamId: number) => void = () => {};
  readonly #clock: Clock;
  readonly #accepted: { readonly at: number; readonly id: number }[] = [];
  #input: Buffer[] = [];
  #frameLeft = 0;
  #problem: Error | null = null;
  /** The stream whose data was the last thing asked for and sent, and who else was ready then and has not had a turn since. */
  #lastSent = 0;
  #readyBefore: Set<number> = new Set();
  #bodies = 0;
  #openOwn = 0;
  #openPeers = 0;

  constructor(name: Who, version: SpdyVersion, spec: EndSpec, clock: Clock) {
    this.name = name;
    this.parity = name === 'client' ? 1 : 0;
    this.spec = spec;
    this.#clock = clock;
    this.maxDataSize = spec.options.maxDataSize ?? 16_384;
    this.localMaxStreams = spec.options.maxConcurrentStreams ?? 100;
    this.announcedWindow = spec.options.initialWindowSize ?? 65_536;
    const side = name === 'client' ? CLIENT : SERVER;
    this.engine = new Engine(side, version, spec.options, this.#watched());
    this.knowledge = new Knowledge(this.engine.version, spec.options.flowControl ?? true);
    this.wire = new Wire(this.engine.version, this);
  }

  hasAccepted(streamId: number): boolean {
    return this.byId.has(streamId);
  }

  acceptedBefore(time: number): number {
    return Math.max(0, ...this.#accepted.map(({ at, id }) => (at < time ? id : 0)));
  }

  newBody(spec: BodySpec): Body {
    return new Body(spec, ++this.#bodies + this.parity * 100, this);
  }

  /** Writes about `limit` bytes; how many. */
  write(limit: number): number {
    const begun = ++this.#clock.now;
    const before = this.wire.length;
    const wanted = this.engine.wantWrite();
    if (this.spec.callbackStyle) {
      this.quota = limit;
      this.guard(() => this.engine.send());
      this.quota = 0;
    } else {
      // What was encoded before an exception comes with the next pull.
      let bytes: Buffer | null | undefined;
      do bytes = this.guard(() => this.engine.pull(limit));
      while (bytes === undefined);
      if (bytes !== null) this.wire.push(bytes, begun);
    }
    const written = this.wire.length - before;
    if (!wanted) expect(written, `${this.name}: written without wantWrite()`).to.equal(0);
    return written;
  }

  /** Takes what has arrived. */
  receive(pieces: Buffer[], frames: readonly DecodedFrame[]): void {
    const now = ++this.#clock.now;
    for (const frame of frames) this.knowledge.arrived(frame, now, this.parity);
    // Windows move: whoever is ready then has a new place.
    this.#lastSent = 0;
    this.#input = pieces.flatMap((piece) => slices(piece, 16_384));
    if (this.spec.callbackStyle) {
      while (this.#input.length > 0) this.guard(() => this.engine.recv());
    } else {
      for (const piece of this.#input) this.guard(() => this.engine.receive(piece));
    }
  }

  asked(streamId: number, length: number): void {
    this.#checkRead(streamId, length);
    this.fire('readCb', streamId);
  }

  spend(streamId: number, bytes: number): void {
    this.knowledge.spend(streamId, bytes);
  }

  /** A provider is asked for bytes: exactly as many as may be sent, and by priority. */
  #checkRead(streamId: number, length: number): void {
    const expected = Math.min(this.maxDataSize, this.knowledge.allowance(streamId));
    expect(length, `${this.name}: bytes asked for on stream ${streamId}`).to.equal(expected);
    expect(length).to.be.at.least(1);
    const { priority } = this.byId.get(streamId) as ModelStream;
    const ready = this.streams.filter((stream) => this.#isReady(stream));
    const urgent = ready.filter((stream) => stream.priority < priority).map(({ id }) => id);
    expect(urgent, `more urgent than stream ${streamId}`).to.deep.equal([]);
    const equal = ready.filter((stream) => stream.priority === priority && stream.id !== streamId);
    if (this.#lastSent === streamId) {
      const passed = equal.filter(({ id }) => this.#readyBefore.has(id)).map(({ id }) => id);
      expect(passed, `passed over by stream ${streamId}`).to.deep.equal([]);
    }
    this.#lastSent = 0;
    this.#readyBefore = new Set(equal.map(({ id }) => id));
  }

  /** Whether the data of a stream could leave now. */
  #isReady(stream: ModelStream): boolean {
    const { id } = stream;
    const body = stream.nextBody;
    if (id === 0 || body === undefined || body.deferred || stream.failed) return false;
    if (!this.isAlive(id) || !(stream.own ? stream.openWritten : stream.replyWritten)) return false;
    return this.knowledge.allowance(id) > 0;
  }

  bodyFailed(streamId: number): void {
    const stream = this.byId.get(streamId);
    if (stream !== undefined) stream.failed = true;
  }

  isAlive(streamId: number): boolean {
    const stream = this.byId.get(streamId);
    return stream !== undefined && stream.closed === 0 && !stream.resetAsked;
  }

  /** Makes the call that was planned for a callback. */
  fire(name: CallbackName, streamId: number): void {
    const index = this.plans.findIndex((plan) => plan.name === name);
    const [plan] = index < 0 ? [] : this.plans.splice(index, 1);
    if (plan === undefined) return;
    if (plan.call !== null) this.perform(plan.call, streamId);
    else if (name !== 'readCb') throw new Thrown();
  }

  /** Runs a call of the engine out of which planned exceptions may come. */
  guard<T>(run: () => T): T | undefined {
    let result: T | undefined;
    try {
      result = run();
    } catch (exception) {
      if (!(exception instanceof Thrown)) throw exception;
    }
    if (this.#problem !== null) throw this.#problem;
    return result;
  }

  /** This handler, remembering what failed: the engine keeps only the last exception. */
  #watched(): EngineHandler {
    return new Proxy<EngineHandler>(this, {
      get: (_target, name: keyof EngineHandler) => {
        const method = this[name] as ((...args: unknown[]) => unknown) | undefined;
        if (typeof method !== 'function') return undefined;
        return (...args: unknown[]) => {
          try {
            return method.apply(this, args);
          } catch (exception) {
            if (!(exception instanceof Thrown)) this.#problem ??= exception as Error;
            throw exception;
          }
        };
      },
    });
  }

  sendCb(data: Buffer): number {
    if (this.#frameLeft === 0) {
      this.#frameLeft = data.length;
      this.wire.begun.push(this.#clock.now);
    }
    expect(data.length, 'the rest of the frame').to.equal(this.#frameLeft);
    const taken = data.subarray(0, Math.min(this.quota, data.length));
    this.quota -= taken.length;
    this.#frameLeft -= taken.length;
    this.wire.push(Buffer.from(taken), null);
    return taken.length;
  }

  recvCb(): Buffer | null {
    return this.#input.shift() ?? null;
  }

  onCtrlRecv(frame: ControlFrame): void {
    this.reports.push(goldenFrame(frame));
    if (frame.type === RST_STREAM && frame.status === CANCEL) {
      const { streamId } = frame;
      const isOpen = this.byId.get(streamId)?.closed === 0;
      if (isOpen) this.knowledge.cancelledAt.set(streamId, this.#clock.now);
    }
    if (frame.type === SYN_STREAM) {
      const { streamId, flags } = frame;
      expect(this.byId.has(streamId), 'a stream is opened twice').to.equal(false);
      const push = this.parity === 1 && frame.associatedToStreamId !== 0;
      const stream = new ModelStream(
        streamId,
        false,
        frame.priority,
        (flags & 2) === 0 && !push,
        true,
      );
      expect(this.#openPeers++, 'open streams of the peer').to.be.below(this.localMaxStreams);
      stream.opened = true;
      this.streams.push(stream);
      this.byId.set(streamId, stream);
      this.#accepted.push({ at: this.#clock.now, id: streamId });
    }
    this.fire('onCtrlRecv', 'streamId' in frame ? frame.streamId : 0);
  }

  onInvalidCtrlRecv(frame: ControlFrame, status: number): void {
    this.reports.push(goldenFrame(frame));
    expect([frame.type, status], 'invalid frame').to.deep.equal([SYN_STREAM, REFUSED_STREAM]);
  }

  onDataChunkRecv(_flags: number, streamId: number, data: Buffer): void {
    const stream = this.#open(streamId);
    stream.received.push(Buffer.from(data));
    if (this.spec.options.windowUpdates === 'consume') stream.unconsumed += data.length;
    this.fire('onDataChunkRecv', streamId);
  }

  onDataRecv(flags: number, streamId: number, length: number): void {
    this.reports.push({ type: 'DATA', streamId, flags, length });
    this.#open(streamId);
    this.fire('onDataRecv', streamId);
  }

  onRequestRecv(streamId: number): void {
    const stream = this.#open(streamId);
    expect([stream.own, ++stream.requests], 'requests').to.deep.equal([false, 1]);
    this.fire('onRequestRecv', streamId);
  }

  beforeCtrlSend(frame: ControlFrame): void {
    if (frame.type === SYN_STREAM) {
      const stream = this.engine.getStreamUserData(frame.streamId) as ModelStream;
      expect(stream?.id, 'user data of a new stream').to.equal(0);
      expect(this.#openOwn, 'open streams').to.be.below(this.knowledge.maxStreams);
      const waiting = this.streams.filter(({ id, closed }) => id === 0 && closed === 0);
      const most = Math.min(...waiting.map(({ urgency }) => urgency));
      expect(
        waiting.find(({ urgency }) => urgency === most),
        'its turn',
      ).to.equal(stream);
      stream.id = frame.streamId;
      stream.opened = true;
      this.#openOwn++;
      this.byId.set(stream.id, stream);
      this.knowledge.opened(stream.id);
    }
    this.fire('beforeCtrlSend', 'streamId' in frame ? frame.streamId : 0);
  }

  onCtrlSend(frame: ControlFrame): void {
    const stream = 'streamId' in frame ? this.byId.get(frame.streamId) : undefined;
    if (frame.type === SYN_STREAM && stream !== undefined) stream.openWritten = true;
    if (frame.type === SYN_REPLY && stream !== undefined) stream.replyWritten = true;
    // Each frame of a stream is a turn: HEADERS in front of its data put it behind the others.
    if (frame.type === HEADERS) this.#readyBefore.delete(frame.streamId);
    this.fire('onCtrlSend', 'streamId' in frame ? frame.streamId : 0);
  }

  onCtrlNotSend(frame: ControlFrame, errno: number): void {
    if (frame.type === GOAWAY) expect(errno).to.equal(ERR_GOAWAY_ALREADY_SENT);
    expect(frame.type, 'a frame that is always sent').to.not.equal(RST_STREAM);
    this.fire('onCtrlNotSend', 'streamId' in frame ? frame.streamId : 0);
  }

  onDataSend(_flags: number, streamId: number, length: number): void {
    this.#lastSent = length > 0 ? streamId : 0;
    this.fire('onDataSend', streamId);
  }

  onStreamClose(streamId: number, _status: number, error: StreamError | SessionError | null): void {
    const data = this.engine.getStreamUserData(streamId);
    const stream = streamId === 0 ? (data as ModelStream) : this.byId.get(streamId);
    if (stream === undefined) expect.fail(`${this.name}: unknown stream ${streamId} is closed`);
    if (stream.own) expect(data, 'user data of a closing stream').to.equal(stream);
    stream.closed++;
    expect(stream.closed, `${this.name}: stream ${streamId} is closed`).to.equal(1);
    if (!stream.own) this.#openPeers--;
    else if (stream.opened) this.#openOwn--;
    stream.error = error;
    if (error instanceof SessionError) expect(this.failed || this.ended).to.equal(true);
    this.fire('onStreamClose', streamId);
  }

  onStreamError(error: StreamError): void {
    expect(error.code, 'stream error').to.equal('ERR_SPDY_TOO_MANY_STREAMS');
    expect(this.#openPeers, 'refused').to.be.at.least(this.localMaxStreams);
    this.fire('onStreamError', error.streamId);
  }

  onSessionError(error: SessionError): void {
    if (!this.failed) expect.fail(`${this.name}: ${error.code} ${error.message}`);
  }

  onCtrlRecvParseError(): void {
    expect.fail(`${this.name}: parse error`);
  }

  onUnknownCtrlRecv(): void {
    expect.fail(`${this.name}: unknown frame`);
  }

  /** A stream on which something was received: it must be there. */
  #open(streamId: number): ModelStream {
    const stream = this.byId.get(streamId);
    if (stream === undefined) expect.fail(`${this.name}: nothing is known of stream ${streamId}`);
    expect([stream.closed, stream.resetAsked], `${this.name}: stream ${streamId}`).to.deep.equal([
      0,
      false,
    ]);
    return stream;
  }
}

function slices(bytes: Buffer, size: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
  return parts;
}
