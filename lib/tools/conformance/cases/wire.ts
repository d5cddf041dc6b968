import { deflateSync } from 'node:zlib';
import {
  CANCEL,
  CREDENTIAL,
  FLOW_CONTROL_ERROR,
  GOAWAY,
  HEADERS,
  NOOP,
  PING,
  PROTOCOL_ERROR,
  RST_STREAM,
  SETTINGS,
  SETTINGS_INITIAL_WINDOW_SIZE,
  WINDOW_UPDATE,
} from '../../../protocol/constants.ts';
import type { Header } from '../../../protocol/frames.ts';
import { type CaseMarks, type ConformanceCase, group, since3, since31 } from '../case.ts';
import type { Peer } from '../peer.ts';
import { plainBlock } from '../plain-block.ts';

const { cases, add } = group('wire');

const version2 = ({ wire }: Peer['version']): boolean => wire === 2;
const only30 = ({ wire, sessionWindow }: Peer['version']): boolean => wire === 3 && !sessionWindow;

/** A request without its end. */
const post = (peer: Peer): Buffer => peer.make.synStream({ streamId: 1 }, peer.head('POST'));

/** 32-bit numbers. */
function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}

/** Frames as a case, and what has to follow on them. */
type FramesCase = (
  section: string,
  what: string,
  frames: (peer: Peer) => Buffer | readonly Buffer[],
  marks?: CaseMarks,
) => void;

function framesCase(effect: string, then: (peer: Peer) => Promise<void>): FramesCase {
  return (section, what, frames, marks = {}) => {
    const run = async (peer: Peer): Promise<void> => {
      peer.send(...[frames(peer)].flat());
      await then(peer);
    };
    add(section, `${what} ${effect}`, run, marks);
  };
}

/** Frames that end the session. */
const ends = framesCase('ends the session', async (peer) => {
  await peer.sessionError();
});

/** Frames that change nothing: a request behind them is answered. */
const harmless = framesCase('does no harm', async (peer) => {
  peer.send(peer.get(101));
  await peer.answered(101);
});

/** Frames behind which stream 1 is reset. */
function resets(
  section: string,
  what: string,
  status: number,
  frames: (peer: Peer) => readonly Buffer[],
  marks: CaseMarks = {},
): void {
  const run = async (peer: Peer): Promise<void> => {
    peer.send(...frames(peer));
    await peer.reset(1, [status]);
  };
  add(section, `${what}: RST_STREAM ${status}, or the end of the session`, run, marks);
}

const robust = { level: 'robust' } as const;
const should = { level: 'should' } as const;

// Lengths.
ends('SPDY/3 2.6.3', 'RST_STREAM of 16 bytes', ({ make }) =>
  make.control(RST_STREAM, Buffer.alloc(16)),
);
ends('SPDY/3 2.6.5', 'PING of 3 bytes', ({ make }) => make.control(PING, Buffer.alloc(3)));
ends(
  'SPDY/3 2.6.8',
  'WINDOW_UPDATE of 12 bytes',
  ({ make }) => make.control(WINDOW_UPDATE, Buffer.alloc(12)),
  { applies: since3 },
);
ends('SPDY/3 2.6.4', 'SETTINGS without its count', ({ make }) =>
  make.control(SETTINGS, Buffer.alloc(2)),
);
ends('SPDY/3 2.6.4', 'SETTINGS with more entries than its count', ({ make }) =>
  make.control(SETTINGS, words(1, 4, 1, 5, 1)),
);
ends('SPDY/3 2.6.4', 'SETTINGS with part of an entry', ({ make }) =>
  make.control(SETTINGS, words(1, 4)),
);

// Streams that cannot be.
ends('SPDY/3 2.6.7', 'HEADERS on stream 0', ({ make }) => make.headers(0, [['x', 'y']]), robust);
ends('SPDY/3 2.6.3', 'RST_STREAM of stream 0', ({ make }) => make.rstStream(0, CANCEL), robust);
resets(
  'SPDY/3 2.6.7',
  'HEADERS behind FIN',
  9,
  (peer) => [
    post(peer),
    peer.make.data(1, Buffer.from('x'), 1),
    peer.make.headers(1, [['x', 'y']]),
  ],
  { ...should, applies: since3 },
);
resets(
  'SPDY/3 2.2.2',
  'DATA that is flagged as compressed',
  PROTOCOL_ERROR,
  (peer) => [post(peer), peer.make.data(1, Buffer.from('x'), 2)],
  { ...robust, applies: since3 },
);

