import type { Engine } from '../../../lib/engine/engine.ts';
import type { EngineHandler } from '../../../lib/engine/engine-handler.ts';
import type { EngineOptions } from '../../../lib/engine/options/options.ts';
import type { Side } from '../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../lib/protocol/frames.ts';
import type { ProtocolVersion } from '../../../lib/protocol/version.ts';
import { createEnd } from '../../support/engine-pair.ts';
import { type DecodedFrame, FrameDecoder } from '../../support/frame-decoder.ts';
import { FrameFactory } from '../../support/frame-factory.ts';
import type { RecordingHandler } from '../../support/recording-handler.ts';
import { type Facts, facts } from './facts.ts';
import { callText, frameText } from './texts.ts';

/** Some headers. */
export const HEADERS: HeaderList = [['name', 'value']];

/** An engine, and everything that its peer and its application can do to it. */
export class Lab {
  readonly version: ProtocolVersion;
  readonly engine: Engine;
  readonly handler: RecordingHandler;
  /** Makes the frames of the peer; each one has to be received, in the order in which they were made. */
  readonly peer: FrameFactory;
  readonly #decoder: FrameDecoder;
  #gate: Gate | null = null;

  constructor(side: Side, version: ProtocolVersion, options: EngineOptions = {}) {
    const { engine, handler } = createEnd(side, version.id, options);
    this.version = version;
    this.engine = engine;
    this.handler = handler;
    this.peer = new FrameFactory(version);
    this.#decoder = new FrameDecoder(version);
  }

  /** Feeds bytes of the peer. */
  receive(...chunks: Buffer[]): this {
    for (const chunk of chunks) this.engine.receive(chunk);
    return this;
  }

  /** Everything that the engine has to write now. */
  frames(): DecodedFrame[] {
    if (this.#gate !== null) return this.#gate.pass();
    const frames: DecodedFrame[] = [];
    for (;;) {
      const bytes = this.engine.pull();
      if (bytes === null) return frames;
      frames.push(...this.#decoder.push(bytes));
    }
  }

  /** Everything that the engine has to write now, a text for each frame. */
  wrote(): string[] {
    return this.frames().map(({ frame }) => frameText(frame));
  }

  /** The callbacks since the last call, a text for each. */
  calls(): string[] {
    return this.handler.take().map(callText);
  }

  /** The callbacks of these names since the last call, a text for each. */
  callsOf(...names: string[]): string[] {
    return this.handler
      .take()
      .filter(({ cb }) => names.includes(cb))
      .map(callText);
  }

  /** What was wrong with streams and with the session, since the last call. */
  faults(): (Facts | null)[] {
    const { streamErrors, sessionErrors } = this.handler;
    return [...streamErrors.splice(0), ...sessionErrors.splice(0)].map(facts);
  }

  /** What the end of a stream said: null for a normal end, undefined while it has not ended. */
  endOf(streamId: number): Facts | null | undefined {
    const { closed } = this.handler;
    return closed.has(streamId) ? facts(closed.get(streamId)) : undefined;
  }

  /** A GOAWAY in text form, as the version writes it. */
  goaway(lastGoodStreamId: number, status = 0): string {
    const shown = status !== 0 && this.version.goawayStatus ? ` status ${status}` : '';
    return `GOAWAY ${lastGoodStreamId}${shown}`;
  }

  /** Forgets the callbacks and frames up to here. */
  settle(): this {
    this.frames();
    this.handler.take();
    return this;
  }

  /** From now on the engine writes by `send()`, as many bytes as are allowed. */
  useGate(): Gate {
    this.#gate = new Gate(this, this.#decoder);
    return this.#gate;
  }
}

/** Spdylay's way out, with a transport that takes only so many bytes. */
export class Gate {
  /** What each call of `sendCb` was offered and took. */
  readonly offers: [offered: number, taken: number][] = [];
  readonly #lab: Lab;
  readonly #decoder: FrameDecoder;
  #pieces: Buffer[] = [];
  #allowed = 0;

  constructor(lab: Lab, decoder: FrameDecoder) {
    this.#lab = lab;
    this.#decoder = decoder;
    (lab.handler as EngineHandler).sendCb = (data) => {
      const taken = data.subarray(0, this.#allowed);
      this.#allowed -= taken.length;
      this.#pieces.push(Buffer.from(taken));
      this.offers.push([data.length, taken.length]);
      return taken.length;
    };
  }

  /** Sends until `bytes` bytes more were taken; returns the frames that they completed. */
  pass(bytes: number = Number.POSITIVE_INFINITY): DecodedFrame[] {
    this.#allowed = bytes;
    try {
      this.#lab.engine.send();
    } finally {
      this.#allowed = 0;
    }
    const taken = Buffer.concat(this.#pieces);
    this.#pieces = [];
    return this.#decoder.push(taken);
  }
}
