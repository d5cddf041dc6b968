import {
  CANCEL,
  HEADERS,
  INVALID_STREAM,
  PROTOCOL_ERROR,
  RST_STREAM,
  STREAM_ALREADY_CLOSED,
  SYN_REPLY,
  SYN_STREAM,
} from '../../../protocol/constants.ts';
import { type ConformanceCase, group, since3 } from '../case.ts';
import { Mismatch } from '../mismatch.ts';
import type { Peer } from '../peer.ts';

const { cases, add } = group('streams');

const UNIDIRECTIONAL = 2;
const FIN = 1;

async function answers(peer: Peer, ids: readonly number[]): Promise<void> {
  for (const id of ids) {
    const { status } = await peer.answered(id);
    if (!(status >= 200 && status < 600)) throw new Mismatch('a status', String(status));
  }
}

add('SPDY/3 2.3.2', 'A request is answered on its stream', async (peer) => {
  peer.send(peer.get(1));
  await answers(peer, [1]);
});

add('SPDY/3 2.3.2', 'Ids may begin anywhere and have gaps', async (peer) => {
  peer.send(peer.get(5), peer.get(101));
  await answers(peer, [5, 101]);
});

add('SPDY/3 2.3.2', 'Many streams at once are all answered', async (peer) => {
  const ids = Array.from({ length: 20 }, (_, i) => 2 * i + 1);
  peer.send(...ids.map((id) => peer.get(id)));
  await answers(peer, ids);
});

add('SPDY/3 2.3.2', 'SYN_STREAM with id 0 ends the session', async (peer) => {
  peer.send(peer.get(0));
  await peer.sessionError();
});

add(
  'SPDY/3 2.3.2',
  'SYN_STREAM of a client with an even id: RST_STREAM PROTOCOL_ERROR, or the end of the session',
  async (peer) => {
    peer.send(peer.get(2));
    await peer.reset(2, [PROTOCOL_ERROR]);
  },
);

add('SPDY/3 2.3.2', 'SYN_STREAM with an id below an earlier one ends the session', async (peer) => {
  peer.send(peer.get(5), peer.get(3));
  await peer.sessionError();
});

add(
  'SPDY/3 2.3.2',
  'SYN_STREAM with the last id once more: RST_STREAM PROTOCOL_ERROR, or the end of the session',
  async (peer) => {
    const open = peer.make.synStream({ streamId: 1 }, peer.head('POST'));
    peer.send(open, peer.make.synStream({ streamId: 1 }, peer.head('POST')));
    await peer.reset(1, [PROTOCOL_ERROR]);
  },
);

add('SPDY/3 2.6.1', 'SYN_STREAM below its fixed part ends the session', async (peer) => {
  peer.send(peer.make.control(SYN_STREAM, Buffer.alloc(6)));
  await peer.sessionError();
});

add(
  'SPDY/3 2.3.6',
  'A unidirectional stream gets no SYN_REPLY',
  async (peer) => {
    peer.send(peer.make.synStream({ streamId: 1, flags: FIN | UNIDIRECTIONAL }, peer.head()));
    await peer.never('SYN_REPLY', (frame) => frame.type === SYN_REPLY);
    await peer.alive();
  },
  { level: 'should' },
);

add('SPDY/3 2.3.3', 'All priorities are taken', async (peer) => {
  const priorities = Array.from({ length: peer.version.lowestPriority + 1 }, (_, i) => i);
  const frames = priorities.map((priority) =>
    peer.make.synStream({ streamId: 2 * priority + 1, priority, flags: FIN }, peer.head()),
  );
  peer.send(...frames);
  await answers(
    peer,
    priorities.map((priority) => 2 * priority + 1),
  );
});

add('SPDY/3 2.3.6', 'A request with a body is answered', async (peer) => {
  const open = peer.make.synStream({ streamId: 1 }, peer.head('POST'));
  const body = Buffer.from('body');
  peer.send(open, peer.make.data(1, body), peer.make.data(1, body, FIN));
  await answers(peer, [1]);
});

add('SPDY/3 2.2.2', 'DATA without payload and without FIN does nothing', async (peer) => {
  const open = peer.make.synStream({ streamId: 1 }, peer.head('POST'));
  const nothing = peer.make.data(1, Buffer.alloc(0));
  peer.send(open, nothing, nothing, peer.make.data(1, Buffer.alloc(0), FIN));
  await answers(peer, [1]);
});

