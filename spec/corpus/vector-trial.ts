import type { EngineOptions } from '../../lib/engine/options/options.ts';
import { CLIENT, SERVER } from '../../lib/protocol/constants.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import { createEnd, type EngineEnd } from '../support/engine-pair.ts';
import { FrameDecoder } from '../support/frame-decoder.ts';
import { FrameFactory } from '../support/frame-factory.ts';
import { type GoldenFrame, goldenHeaders } from '../support/golden-form.ts';
import type { GoldenCallback } from '../support/recording-handler.ts';
import { type Cut, shred } from '../support/shred.ts';
import { TestProvider } from '../support/test-provider.ts';
import {
  bytesOf,
  type Expectation,
  type InvalidVector,
  pairsOf,
  type SetupStep,
  type VectorVersion,
  versionOf,
} from './vectors.ts';

const HEADERS: HeaderList = [
  [':method', 'GET'],
  [':path', '/'],
  [':version', 'HTTP/1.1'],
  [':host', 'a.example'],
  [':scheme', 'https'],
];

/** What bytes did to an engine. */
interface Outcome {
  readonly frames: readonly GoldenFrame[];
  readonly callbacks: readonly GoldenCallback[];
}

/**
 * Runs an invalid vector against a fresh engine: its setup, its bytes, then what follows. Returns complaints, none when
 * everything went as `expected` (and as the follow-ups say). `options` go beyond those of the setup.
 */
export function tryVector(
  vector: InvalidVector,
  version: VectorVersion,
  cut: Cut,
  expected: Expectation,
  options: EngineOptions = {},
): string[] {
  const trial = new Trial(vector, version, options);
  const outcome = trial.feed(bytesOf(vector), cut);
  const complaints = trial.compare(expected, outcome);
  for (const { hex, expect } of vector.followUp ?? []) {
    const later = trial.compare(expect, trial.feed(Buffer.from(hex, 'hex'), cut));
    complaints.push(...later.map((complaint) => `follow-up: ${complaint}`));
  }
  return [...complaints, ...trial.probe(expected.class === 'session-error')];
}

class Trial {
  readonly #end: EngineEnd;
  readonly #decoder: FrameDecoder;
  readonly #peer: FrameFactory;
  readonly #role: 'client' | 'server';

  constructor(vector: InvalidVector, version: VectorVersion, options: EngineOptions) {
    const record = versionOf(version);
    this.#role = vector.role;
    this.#peer = new FrameFactory(record);
    const side = vector.role === 'client' ? CLIENT : SERVER;
    this.#end = createEnd(side, record.id, { ...engineOptions(vector.setup), ...options });
    this.#decoder = new FrameDecoder(record);
    for (const step of vector.setup) {
      this.#setUp(step);
      this.#pull();
    }
    this.#end.handler.take();
  }

  /** Gives bytes to the engine; what it reported and wrote. */
  feed(bytes: Buffer, cut: Cut): Outcome {
    for (const chunk of shred(bytes, cut)) this.#end.engine.receive(chunk);
    const callbacks = this.#end.handler.take();
    const frames = this.#pull();
    this.#end.handler.take();
    return { frames, callbacks };
  }

