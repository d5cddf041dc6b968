import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { EngineOptions } from '../../lib/engine/options/options.ts';
import { CLIENT, SERVER } from '../../lib/protocol/constants.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import { createEnd, type EngineEnd } from '../support/engine-pair.ts';
import { expectSame } from '../support/expect-same.ts';
import { type DecodedFrame, decodeFrames, FrameDecoder } from '../support/frame-decoder.ts';
import { BYTES, type Cut, randomCut, shred, WHOLE } from '../support/shred.ts';
import { type Body, type Direction, loadRecordings, type Recording } from './recordings.ts';
import { Reenactment } from './reenactment.ts';

/** Above this size pieces are not single bytes, to save time; captures-decode.spec.ts has those. */
const LARGE = 50_000;

function cutsOf({ bytes }: Recording): (readonly [string, Cut])[] {
  const large = bytes.c2s.length + bytes.s2c.length > LARGE;
  return [
    ['whole', WHOLE],
    large ? ['in small pieces', { kind: 'pieces', size: 61 }] : ['byte by byte', BYTES],
    ['cut at random', randomCut(0x7a11, 700)],
  ];
}

const recordings = loadRecordings();

describe('recorded connections are played again', () => {
  for (const recording of recordings) {
    for (const side of [CLIENT, SERVER] as const) {
      it(`${recording.name}: an engine as the ${side === CLIENT ? 'client' : 'server'}`, () => {
        const frames = framesByOffset(recording, side === CLIENT ? 'c2s' : 's2c');
        for (const [name, cut] of cutsOf(recording)) playAgain(recording, side, frames, cut, name);
      });
    }
  }
});

describe('a server answers the requests of recorded clients', () => {
  for (const recording of recordings) {
    it(recording.name, () => {
      for (const [name, cut] of cutsOf(recording)) answerAll(recording, cut, name);
    });
  }
});

/** Does what one recorded side did, receives what the other one sent, and compares. */
function playAgain(
  recording: Recording,
  side: typeof CLIENT | typeof SERVER,
  frames: ReadonlyMap<number, DecodedFrame>,
  cut: Cut,
  name: string,
): void {
  const other: Direction = side === CLIENT ? 's2c' : 'c2s';
  const play = new Reenactment(side, recording.version.id, optionsFor(recording));
  const expected: DecodedFrame[] = [];
  for (const { dir, off, len } of recording.timeline) {
    const frame = frames.get(off);
    if (dir === other) {
      play.receive(recording.bytes[other].subarray(off, off + 8 + len), cut);
    } else if (frame) {
      if (!play.isLate(frame) && !hasNoEffect(frame)) expected.push(asOneWay(frame));
      play.perform(frame);
    }
    play.pull();
  }
  const { handler, written } = play.end;
  expect(handler.sessionErrors, name).to.deep.equal([]);
  expect(handler.streamErrors, name).to.deep.equal([]);
  expectBodies(play.end, recording.bodies[other], name);
  const forComparison = (list: readonly DecodedFrame[]): object[] =>
    play.comparable(list.map(withoutLastStream));
  expectSame(forComparison(written), forComparison(expected), name);
}

/** A push with UNIDIRECTIONAL, which some servers forget. */
function asOneWay(decoded: DecodedFrame): DecodedFrame {
  const { frame } = decoded;
  if (frame.type !== 'SYN_STREAM' || !frame.associatedToStreamId) return decoded;
  return { ...decoded, frame: { ...frame, flags: (frame.flags ?? 0) | 2 } };
}

/** Empty DATA without FIN, which some write before they write something else. */
function hasNoEffect({ frame, data }: DecodedFrame): boolean {
  return frame.type === 'DATA' && data.length === 0 && ((frame.flags ?? 0) & 1) === 0;
}

/** GOAWAY without what some peers get wrong: an own stream as the last good one, a status in SPDY/2. */
function withoutLastStream(decoded: DecodedFrame): DecodedFrame {
  if (decoded.frame.type !== 'GOAWAY') return decoded;
  const { type, version = 0, status = 0 } = decoded.frame;
  return { ...decoded, frame: { type, version, status } };
}

/** Gives a server what the client sent, at once where that can be, and answers every request. */
function answerAll(recording: Recording, cut: Cut, name: string): void {
  const end = createEnd(SERVER, recording.version.id, optionsFor(recording));
  const { engine, handler } = end;
  const requests: number[] = [];
  handler.afterEach = ({ cb, frame }) => {
    if (cb !== 'on_ctrl_recv' || frame?.type !== 'SYN_STREAM') return;
    const { streamId = 0 } = frame;
    requests.push(streamId);
    engine.submitResponse(streamId, REPLY, null);
  };
  const decoder = new FrameDecoder(engine.version);
  const written: DecodedFrame[] = [];
  const bytes = recording.bytes.c2s;
  const pieces = recording.blind
    ? [bytes]
    : recording.chunks
        .filter(({ dir }) => dir === 'c2s')
        .map(({ offset, length }) => bytes.subarray(offset, offset + length));
  for (const piece of pieces) {
    for (const chunk of shred(piece, cut)) engine.receive(chunk);
    for (let out = engine.pull(); out !== null; out = engine.pull()) {
      written.push(...decoder.push(out));
    }
  }
  expect(handler.sessionErrors, name).to.deep.equal([]);
  expectBodies(end, recording.bodies.c2s, name);
  const replies = written.filter(({ frame }) => frame.type === 'SYN_REPLY');
  const resets = handler.callbacks.filter(
    ({ cb, frame }) => cb === 'on_ctrl_recv' && frame?.type === 'RST_STREAM',
  );
  // A request that the client resets before the answer leaves gets none.
  expect(replies.length, name).to.be.within(requests.length - resets.length, requests.length);
  expect(requests, name).to.have.lengthOf(
    recording.timeline.filter(({ dir, type }) => dir === 'c2s' && type === 'SYN_STREAM').length,
  );
}

const REPLY: HeaderList = [
  [':status', '200 OK'],
  [':version', 'HTTP/1.1'],
];

function optionsFor(recording: Recording): EngineOptions {
  if (!recording.kubernetes) return { maxConcurrentStreams: 1000 };
  return { flowControl: false, lenientStreams: true };
}

function framesByOffset(recording: Recording, dir: Direction): Map<number, DecodedFrame> {
  const frames = new Map<number, DecodedFrame>();
  let offset = 0;
  for (const decoded of decodeFrames(recording.version, recording.bytes[dir], true)) {
    frames.set(offset, decoded);
    offset += decoded.bytes.length;
  }
  return frames;
}

function expectBodies(end: EngineEnd, bodies: readonly Body[], name: string): void {
  for (const { streamId, bytes, sha256 } of bodies) {
    const body = end.handler.body(streamId);
    expect(body.length, `${name}: stream ${streamId}`).to.equal(bytes);
    const sum = createHash('sha256').update(body).digest('hex');
    expect(sum, `${name}: stream ${streamId}`).to.equal(sha256);
  }
  const known = bodies.map(({ streamId }) => streamId);
  expect(known, name).to.include.members(end.handler.streamsWithBody);
}
