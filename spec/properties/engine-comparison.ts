import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Engine } from '../../lib/engine/engine.ts';
import type { EngineOptions } from '../../lib/engine/options/options.ts';
import { CLIENT, DATA_FLAG_FIN, type Side } from '../../lib/protocol/constants.ts';
import type { ProtocolVersion } from '../../lib/protocol/version.ts';
import { createEnd } from '../support/engine-pair.ts';
import { FrameDecoder } from '../support/frame-decoder.ts';
import type { GoldenFrame } from '../support/golden-form.ts';
import type { RecordingHandler } from '../support/recording-handler.ts';
import { bytesProvider } from '../support/test-provider.ts';
import { Peer, type PeerFrame, peerFrames } from './engine-peer.ts';
import { type Reaction, Reference } from './engine-reference.ts';

const HEADERS = [['name', 'value']] as const;
const NOTHING = bytesProvider(Buffer.alloc(0));
/** Streams of the peer that the engine takes. */
const MAX_STREAMS = 4;

/** What the application does between the frames of the peer. */
export type Action =
  | { readonly kind: 'open'; readonly flags: number; readonly pick: number }
  | { readonly kind: 'reply' | 'finish' | 'reset' | 'grant'; readonly pick: number }
  | { readonly kind: 'ping' | 'goaway' };

/** Options of an engine that is compared: the reference knows no other. */
export const COMPARED: EngineOptions = {
  windowUpdates: 'manual',
  maxConcurrentStreams: MAX_STREAMS,
  maxHeaderCount: 4,
};

/** Bytes of the peer, or a call of the application. */
export type ScriptItem = Buffer | ((engine: Engine) => void);

const pick = fc.nat({ max: 9 });
const actions: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('open' as const), flags: fc.nat({ max: 3 }), pick }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('reply', 'reply', 'finish', 'finish', 'reset', 'grant'),
      pick,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('ping' as const, 'ping' as const, 'goaway' as const),
    }),
  },
) as fc.Arbitrary<Action>;

/** One step: a frame of the peer, or something the application does. */
export type Step = { readonly frame: PeerFrame } | { readonly action: Action };
/** Whole sequences of steps. */
export const sequences: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ frame: peerFrames }) },
    { weight: 2, arbitrary: fc.record({ action: actions }) },
  ),
  { maxLength: 50, size: 'max' },
);
/** A stream that the application has asked for. */
interface Opening {
  readonly flags: number;
  readonly association: number;
}

/** An engine next to the reference that says what it has to do. */
export class Comparison {
  readonly reference: Reference;
  /** What was received and called so far, to be done again to another engine. */
  readonly script: ScriptItem[] = [];
  readonly #engine: Engine;
  readonly #handler: RecordingHandler;
  readonly #peer: Peer;
  readonly #decoder: FrameDecoder;
  /** What was asked for, by stream. */
  readonly #opened = new Map<number, Opening>();
  ended = false;

  constructor(side: Side, version: ProtocolVersion) {
    const { engine, handler } = createEnd(side, version.id, COMPARED);
    this.#engine = engine;
    this.#handler = handler;
    this.#decoder = new FrameDecoder(version);
    this.reference = new Reference(version, side === CLIENT ? 1 : 0, MAX_STREAMS);
    this.#peer = new Peer(version, this.reference);
    handler.afterEach = ({ cb, frame }) => {
      if (cb !== 'before_ctrl_send' || frame?.type !== 'SYN_STREAM') return;
      const { streamId = 0 } = frame;
      this.#opened.set(streamId, engine.getStreamUserData(streamId) as Opening);
    };
    // A DATA frame as the first thing of all may look like HTTP/2.
    this.#receive({ kind: 'settings', entries: [] });
  }

  do(step: Step): void {
    if (this.ended) return;
    if ('action' in step) this.#act(step.action);
    else this.#receive(step.frame);
    if (!this.ended) this.#compareStreams();
  }

