import { expect } from 'chai';
import {
  RECEIVE_INPUTS,
  RECEIVE_STATES,
  RECEIVE_TABLE,
  type ReceiveInput,
  type ReceiveState,
} from '../../../lib/engine/streams/stream-state.ts';
import {
  CANCEL,
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  SERVER,
  type Side,
} from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, type ProtocolVersion, SPDY2 } from '../../../lib/protocol/version.ts';
import { TestProvider } from '../../support/test-provider.ts';
import { facts } from '../support/facts.ts';
import { HEADERS, Lab } from '../support/lab.ts';
import { statusText } from '../support/texts.ts';

/** What becomes of a frame: taken, dropped, the end of the session, or RST_STREAM with a status. */
type Fate = 'taken' | 'dropped' | 'GOAWAY' | number;

/** Fates in SPDY/2, and in SPDY/3 and 3.1. */
type Fates = Record<ReceiveInput, readonly [spdy2: Fate, spdy3: Fate]>;

/** A stream in some state. */
interface Situation {
  readonly title: string;
  readonly state: ReceiveState;
  readonly side: Side;
  readonly streamId: number;
  readonly fates: Fates;
  /** The frame that waits to be written, or to be written completely. */
  readonly waiting?: string;
  /** Brings the stream about. */
  arrange(lab: Lab): void;
}

const FIN = { flags: CTRL_FLAG_FIN };

function everywhere(fate: Fate, spdy2: Fate = fate): Fates {
  return { SYN_REPLY: [spdy2, fate], HEADERS: [spdy2, fate], DATA: [spdy2, fate] };
}

const ACCEPTING: Fates = {
  SYN_REPLY: [1, 1],
  HEADERS: ['taken', 'taken'],
  DATA: ['taken', 'taken'],
};
const CLOSED: Fates = { SYN_REPLY: [2, 2], HEADERS: [2, 2], DATA: ['dropped', 1] };

function openRequest(lab: Lab): void {
  lab.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 10, deferAt: [0] }));
  lab.settle();
}