  /** Complaints about an outcome. */
  compare(expected: Expectation, outcome: Outcome): string[] {
    const { engine } = this.#end;
    const written = outcome.frames;
    const failed = expected.class === 'session-error';
    const state = engine.failed === failed ? [] : [failed ? 'session goes on' : 'session failed'];
    const delivered = outcome.callbacks.filter(({ cb }) => cb === 'on_ctrl_recv');
    const chunks = outcome.callbacks.filter(({ cb }) => cb === 'on_data_chunk_recv');
    switch (expected.class) {
      case 'session-error':
        return [
          ...state,
          ...(engine.wantRead() ? ['still wants to read'] : []),
          ...sameFrames(goawayFrames(expected, engine.version.goawayStatus), written),
        ];
      case 'stream-error': {
        const { streamId = 0, status = 0 } = expected;
        return [...state, ...sameFrames([{ type: 'RST_STREAM', streamId, status }], written)];
      }
      case 'ignored':
        return [...state, ...nothing('delivered', chunks), ...sameFrames([], written)];
      case 'skipped':
        return [...state, ...nothing('delivered', delivered), ...sameFrames([], written)];
      case 'accepted':
        return [...state, ...this.#compareAccepted(expected, delivered, written)];
      case 'http-400':
        return ['a matter of HTTP'];
    }
  }

  /** Whether a session that goes on answers PING, and one that failed does not even look at it. */
  probe(failed: boolean): string[] {
    const id = this.#role === 'server' ? 0x7771 : 0x7772;
    const { frames, callbacks } = this.feed(this.#peer.ping(id), { kind: 'whole' });
    if (!failed) return sameFrames([{ type: 'PING', id }], frames);
    return [...sameFrames([], frames), ...nothing('reported after the end', callbacks)];
  }

  #compareAccepted(
    expected: Expectation,
    delivered: readonly GoldenCallback[],
    written: readonly GoldenFrame[],
  ): string[] {
    const complaints: string[] = [];
    const frame = delivered.at(-1)?.frame;
    if (!frame || delivered.length !== 1 || frame.type !== expected.frame) {
      return [`delivered ${show(delivered)} instead of ${expected.frame}`];
    }
    for (const key of ['streamId', 'status', 'id', 'lastGoodStreamId'] as const) {
      const wanted = expected[key];
      if (wanted !== undefined && frame[key] !== wanted) complaints.push(`${key} ${frame[key]}`);
    }
    if (expected.fin && ((frame.flags ?? 0) & 1) === 0) complaints.push('FIN is missing');
    const headers = expected.headers ? show(goldenHeaders(pairsOf(expected))) : null;
    if (headers !== null && show(frame.headers) !== headers) complaints.push(show(frame.headers));
    const reply = Buffer.from(expected.reply ?? '', 'hex');
    const version = this.#end.engine.version;
    complaints.push(...sameFrames(new FrameDecoder(version).push(reply).map(frameOf), written));
    if (expected.unidirectional) complaints.push(...this.#checkUnidirectional(frame.streamId ?? 0));
    if (expected.effective) complaints.push(...this.#checkEffective(expected.effective));
    const limit = expected.effectiveLastGoodStreamId;
    if (limit !== undefined) complaints.push(...this.#checkOpen(limit));
    return complaints;
  }

  /** On a stream that only the peer may write to, a reply does not leave. */
  #checkUnidirectional(streamId: number): string[] {
    this.#end.engine.submitSynReply(0, streamId, [['a', 'b']]);
    const frames = this.#pull();
    const refused = this.#end.handler.take().some(({ cb }) => cb === 'on_ctrl_not_send');
    return [...sameFrames([], frames), ...(refused ? [] : ['the reply was not refused'])];
  }

  /** The values of SETTINGS show in what may be sent. */
  #checkEffective(values: Readonly<Record<string, number>>): string[] {
    const { engine } = this.#end;
    const [streams = 0, window = 0] = [values['4'], values['7']];
    const provider = new TestProvider({ bytes: window + 1 });
    engine.submitRequest(0, HEADERS, provider);
    for (let count = 0; count < streams; count++) engine.submitSynStream(1, 0, 1, HEADERS);
    const frames = this.#pull();
    const opened = frames.filter(({ type }) => type === 'SYN_STREAM').length;
    const sent = window > 0 ? provider.delivered : 0;
    if (opened === streams && sent === window) return [];
    return [`${opened} streams of ${sent} bytes instead of ${streams} and ${window}`];
  }

  /** Own streams up to this id are open, the next one is not. */
  #checkOpen(limit: number): string[] {
    const { handler } = this.#end;
    const [kept, dropped] = [handler.closed.has(limit), handler.closed.has(limit + 2)];
    return kept || !dropped ? [`stream ${limit} closed: ${kept}, the next one: ${dropped}`] : [];
  }

  #setUp(step: SetupStep): void {
    const { engine } = this.#end;
    switch (step.op) {
      case 'recv':
        engine.receive(Buffer.from(step.hex, 'hex'));
        break;
      case 'open':
        engine.submitSynStream(step.fin ? 1 : 0, 0, 0, HEADERS);
        break;
      case 'reply':
        engine.submitSynReply(step.fin ? 1 : 0, step.streamId, [
          [':status', '200 OK'],
          [':version', 'HTTP/1.1'],
        ]);
        break;
      case 'settings':
        engine.submitSettings(
          0,
          step.entries.map(([id, value]) => ({ id, flags: 0, value })),
        );
        break;
      case 'goaway':
        engine.submitGoaway(step.status);
        break;
      case 'rst':
        engine.submitRstStream(step.streamId, step.status);
        break;
      case 'push':
        engine.submitSynStream(2, step.associatedTo, 0, HEADERS);
        break;
      case 'config':
        break;
    }
  }

  #pull(): GoldenFrame[] {
    const frames: GoldenFrame[] = [];
    for (let bytes = this.#end.engine.pull(); bytes !== null; bytes = this.#end.engine.pull()) {
      frames.push(...this.#decoder.push(bytes).map(frameOf));
    }
    return frames;
  }
}

function engineOptions(setup: readonly SetupStep[]): EngineOptions {
  return Object.assign(
    {},
    ...setup.map((step): EngineOptions => {
      if (step.op !== 'config') return {};
      const { maxControlFrame, maxHeaderBlock } = step;
      return {
        ...(maxControlFrame !== undefined && { maxControlFrameSize: maxControlFrame }),
        ...(maxHeaderBlock !== undefined && { maxHeaderListSize: maxHeaderBlock }),
      };
    }),
  );
}

function goawayFrames(expected: Expectation, withStatus: boolean): Partial<GoldenFrame>[] {
  const { precededBy, lastGoodStreamId = 0, goawayStatus = 1 } = expected;
  return [
    ...(precededBy
      ? [{ type: 'RST_STREAM', streamId: precededBy.streamId, status: precededBy.status }]
      : []),
    { type: 'GOAWAY', lastGoodStreamId, ...(withStatus && { status: goawayStatus }) },
  ];
}

function sameFrames(
  expected: readonly Partial<GoldenFrame>[],
  actual: readonly GoldenFrame[],
): string[] {
  const fits =
    actual.length === expected.length &&
    expected.every((frame, index) =>
      Object.entries(frame).every(
        ([key, value]) => show(actual[index]?.[key as keyof GoldenFrame]) === show(value),
      ),
    );
  return fits ? [] : [`wrote ${show(actual)} instead of ${show(expected)}`];
}

function nothing(what: string, callbacks: readonly GoldenCallback[]): string[] {
  return callbacks.length === 0 ? [] : [`${what}: ${show(callbacks)}`];
}

function frameOf(decoded: { readonly frame: GoldenFrame }): GoldenFrame {
  return decoded.frame;
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
