import {
  CANCEL,
  INTERNAL_ERROR,
  PING,
  PROTOCOL_ERROR,
  RST_STREAM,
  SETTINGS_INITIAL_WINDOW_SIZE,
  STREAM_IN_USE,
  SYN_STREAM,
} from '../../../protocol/constants.ts';
import type { Header } from '../../../protocol/frames.ts';
import { type ConformanceCase, group, since3 } from '../case.ts';
import { Mismatch } from '../mismatch.ts';
import type { Peer } from '../peer.ts';

const { cases, add } = group('client');

const FIN = 1;

function replyHead(peer: Peer, status = '200 OK'): Header[] {
  const colon = peer.version.plainPseudoNames ? '' : ':';
  return [
    [`${colon}status`, status],
    [`${colon}version`, 'HTTP/1.1'],
    ['content-type', 'text/plain'],
  ];
}

/** Answers the request, so that the client can end as it likes. */
function answer(peer: Peer, streamId: number): void {
  peer.send(
    peer.make.synReply(streamId, replyHead(peer)),
    peer.make.data(streamId, Buffer.from('fine\n'), FIN),
  );
}

add('SPDY/3 2.3.2', 'Its streams have odd ids, and no associated stream', async (peer) => {
  const { streamId, associatedToStreamId } = await peer.opened();
  if (streamId % 2 !== 1 || associatedToStreamId !== 0)
    throw new Mismatch('an odd id without an associated stream', peer.words);
  answer(peer, streamId);
});

add('SPDY/3 3.2.1', 'A request tells method, path, version, host and scheme', async (peer) => {
  const { headers, streamId } = await peer.opened();
  const names = peer.version.plainPseudoNames
    ? ['method', 'url', 'version', 'scheme']
    : [':method', ':path', ':version', ':host', ':scheme'];
  const missing = names.filter((name) => !headers.some((header) => header[0] === name));
  if (missing.length > 0)
    throw new Mismatch(`the fields ${names.join(', ')}`, `none of ${missing}`);
  answer(peer, streamId);
});

add('SPDY/3 3.2.1', 'A request has no hop-by-hop fields', async (peer) => {
  const { headers, streamId } = await peer.opened();
  const hops = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding'];
  const found = headers.find(([name]) => hops.includes(name));
  if (found !== undefined) throw new Mismatch('none of them', found.join(': '));
  answer(peer, streamId);
});

add('SPDY/3 2.3.6', 'A GET ends with its SYN_STREAM', async (peer) => {
  const frame = await peer.opened();
  if ((frame.flags & FIN) === 0) throw new Mismatch('SYN_STREAM with FIN', peer.words);
  answer(peer, frame.streamId);
});

add('SPDY/3 2.6.5', 'A PING of the server is answered', async (peer) => {
  const { streamId } = await peer.opened();
  peer.send(peer.make.ping(2));
  const found = await peer.find((frame) => frame.type === PING && frame.id === 2);
  if (found === null) throw new Mismatch('PING with the same id', peer.words);
  answer(peer, streamId);
});

add('SPDY/3 2.2.1', 'A control frame of an unknown type is skipped', async (peer) => {
  const { streamId } = await peer.opened();
  peer.send(peer.make.control(77, Buffer.from('whatever')), peer.make.ping(4));
  const found = await peer.find((frame) => frame.type === PING && frame.id === 4);
  if (found === null) throw new Mismatch('a session that goes on', peer.words);
  answer(peer, streamId);
});

add('SPDY/3 2.6.4', 'SETTINGS with unknown ids are taken', async (peer) => {
  const { streamId } = await peer.opened();
  const entries = [
    { id: 200, flags: 0, value: 1 },
    { id: SETTINGS_INITIAL_WINDOW_SIZE, flags: 0, value: 1000 },
  ];
  peer.send(peer.make.settings(entries), peer.make.ping(6));
  const found = await peer.find((frame) => frame.type === PING && frame.id === 6);
  if (found === null) throw new Mismatch('a session that goes on', peer.words);
  answer(peer, streamId);
});

add('SPDY/3 2.2.2', 'DATA ahead of SYN_REPLY is an error of the stream', async (peer) => {
  const { streamId } = await peer.opened();
  peer.send(peer.make.data(streamId, Buffer.from('early')));
  await peer.reset(streamId, [PROTOCOL_ERROR]);
});

add(
  'SPDY/3 2.3.2',
  'SYN_STREAM of a server with an odd id: RST_STREAM PROTOCOL_ERROR, or the end of the session',
  async (peer) => {
    const { streamId } = await peer.opened();
    const fields = { streamId: streamId + 100, associatedToStreamId: streamId, flags: 2 };
    peer.send(peer.make.synStream(fields, replyHead(peer)));
    await peer.reset(streamId + 100, [PROTOCOL_ERROR]);
  },
);

add(
  'SPDY/3 2.6.2',
  'A second SYN_REPLY: RST_STREAM STREAM_IN_USE',
  async (peer) => {
    const { streamId } = await peer.opened();
    for (let i = 0; i < 2; i++) peer.send(peer.make.synReply(streamId, replyHead(peer)));
    await peer.reset(streamId, [STREAM_IN_USE]);
  },
  { applies: since3 },
);

add('SPDY/3 3.2.2', 'A response without a status is an error of the stream', async (peer) => {
  const { streamId } = await peer.opened();
  peer.send(peer.make.synReply(streamId, [['content-type', 'text/plain']]));
  await peer.reset(streamId, [PROTOCOL_ERROR]);
});

add('SPDY/3 3.3.2', 'A push for no stream is refused', async (peer) => {
  const { streamId } = await peer.opened();
  const url = peer.version.plainPseudoNames ? 'url' : ':path';
  const headers: Header[] = [...replyHead(peer), [url, '/pushed']];
  peer.send(peer.make.synStream({ streamId: 2, flags: 2 }, headers));
  await peer.reset(2);
  answer(peer, streamId);
});

add('SPDY/3 2.6.10.1', 'A block that is no deflate data ends the session', async (peer) => {
  const { streamId } = await peer.opened();
  peer.send(peer.make.synReply(streamId, Buffer.from('this was never compressed')));
  await peer.sessionError();
});

add('SPDY/3 2.4.2', 'A request that is reset gets no RST_STREAM back', async (peer) => {
  const { streamId } = await peer.opened();
  peer.send(peer.make.rstStream(streamId, INTERNAL_ERROR));
  await peer.never(
    'RST_STREAM',
    (frame) => frame.type === RST_STREAM && frame.streamId === streamId,
  );
});

add(
  'SPDY/3 2.6.6',
  'Behind GOAWAY it opens no stream',
  async (peer) => {
    const { streamId } = await peer.opened();
    peer.send(peer.make.goaway(streamId));
    answer(peer, streamId);
    const more = (): number => peer.frames.filter(({ type }) => type === SYN_STREAM).length;
    const before = more();
    await peer.never('further SYN_STREAM', () => more() > before + 1);
  },
  { level: 'should' },
);

add(
  'SPDY/3 2.4.2',
  'An unknown status of RST_STREAM ends the stream all the same',
  async (peer) => {
    const { streamId } = await peer.opened();
    peer.send(peer.make.rstStream(streamId, CANCEL + 200));
    await peer.never('RST_STREAM', (frame) => frame.type === RST_STREAM);
  },
  { level: 'robust' },
);

/** What a client is tested for: it has to ask for something on each connection. */
export const CLIENT_CASES: readonly ConformanceCase[] = cases;