const SITUATIONS: readonly Situation[] = [
  {
    title: 'INVALID_STREAM for a stream of the peer that was never opened (checklist 26, 72, 88)',
    state: 'idle',
    side: SERVER,
    streamId: 1,
    fates: everywhere(2),
    arrange() {},
  },
  {
    title: 'INVALID_STREAM for a stream of ours that was never opened (checklist 26, 72, 88)',
    state: 'idle',
    side: CLIENT,
    streamId: 3,
    fates: everywhere(2),
    arrange: openRequest,
  },
  {
    title: 'nothing is taken while our SYN_STREAM is on its way out',
    state: 'initial',
    side: CLIENT,
    streamId: 1,
    fates: { SYN_REPLY: [1, 8], HEADERS: [1, 1], DATA: ['GOAWAY', 1] },
    waiting: 'SYN_STREAM 1',
    arrange(lab) {
      lab.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 10, deferAt: [0] }));
      lab.useGate().pass(3);
      lab.handler.take();
    },
  },
  {
    title: 'only SYN_REPLY is taken on our stream before it is answered (checklist 28, 29, 86)',
    state: 'opening',
    side: CLIENT,
    streamId: 1,
    fates: { SYN_REPLY: ['taken', 'taken'], HEADERS: [1, 1], DATA: ['GOAWAY', 1] },
    arrange: openRequest,
  },
  {
    title:
      'HEADERS and DATA are taken behind SYN_REPLY, a second one is not (checklist 70, 71, 84)',
    state: 'open',
    side: CLIENT,
    streamId: 1,
    fates: { SYN_REPLY: [1, 8], HEADERS: ['taken', 'taken'], DATA: ['taken', 'taken'] },
    arrange(lab) {
      openRequest(lab);
      lab.receive(lab.peer.synReply(1, HEADERS)).settle();
    },
  },
  {
    title: 'HEADERS and DATA of a request are taken before our SYN_REPLY (checklist 60, 74, 87)',
    state: 'accepting',
    side: SERVER,
    streamId: 1,
    fates: ACCEPTING,
    arrange(lab) {
      lab.receive(lab.peer.synStream(1, HEADERS)).settle();
    },
  },
  {
    title: 'HEADERS and DATA of a push are taken without any SYN_REPLY (checklist 60, 74)',
    state: 'accepting',
    side: CLIENT,
    streamId: 2,
    fates: ACCEPTING,
    arrange(lab) {
      openRequest(lab);
      const fields = { associatedToStreamId: 1, flags: CTRL_FLAG_UNIDIRECTIONAL };
      lab.receive(lab.peer.synStream(2, HEADERS, fields)).settle();
    },
  },
  {
    title: 'STREAM_ALREADY_CLOSED behind the FIN of a request (checklist 30, 31, 75, 76, 89, 90)',
    state: 'remoteClosed',
    side: SERVER,
    streamId: 1,
    fates: everywhere(9, 1),
    arrange(lab) {
      lab.receive(lab.peer.synStream(1, HEADERS, FIN)).settle();
    },
  },
  {
    title: 'STREAM_ALREADY_CLOSED behind the FIN of a response (checklist 30, 31, 75, 76, 89, 90)',
    state: 'remoteClosed',
    side: CLIENT,
    streamId: 1,
    fates: everywhere(9, 1),
    arrange(lab) {
      openRequest(lab);
      lab.receive(lab.peer.synReply(1, HEADERS, FIN)).settle();
    },
  },
  {
    title: 'STREAM_ALREADY_CLOSED on a push of ours (checklist 37, 78)',
    state: 'remoteClosed',
    side: SERVER,
    streamId: 2,
    fates: everywhere(9, 1),
    arrange(lab) {
      lab.receive(lab.peer.synStream(1, HEADERS));
      lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
      lab.settle();
    },
  },
  {
    title: 'STREAM_ALREADY_CLOSED on a unidirectional stream of a client (checklist 78)',
    state: 'remoteClosed',
    side: CLIENT,
    streamId: 1,
    fates: everywhere(9, 1),
    arrange(lab) {
      lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 0, 0, HEADERS);
      lab.settle();
    },
  },
  {
    title: 'a request that both sides have finished is closed (checklist 32, 33)',
    state: 'closed',
    side: SERVER,
    streamId: 1,
    fates: CLOSED,
    arrange(lab) {
      lab.receive(lab.peer.synStream(1, HEADERS, FIN));
      lab.engine.submitResponse(1, HEADERS);
      lab.settle();
    },
  },
  {
    title: 'a request of ours that both sides have finished is closed (checklist 32, 33)',
    state: 'closed',
    side: CLIENT,
    streamId: 1,
    fates: CLOSED,
    arrange(lab) {
      lab.engine.submitRequest(0, HEADERS);
      lab.frames();
      lab.receive(lab.peer.synReply(1, HEADERS, FIN)).settle();
    },
  },
  {
    title: 'an id that the peer has skipped counts as closed (checklist 32, 33)',
    state: 'closed',
    side: SERVER,
    streamId: 3,
    fates: CLOSED,
    arrange(lab) {
      lab.receive(lab.peer.synStream(5, HEADERS)).settle();
    },
  },
  {
    title: 'nothing happens on a stream whose RST_STREAM waits (checklist 34, 73, 103)',
    state: 'reset',
    side: CLIENT,
    streamId: 1,
    fates: everywhere('dropped'),
    waiting: 'RST_STREAM 1 CANCEL',
    arrange(lab) {
      openRequest(lab);
      lab.engine.submitRstStream(1, CANCEL);
    },
  },
  {
    title: 'nothing happens on a stream that we have reset (checklist 34, 73)',
    state: 'reset',
    side: CLIENT,
    streamId: 1,
    fates: everywhere('dropped'),
    arrange(lab) {
      openRequest(lab);
      lab.engine.submitRstStream(1, CANCEL);
      lab.settle();
    },
  },
  {
    title: 'nothing happens on a stream that the peer has reset (checklist 98)',
    state: 'reset',
    side: SERVER,
    streamId: 1,
    fates: everywhere('dropped'),
    arrange(lab) {
      lab.receive(lab.peer.synStream(1, HEADERS), lab.peer.rstStream(1, CANCEL)).settle();
    },
  },
  {
    title: 'nothing happens on a stream that was refused (checklist 62)',
    state: 'reset',
    side: SERVER,
    streamId: 1,
    fates: everywhere('dropped'),
    arrange(lab) {
      lab.engine.submitSettings(0, [{ id: 4, flags: 0, value: 0 }]);
      lab.receive(lab.peer.synStream(1, HEADERS)).settle();
      lab.handler.streamErrors.length = 0;
    },
  },
];