// What is passed over.
harmless(
  'SPDY/2 2.2.1',
  'A control frame of type 0',
  ({ make }) => make.control(0, Buffer.alloc(0)),
  should,
);
harmless('SPDY/2 2.6.5', 'NOOP', ({ make }) => make.control(NOOP, Buffer.alloc(0)), robust);
harmless(
  'SPDY/2 2.6',
  'WINDOW_UPDATE, which SPDY/2 does not have,',
  ({ make }) => make.windowUpdate(1, 10),
  { ...robust, applies: version2 },
);
harmless(
  'SPDY/3.1 2.6',
  'CREDENTIAL, which SPDY/3.1 does not have,',
  ({ make }) => make.control(CREDENTIAL, Buffer.alloc(6)),
  { ...robust, applies: since31 },
);
harmless(
  'SPDY/3 2.6.8',
  'WINDOW_UPDATE of stream 0, which SPDY/3 does not have,',
  ({ make }) => make.windowUpdate(0, 10),
  { ...robust, applies: only30 },
);
harmless('SPDY/3 2.6.5', 'PING with id 0', ({ make }) => make.ping(0), robust);
harmless('SPDY/3 2.6.3', 'RST_STREAM with an unknown status', (peer) => [
  post(peer),
  peer.make.rstStream(1, 0xdeadbeef),
]);
harmless(
  'SPDY/3 2.6.3',
  'RST_STREAM with flags',
  (peer) => [post(peer), peer.make.control(RST_STREAM, words(1, CANCEL), 0xff)],
  robust,
);
harmless(
  'SPDY/3 2.6.8',
  'WINDOW_UPDATE of a stream that has been answered',
  (peer) => [peer.get(1), peer.make.windowUpdate(1, 10)],
  { ...should, applies: since3 },
);
harmless('SPDY/3 2.6.4', 'SETTINGS with id 0', ({ make }) =>
  make.settings([{ id: 0, flags: 0, value: 1 }]),
);
harmless('SPDY/3 2.6.4', 'SETTINGS with ids out of order', ({ make }) =>
  make.settings([7, 4].map((id) => ({ id, flags: 0, value: 1000 }))),
);
add('SPDY/3 2.2', 'Reserved bits are overlooked', async (peer) => {
  const frame = peer.get(1);
  // In front of the stream id.
  frame.writeUInt8((frame[8] as number) | 0x80, 8);
  peer.send(frame);
  await peer.answered(1);
});
add(
  'SPDY/3 2.6.1',
  'Flags of SYN_STREAM that have no meaning are overlooked',
  async (peer) => {
    peer.send(peer.make.synStream({ streamId: 1, flags: 0xf1 }, peer.head()));
    await peer.answered(1);
  },
  robust,
);

// Windows.
resets(
  'SPDY/3 2.6.4',
  'INITIAL_WINDOW_SIZE that takes a window beyond 2^31-1',
  FLOW_CONTROL_ERROR,
  (peer) => [
    post(peer),
    peer.make.windowUpdate(1, 0x7fffffff - 65536),
    peer.make.settings([{ id: SETTINGS_INITIAL_WINDOW_SIZE, flags: 0, value: 0x7fffffff }]),
  ],
  { ...robust, applies: since3 },
);
ends('SPDY/3.1 2.6.8', 'A delta of 0 for the session', ({ make }) => make.windowUpdate(0, 0), {
  ...robust,
  applies: since31,
});

// Header blocks.
function badBlock(what: string, plain: (peer: Peer) => Buffer, marks: CaseMarks = {}): void {
  resets(
    'SPDY/3 2.6.10',
    what,
    PROTOCOL_ERROR,
    (peer) => [peer.get(1, peer.make.block(plain(peer)))],
    marks,
  );
}
const withHeader =
  (...header: Header) =>
  (peer: Peer): Buffer =>
    plainBlock(peer.version, [...peer.head(), header]);

badBlock('A control character in a name', withHeader('na\x01me', 'x'), robust);
badBlock('A name that is no ASCII', withHeader('n\xe4me', 'x'), should);
badBlock('A value that ends with NUL', withHeader('nul', 'a\0'), should);
badBlock('A line end in a value', withHeader('lines', 'a\r\nb'), robust);
badBlock('A block with more pairs than its count', (peer) =>
  plainBlock(peer.version, peer.head(), 1),
);
badBlock('A block that ends within its count', () => Buffer.alloc(1), should);
add(
  'SPDY/3 2.6.10',
  'Values that are empty are taken',
  async (peer) => {
    peer.send(peer.get(1, peer.make.block(withHeader('empty', '')(peer))));
    await peer.answered(1);
  },
  { applies: since3 },
);
ends(
  'SPDY/3 2.6.10.1',
  'A block that ends the compression',
  (peer) => {
    const block = peer.make.block(plainBlock(peer.version, peer.head()));
    // An empty final block behind it.
    return [
      peer.get(1, Buffer.concat([block, Buffer.of(1, 0, 0, 0xff, 0xff)])),
      peer.get(3, block),
    ];
  },
  should,
);
ends('SPDY/3 2.6.10.1', 'A block with another dictionary', (peer) => {
  const dictionary = Buffer.from('another dictionary than that of SPDY');
  return peer.get(1, deflateSync(plainBlock(peer.version, peer.head()), { dictionary }));
});
ends('SPDY/3 2.6.6', 'GOAWAY of 12 bytes', ({ make }) => make.control(GOAWAY, Buffer.alloc(12)));
ends('SPDY/3 2.6.7', 'HEADERS of 3 bytes', ({ make }) => make.control(HEADERS, Buffer.alloc(3)));

/** Frames that cannot be, or can be passed over. */
export const WIRE_CASES: readonly ConformanceCase[] = cases;
