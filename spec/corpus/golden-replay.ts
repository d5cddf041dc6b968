import { Engine } from '../../lib/engine/engine.ts';
import type { EngineOptions } from '../../lib/engine/options/options.ts';
import { SpdyError } from '../../lib/errors.ts';
import {
  CLIENT,
  ERR_INVALID_ARGUMENT,
  ERR_WOULDBLOCK,
  MAX_FRAME_LENGTH,
  OPT_MAX_RECV_CTRL_FRAME_BUFFER,
  SERVER,
  type SpdyVersion,
} from '../../lib/protocol/constants.ts';
import { FrameDecoder } from '../support/frame-decoder.ts';
import type { GoldenFrame } from '../support/golden-form.ts';
import { type GoldenCallback, RecordingHandler } from '../support/recording-handler.ts';
import { BYTES, type Cut, shred, WHOLE } from '../support/shred.ts';
import { patternBytes, type TestProvider } from '../support/test-provider.ts';
import { callEngine, type StepCall } from './golden-calls.ts';
import {
  type Actual,
  compareStep,
  INNER_CALL,
  type Observation,
  type Override,
} from './golden-compare.ts';

/** How much a `send` step lets out. */
export interface SendLimit {
  /** Stop after this many complete frames. */
  readonly frames?: number;
  /** Take this many bytes, then would-block. */
  readonly bytes?: number;
  /** Everything, but at most this many bytes at once. */
  readonly perCall?: number;
}

/** A step of a scenario. */
export type Step =
  | {
      readonly do: 'recv';
      readonly hex: string;
      readonly pad?: { readonly byte: string; readonly count: number };
      readonly cut?: number | readonly number[];
    }
  | ({ readonly do: 'call' } & StepCall)
  | { readonly do: 'send'; readonly limit?: SendLimit };

/** A golden scenario; see golden/README.md. */
export interface Scenario {
  readonly id: string;
  readonly topic: string;
  readonly title: string;
  readonly version: '2' | '3' | '3.1' | null;
  readonly alsoVersions?: readonly ('2' | '3' | '3.1')[];
  readonly side: 'client' | 'server' | null;
  readonly options: {
    readonly maxRecvCtrlFrameBuffer?: number;
    readonly noAutoWindowUpdate?: number;
    readonly noAutoWindowUpdate2?: number;
  };
  readonly hooks?: readonly {
    readonly when: { readonly cb: string; readonly frameType?: string };
    readonly do: readonly StepCall[];
  }[];
  readonly steps: readonly Step[];
  readonly observed: readonly Observation[];
  readonly expectSteps?: Readonly<Record<string, Override>>;
}

/** How the engine's output is taken: by a sendCb, or pulled. */
export type Style = 'send' | 'pull';

/** Spdylay's numbers of the versions as the scenarios name them. */
export const VERSION_NUMBERS: Readonly<Record<'2' | '3' | '3.1', SpdyVersion>> = {
  '2': 2,
  '3': 3,
  '3.1': 4,
};

/** Replays a scenario against a fresh engine; the complaints of all its steps, none when it passes. */
export function replayScenario(
  scenario: Scenario,
  version: SpdyVersion,
  style: Style,
  overrides: Readonly<Record<string, Override>> = scenario.expectSteps ?? {},
): string[] {
  const replay = new Replay(scenario, version, style);
  const complaints: string[] = [];
  scenario.steps.forEach((step, index) => {
    const actual = replay.run(step);
    const observed = scenario.observed[index] ?? {};
    const found = compareStep(step.do, observed, overrides[index] ?? {}, actual);
    complaints.push(...found.map((complaint) => `step ${index} (${stepName(step)}): ${complaint}`));
  });
  return [...complaints, ...replay.compareData()];
}

function stepName(step: Step): string {
  return step.do === 'call' ? step.method : step.do;
}