  #receive(frame: PeerFrame): void {
    const { bytes, reaction } = this.#peer.make(frame);
    const handler = this.#handler;
    handler.take();
    const errors = handler.streamErrors.length;
    this.script.push(bytes);
    this.#engine.receive(bytes);
    const reported = handler.callbacks.filter(({ cb }) =>
      ['on_ctrl_recv', 'on_data_recv', 'on_invalid_ctrl_recv', 'on_unknown_ctrl_recv'].includes(cb),
    );
    const accepted = reported.filter(({ cb }) => /^on_(ctrl|data)_recv$/.test(cb)).length;
    const unknown = reported.filter(({ cb }) => cb === 'on_unknown_ctrl_recv').length;
    expect(accepted, 'accepted').to.equal(reaction.kind === 'accept' ? 1 : 0);
    expect(unknown, 'unknown').to.equal(reaction.kind === 'unknown' ? 1 : 0);
    const faults = handler.streamErrors
      .slice(errors)
      .map(({ streamId, status }) => [streamId, status]);
    expect(faults, 'stream errors').to.deep.equal(expectedFaults(reaction));
    this.ended = reaction.kind === 'session';
    expect(handler.sessionErrors.length, 'session errors').to.equal(this.ended ? 1 : 0);
    this.#checkAnswer(reaction, faults);
  }

  /** What is written is the answer that the reaction asks for. */
  #checkAnswer(reaction: Reaction, faults: readonly (readonly number[])[]): void {
    const written = this.#pull();
    const resets = written.filter(({ type }) => type === 'RST_STREAM');
    const others = resets.filter(
      ({ streamId, status }) => !faults.some(([id, code]) => id === streamId && code === status),
    );
    expect(resets.length - others.length, 'answers').to.equal(faults.length);
    for (const { streamId = 0, status } of others) {
      // A push of a stream that the peer has cancelled.
      expect([status, this.reference.gone.get(streamId)]).to.deep.equal([5, 'reset']);
    }
    expect(written.filter(({ type }) => type === 'GOAWAY').length).to.equal(this.ended ? 1 : 0);
    if (reaction.kind !== 'session') return;
    const last = written.at(-1);
    expect([last?.type, last?.lastGoodStreamId]).to.deep.equal([
      'GOAWAY',
      this.reference.lastReceivedId,
    ]);
    expect([this.#engine.wantRead(), this.#engine.wantWrite()]).to.deep.equal([false, false]);
  }

  /** Makes a call, and writes it down. */
  #perform(call: (engine: Engine) => void): void {
    this.script.push(call);
    call(this.#engine);
  }

  #act(action: Action): void {
    const { reference } = this;
    const peers = [...reference.streams].filter(([, { own }]) => !own);
    switch (action.kind) {
      case 'open': {
        const association =
          reference.parity === 0 ? (peers[action.pick % (peers.length + 1)]?.[0] ?? 0) : 0;
        const opening: Opening = { flags: action.flags, association };
        this.#perform((engine) => {
          engine.submitSynStream(action.flags, association, 0, HEADERS, opening);
        });
        break;
      }
      case 'ping':
        if (reference.outstandingPings.size === 10) break;
        this.#perform((engine) => reference.outstandingPings.add(engine.submitPing()));
        break;
      case 'goaway':
        this.#perform((engine) => engine.submitGoaway());
        break;
      default: {
        const ids = [...reference.streams.keys()];
        const id = ids[action.pick % Math.max(1, ids.length)];
        if (id !== undefined) this.#actOn(action.kind, id);
      }
    }
    const goaway = this.#pull().find(({ type }) => type === 'GOAWAY');
    if (action.kind !== 'goaway') return;
    const expected = reference.goawaySent ? undefined : reference.lastAcceptedId;
    expect(goaway?.lastGoodStreamId, 'last good stream').to.equal(expected);
    reference.goawaySent = true;
  }

  #actOn(kind: 'reply' | 'finish' | 'reset' | 'grant', id: number): void {
    const stream = this.reference.streams.get(id);
    if (stream === undefined) return;
    if (kind === 'reply') {
      this.#perform((engine) => engine.submitSynReply(0, id, HEADERS));
      if (!stream.own && !stream.localClosed) stream.replied = true;
    } else if (kind === 'finish') {
      this.#perform((engine) => engine.submitData(id, DATA_FLAG_FIN, NOTHING));
      if (stream.own || stream.replied) stream.localClosed = true;
      this.reference.closeIfDone(id);
    } else if (kind === 'reset') {
      this.#perform((engine) => engine.submitRstStream(id, 5));
      this.reference.reset(id);
    } else if (this.reference.version.streamWindows) {
      this.#perform((engine) => engine.submitWindowUpdate(id, 10_000));
      stream.receiveWindow += 10_000;
      if (!this.reference.version.sessionWindow) return;
      this.#perform((engine) => engine.submitWindowUpdate(0, 10_000));
      this.reference.receiveWindow += 10_000;
    }
  }

  /** Everything that the engine writes; streams that waited are open then. */
  #pull(): GoldenFrame[] {
    const frames: GoldenFrame[] = [];
    for (let bytes = this.#engine.pull(); bytes !== null; bytes = this.#engine.pull()) {
      frames.push(...this.#decoder.push(bytes).map(({ frame }) => frame));
    }
    const { reference } = this;
    for (const { type, streamId = 0 } of frames) {
      if (type !== 'SYN_STREAM') continue;
      const { flags, association } = this.#opened.get(streamId) as Opening;
      expect(streamId, 'id').to.equal(reference.nextOwnId);
      expect(reference.count(true), 'open streams').to.be.below(reference.peerMaxStreams);
      reference.nextOwnId += 2;
      reference.open(streamId, true, flags, association !== 0);
      if (association === 0) continue;
      expect(reference.streams.get(association)?.localClosed, 'associated').to.equal(false);
      reference.pushes.set(association, [...(reference.pushes.get(association) ?? []), streamId]);
    }
    return frames;
  }

  /** Both know the same streams. */
  #compareStreams(): void {
    const { streams, gone } = this.reference;
    for (const id of [...streams.keys(), ...gone.keys()]) {
      const open = this.#engine.getStreamRecvDataLength(id) >= 0;
      expect(open, `stream ${id} is open`).to.equal(streams.has(id));
    }
    const { streamsOpened, streamsAccepted, streamsClosed } = this.#engine.statistics;
    expect(streamsOpened + streamsAccepted - streamsClosed).to.equal(streams.size);
    const closed = this.#handler.named('on_stream_close').map(({ streamId }) => streamId);
    expect(closed.filter((id) => id !== 0)).to.have.lengthOf(
      new Set(closed.filter((id) => id !== 0)).size,
    );
  }
}

function expectedFaults(reaction: Reaction): number[][] {
  switch (reaction.kind) {
    case 'stream':
      return [[reaction.streamId, reaction.status]];
    case 'accept':
      return reaction.overflown.map((id) => [id, 7]);
    case 'session':
      return reaction.reset === 0 ? [] : [[reaction.reset, 4]];
    default:
      return [];
  }
}