/** Sends a frame to a stream in a situation and checks what becomes of it. */
function check(version: ProtocolVersion, situation: Situation, input: ReceiveInput): void {
  const { side, streamId, fates } = situation;
  const lab = new Lab(side, version);
  const { handler, peer } = lab;
  situation.arrange(lab);
  const existed = lab.engine.getStreamRecvDataLength(streamId) >= 0;
  const frames: Record<ReceiveInput, () => Buffer> = {
    SYN_REPLY: () => peer.synReply(streamId, HEADERS),
    HEADERS: () => peer.headers(streamId, HEADERS),
    DATA: () => peer.data(streamId, 'data'),
  };
  lab.receive(frames[input]());
  const fate = fates[input][version === SPDY2 ? 0 : 1];
  const calls = lab.calls();
  const wrote = lab.wrote();
  if (situation.waiting !== undefined) expect(wrote.shift()).to.equal(situation.waiting);
  const errors = handler.streamErrors.map(facts);
  const sessionErrors = handler.sessionErrors.map(facts);
  const label = `${input} in state ${situation.state}`;
  if (fate === 'taken' || fate === 'dropped') {
    const taken =
      input === 'DATA'
        ? [`on_data_chunk_recv ${streamId} 4`, `on_data_recv ${streamId} 4`]
        : [`on_ctrl_recv ${input} ${streamId}`];
    expect(calls, label).to.deep.equal(fate === 'taken' ? taken : []);
    expect(wrote, label).to.deep.equal([]);
    expect([...errors, ...sessionErrors], label).to.deep.equal([]);
  } else if (fate === 'GOAWAY') {
    const error = {
      name: 'SessionError',
      code: 'ERR_SPDY_PROTOCOL',
      errno: -505,
      by: 'peer',
      message: `DATA on stream ${streamId} before SYN_REPLY`,
      status: 1,
    };
    expect(sessionErrors, label).to.deep.equal([error]);
    expect(calls, label).to.deep.equal([`on_stream_close ${streamId} INTERNAL_ERROR`]);
    expect(facts(handler.closed.get(streamId))).to.deep.equal(error);
    expect(wrote, label).to.deep.equal(['GOAWAY 0']);
    expect(errors, label).to.deep.equal([]);
  } else {
    const status = statusText(fate);
    const error = {
      name: 'StreamError',
      code: 'ERR_SPDY_PROTOCOL',
      errno: -505,
      by: 'peer',
      message: `stream ${streamId}: ${input} arrived in state "${situation.state}"`,
      status: fate,
      streamId,
    };
    const invalid = input === 'DATA' ? [] : [`on_invalid_ctrl_recv ${input} ${streamId} ${status}`];
    expect(errors, label).to.deep.equal([error]);
    expect(calls, label).to.deep.equal(invalid);
    expect(wrote, label).to.deep.equal([`RST_STREAM ${streamId} ${status}`]);
    expect(sessionErrors, label).to.deep.equal([]);
    const ends = lab.callsOf('on_stream_close');
    expect(ends, label).to.deep.equal(existed ? [`on_stream_close ${streamId} ${status}`] : []);
    expect(facts(handler.closed.get(streamId)), label).to.deep.equal(existed ? error : null);
    lab.receive(frames[input]());
    expect([lab.calls(), lab.wrote()], `${label}, once more`).to.deep.equal([[], []]);
  }
}

describe('engine/streams/stream-state: every frame in every state', () => {
  for (const version of PROTOCOL_VERSIONS) {
    describe(version.name, () => {
      for (const situation of SITUATIONS) {
        it(situation.title, () => {
          for (const input of RECEIVE_INPUTS) check(version, situation, input);
        });
      }
    });
  }

  it('is walked completely: there is a situation for every state', () => {
    const walked = new Set(SITUATIONS.map(({ state }) => state));
    expect([...walked].sort()).to.deep.equal([...RECEIVE_STATES].sort());
    expect(Object.keys(RECEIVE_TABLE)).to.deep.equal(RECEIVE_STATES);
  });
});