/** The options that make an engine behave as the recorded library did (N2, N5, N6). */
function engineOptions(scenario: Scenario): EngineOptions {
  const { noAutoWindowUpdate, noAutoWindowUpdate2 } = scenario.options;
  const enforced = scenario.id.startsWith('flowrecv-overrun-');
  return {
    maxDataSize: 4096,
    maxConcurrentStreams: 0x7fffffff,
    maxControlFrameSize: MAX_FRAME_LENGTH,
    maxHeaderListSize: MAX_FRAME_LENGTH,
    receiveWindowTolerance: enforced ? 0 : Number.POSITIVE_INFINITY,
    compressionLevel: 9,
    ...(noAutoWindowUpdate === 1 && { windowUpdates: 'manual' }),
    ...(noAutoWindowUpdate2 === 1 && { windowUpdates: 'consume' }),
  };
}

/** An engine under test and everything that it did in the current step. */
class Replay {
  readonly #engine: Engine;
  readonly #handler: RecordingHandler = new RecordingHandler();
  readonly #style: Style;
  readonly #decoder: FrameDecoder;
  readonly #providers: TestProvider[] = [];
  readonly #sentData: Map<number, Buffer[]> = new Map();
  #frames: GoldenFrame[] = [];
  /** Pulled bytes that the limits of the steps have not let out yet. */
  #held: Buffer = Buffer.alloc(0);
  /** What the sendCb may still take in this step. */
  #limit: SendLimit = {};

  constructor(scenario: Scenario, version: SpdyVersion, style: Style) {
    const side = scenario.side === 'client' ? CLIENT : SERVER;
    this.#style = style;
    const handler = Object.assign(this.#handler, { sendCb: (data: Buffer) => this.#take(data) });
    const engine = new Engine(side, version, engineOptions(scenario), handler);
    this.#engine = engine;
    this.#decoder = new FrameDecoder(engine.version);
    handler.userDataOf = (streamId) => engine.getStreamUserData(streamId);
    const limit = scenario.options.maxRecvCtrlFrameBuffer;
    if (limit !== undefined) engine.setOption(OPT_MAX_RECV_CTRL_FRAME_BUFFER, limit);
    const hooks = [...(scenario.hooks ?? [])];
    handler.afterEach = (callback) => {
      const index = hooks.findIndex(({ when }) => fits(when, callback));
      for (const call of index < 0 ? [] : (hooks.splice(index, 1)[0]?.do ?? [])) {
        const { ret } = this.#attempt(() => callEngine(engine, call, this.#providers));
        handler.callbacks.push({ cb: INNER_CALL, method: call.method, ret });
      }
    };
  }

  /** Does a step and says what was seen. */
  run(step: Step): Actual {
    const engine = this.#engine;
    this.#frames = [];
    const { ret, error } = this.#attempt(() => {
      if (step.do === 'recv') this.#receive(step);
      else if (step.do === 'call') return callEngine(engine, step, this.#providers);
      else if (this.#style === 'send') this.#send(step.limit ?? {});
      else this.#pull(step.limit ?? {});
      return 0;
    });
    return {
      ret,
      error,
      callbacks: this.#handler.take(),
      frames: this.#frames,
      wantRead: engine.wantRead(),
      wantWrite: engine.wantWrite() || this.#held.length > 0,
      queueSize: engine.getOutboundQueueSize(),
    };
  }

  /** N2: complaints about streams whose DATA is not what their providers gave. */
  compareData(): string[] {
    return [...this.#sentData].flatMap(([streamId, pieces]) => {
      const sent = Buffer.concat(pieces);
      const given = Buffer.concat(
        this.#providers
          .filter((provider) => provider.streamId === streamId)
          .map((provider) => patternBytes(provider.length)),
      );
      return given.subarray(0, sent.length).equals(sent) ? [] : [`DATA of stream ${streamId}`];
    });
  }