add('SPDY/3 2.2.2', 'DATA for a stream that never was: RST_STREAM INVALID_STREAM', async (peer) => {
  peer.send(peer.get(1), peer.make.data(9, Buffer.from('x')));
  await peer.reset(9, [INVALID_STREAM]);
});

add(
  'SPDY/3 2.2.2',
  'DATA on stream 0 ends the session, or is refused',
  async (peer) => {
    peer.send(peer.make.data(0, Buffer.from('x')));
    await peer.reset(0);
  },
  { level: 'robust' },
);

add(
  'SPDY/3 2.2.2',
  'DATA behind FIN: RST_STREAM STREAM_ALREADY_CLOSED',
  async (peer) => {
    const open = peer.make.synStream({ streamId: 1 }, peer.head('POST'));
    const body = Buffer.from('x');
    peer.send(open, peer.make.data(1, body, FIN), peer.make.data(1, body, FIN));
    // The answer may have been complete before.
    await peer.reset(1, [STREAM_ALREADY_CLOSED, INVALID_STREAM, PROTOCOL_ERROR]);
  },
  { level: 'should', applies: since3 },
);

add('SPDY/3 2.6.7', 'HEADERS may stand between DATA', async (peer) => {
  const open = peer.make.synStream({ streamId: 1 }, peer.head('POST'));
  const further = peer.make.headers(1, [['x-more', 'yes']]);
  peer.send(open, peer.make.data(1, Buffer.from('x')), further);
  peer.send(peer.make.data(1, Buffer.from('y'), FIN));
  await answers(peer, [1]);
});

add(
  'SPDY/3 2.6.7',
  'HEADERS for a stream that never was: RST_STREAM INVALID_STREAM',
  async (peer) => {
    peer.send(peer.make.headers(9, [['x-more', 'yes']]));
    await peer.reset(9, [INVALID_STREAM]);
  },
);

add('SPDY/3 2.6.7', 'HEADERS below its fixed part ends the session', async (peer) => {
  peer.send(peer.make.control(HEADERS, Buffer.alloc(2)));
  await peer.sessionError();
});

add(
  'SPDY/3 2.6.2',
  'SYN_REPLY of the side that has opened the stream is an error of the stream',
  async (peer) => {
    const open = peer.make.synStream({ streamId: 1 }, peer.head('POST'));
    peer.send(open, peer.make.synReply(1, [['x', 'y']]));
    await peer.reset(1);
  },
  { level: 'should' },
);

add(
  'SPDY/3 2.6.2',
  'SYN_REPLY for a stream that never was: RST_STREAM INVALID_STREAM',
  async (peer) => {
    peer.send(peer.make.synReply(8, [['x', 'y']]));
    await peer.reset(8, [INVALID_STREAM, PROTOCOL_ERROR]);
  },
  { level: 'should' },
);

add('SPDY/3 2.4.2', 'A stream that is reset ends, and the session goes on', async (peer) => {
  const open = peer.make.synStream({ streamId: 1 }, peer.head('POST'));
  peer.send(open, peer.make.rstStream(1, CANCEL));
  await peer.alive();
  peer.send(peer.get(3));
  await answers(peer, [3]);
});

add('SPDY/3 2.4.2', 'RST_STREAM is never the answer to RST_STREAM', async (peer) => {
  peer.send(peer.make.rstStream(7, CANCEL), peer.make.rstStream(7, CANCEL));
  await peer.alive();
  if (peer.frames.some((frame) => frame.type === RST_STREAM))
    throw new Mismatch('no RST_STREAM', peer.words);
});

add('SPDY/3 2.6.3', 'RST_STREAM of another length than 8 ends the session', async (peer) => {
  peer.send(peer.make.control(RST_STREAM, Buffer.alloc(4)));
  await peer.sessionError();
});

add(
  'SPDY/3 3.3.1',
  'A client that names an associated stream gets an error, or an answer; the session goes on',
  async (peer) => {
    const fields = { streamId: 1, associatedToStreamId: 99, flags: FIN };
    peer.send(peer.make.synStream(fields, peer.head()));
    await peer.alive();
  },
  { level: 'robust' },
);

/** Streams, from their beginning to their end. */
export const STREAM_CASES: readonly ConformanceCase[] = cases;