  /** The return value of a call; N4: what it throws is Spdylay's negative number. */
  #attempt(call: () => unknown): { ret: unknown; error: string | null } {
    try {
      const ret = call();
      if (ret !== false) return { ret, error: null };
      return { ret: ERR_INVALID_ARGUMENT, error: 'INVALID_ARGUMENT' };
    } catch (error) {
      if (!(error instanceof SpdyError)) throw error;
      return { ret: error.errno, error: error.code.replace('ERR_SPDY_', '') };
    }
  }

  #receive(step: Step & { do: 'recv' }): void {
    const pad = step.pad ? Buffer.alloc(step.pad.count, Number.parseInt(step.pad.byte, 16)) : [];
    const bytes = Buffer.concat([Buffer.from(step.hex, 'hex'), Buffer.from(pad)]);
    for (const chunk of shred(bytes, cutOf(step.cut))) this.#engine.receive(chunk);
  }

  #send(limit: SendLimit): void {
    this.#limit = limit;
    this.#engine.send();
  }

  /** The sendCb: takes what the limit of the step allows. */
  #take(data: Buffer): number {
    const { frames, bytes, perCall } = this.#limit;
    let size = Math.min(data.length, perCall ?? data.length);
    if (bytes !== undefined) {
      size = Math.min(size, bytes);
      this.#limit = { bytes: bytes - size };
    }
    if (frames !== undefined) {
      size = frames === 0 ? 0 : Math.min(size, this.#decoder.bytesToComplete(1, data) ?? size);
    }
    if (size === 0) return ERR_WOULDBLOCK;
    const complete = this.#record(data.subarray(0, size));
    if (frames !== undefined) this.#limit = { frames: frames - complete };
    return size;
  }

  #pull(limit: SendLimit): void {
    if (limit.frames !== undefined) {
      for (let left = limit.frames; left > 0; ) {
        const bytes = this.#nextBytes(1);
        if (bytes === null) return;
        left -= this.#record(bytes);
      }
    } else if (limit.bytes !== undefined) {
      while (this.#held.length < limit.bytes) {
        const bytes = this.#engine.pull(1);
        if (bytes === null) break;
        this.#held = Buffer.concat([this.#held, bytes]);
      }
      this.#record(this.#held.subarray(0, limit.bytes));
      this.#held = this.#held.subarray(limit.bytes);
    } else {
      for (;;) {
        const bytes = this.#nextBytes(limit.perCall);
        if (bytes === null) return;
        this.#record(bytes);
      }
    }
  }

  #nextBytes(limit: number | undefined): Buffer | null {
    const held = this.#held;
    if (held.length > 0) {
      this.#held = Buffer.alloc(0);
      return held;
    }
    try {
      return this.#engine.pull(limit);
    } catch (error) {
      // What was encoded before the failure is not lost: the next pull gives it.
      const earlier = this.#engine.pull(limit);
      if (earlier !== null) this.#record(earlier);
      throw error;
    }
  }

  /** Decodes bytes that left the engine; returns how many frames they completed. */
  #record(bytes: Buffer): number {
    const decoded = this.#decoder.push(bytes);
    for (const { frame, data } of decoded) {
      this.#frames.push(frame);
      if (frame.type !== 'DATA' || frame.streamId === undefined) continue;
      const pieces = this.#sentData.get(frame.streamId) ?? [];
      this.#sentData.set(frame.streamId, [...pieces, data]);
    }
    return decoded.length;
  }
}

function cutOf(cut: number | readonly number[] | undefined): Cut {
  if (cut === undefined) return WHOLE;
  if (typeof cut !== 'number') return { kind: 'offsets', at: cut };
  return cut === 1 ? BYTES : { kind: 'pieces', size: cut };
}

function fits(
  when: { readonly cb: string; readonly frameType?: string },
  callback: GoldenCallback,
): boolean {
  if (when.cb !== callback.cb) return false;
  return when.frameType === undefined || when.frameType === callback.frame?.type;
}
