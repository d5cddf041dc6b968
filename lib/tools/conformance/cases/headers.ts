import {
  GOAWAY,
  PROTOCOL_ERROR,
  RST_STREAM,
  SYN_REPLY,
  SYN_STREAM,
} from '../../../protocol/constants.ts';
import type { Header, SynReplyFrame } from '../../../protocol/frames.ts';
import { type ConformanceCase, group } from '../case.ts';
import { Mismatch } from '../mismatch.ts';
import type { Peer } from '../peer.ts';
import { plainBlock } from '../plain-block.ts';

const headers = group('headers');

async function replyTo(peer: Peer): Promise<SynReplyFrame> {
  peer.send(peer.get(1));
  await peer.answered(1);
  return peer.frames.find((frame) => frame.type === SYN_REPLY) as SynReplyFrame;
}

/** A header block that breaks a rule: the stream fails, the session and its compression go on. */
function refused(
  what: string,
  block: (peer: Peer) => Buffer,
  level: 'must' | 'should' = 'must',
): void {
  headers.add(
    'SPDY/3 2.6.10',
    `${what}: RST_STREAM PROTOCOL_ERROR, and the session goes on`,
    async (peer) => {
      peer.send(peer.get(1, peer.make.block(block(peer))), peer.get(3));
      const ends = await peer.find(
        (frame) => (frame.type === RST_STREAM && frame.streamId === 1) || frame.type === GOAWAY,
      );
      if (ends?.type !== RST_STREAM || ends.status !== PROTOCOL_ERROR)
        throw new Mismatch('RST_STREAM of stream 1 with status 1', peer.words);
      await peer.answered(3);
    },
    { level },
  );
}

const withHeader =
  (...further: Header[]) =>
  (peer: Peer): Buffer =>
    plainBlock(peer.version, [...peer.head(), ...further]);

headers.add('SPDY/3 2.6.10', 'Names leave in lower case, each once', async (peer) => {
  const names = (await replyTo(peer)).headers.map(([name]) => name);
  const wrong = names.find((name) => name !== name.toLowerCase() || name === '');
  if (wrong !== undefined) throw new Mismatch('lower case', wrong);
});

refused('A name of no bytes', withHeader(['', 'x']));
refused('A name with upper case', withHeader(['X-Upper', 'x']), 'should');
refused('A name that comes twice', withHeader(['twice', 'a'], ['twice', 'b']));
refused('A value that begins with NUL', withHeader(['nul', '\0a']), 'should');
refused('Two NUL in a row in a value', withHeader(['nul', 'a\0\0b']), 'should');
refused(
  'A block that is too short for its pairs',
  (peer) => plainBlock(peer.version, peer.head(), 50),
  'should',
);

headers.add('SPDY/3 2.6.10', 'Values with NUL between them are several values', async (peer) => {
  peer.send(
    peer.get(1, peer.make.block(plainBlock(peer.version, [...peer.head(), ['several', 'a\0b']]))),
  );
  await peer.answered(1);
});

headers.add('SPDY/3 2.6.10.1', 'A block that is no deflate data ends the session', async (peer) => {
  peer.send(peer.get(1, Buffer.from('this was never compressed')));
  await peer.sessionError();
});

headers.add(
  'SPDY/3 2.6.10.1',
  'A block behind a good one that is corrupt ends the session',
  async (peer) => {
    peer.send(peer.get(1));
    await peer.answered(1);
    const frame = peer.get(3);
    frame.fill(0xff, 18);
    peer.send(frame);
    await peer.sessionError();
  },
);

headers.add(
  'SPDY/3 2.6.10.1',
  'The compression goes on through blocks of streams that are refused',
  async (peer) => {
    const wrong = (): Buffer => plainBlock(peer.version, [...peer.head(), ['', 'x']]);
    for (let i = 0; i < 5; i++) {
      const block = i === 2 ? peer.make.block(wrong()) : peer.head();
      peer.send(peer.get(1 + 2 * i, block));
    }
    await peer.answered(9);
  },
);

/** Header blocks. */
export const HEADER_CASES: readonly ConformanceCase[] = headers.cases;

const http = group('http');

http.add('SPDY/3 3.2.2', 'A response tells its status and version', async (peer) => {
  const reply = await replyTo(peer);
  for (const name of [':status', ':version']) {
    if (peer.field(reply.headers, name) === '')
      throw new Mismatch(`a field ${name}`, JSON.stringify(reply.headers));
  }
});

http.add('SPDY/3 3.2.2', 'A response has no hop-by-hop fields', async (peer) => {
  const reply = await replyTo(peer);
  const hops = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding'];
  const found = reply.headers.find(([name]) => hops.includes(name.toLowerCase()));
  if (found !== undefined) throw new Mismatch('none of them', found.join(': '));
});

for (const name of [':method', ':path', ':version']) {
  http.add(
    'SPDY/3 3.2.1',
    `A request without ${name} is answered 400, or refused`,
    async (peer) => {
      const own = peer.version.plainPseudoNames
        ? name.replace(':path', 'url').replace(':', '')
        : name;
      peer.send(
        peer.get(
          1,
          peer.head().filter((header) => header[0] !== own),
        ),
      );
      const found = await peer.find(
        (frame) => (frame.type === SYN_REPLY || frame.type === RST_STREAM) && frame.streamId === 1,
      );
      const status = found?.type === SYN_REPLY ? peer.field(found.headers, ':status') : '';
      if (found?.type !== RST_STREAM && !status.startsWith('400'))
        throw new Mismatch(
          '400, or RST_STREAM',
          found === null ? peer.words : status || peer.words,
        );
      peer.send(peer.get(3));
      await peer.answered(3);
    },
  );
}

http.add('SPDY/3 3.2.2', 'The answer to HEAD has no body', async (peer) => {
  peer.send(peer.get(1, peer.head('HEAD')));
  const { bytes } = await peer.answered(1);
  if (bytes > 0) throw new Mismatch('no body', `${bytes} bytes`);
});

http.add(
  'SPDY/3 3.2.1',
  'Fields that no request may have do not harm the session',
  async (peer) => {
    const fields: Header[] = [
      ['connection', 'keep-alive'],
      ['transfer-encoding', 'chunked'],
    ];
    peer.send(peer.get(1, peer.head('GET', '/', fields)), peer.get(3));
    await peer.answered(3);
  },
  { level: 'robust' },
);

http.add(
  'SPDY/3 3.2.1',
  'A body that does not fit content-length is answered 400, or reset',
  async (peer) => {
    const head = peer.head('POST', '/', [['content-length', '5']]);
    const open = peer.make.synStream({ streamId: 1 }, head);
    peer.send(open, peer.make.data(1, Buffer.from('far more than five'), 1));
    const found = await peer.find(
      (frame) => (frame.type === SYN_REPLY || frame.type === RST_STREAM) && frame.streamId === 1,
    );
    if (found === null) throw new Mismatch('an answer', peer.words);
    const status = found.type === SYN_REPLY ? peer.field(found.headers, ':status') : '';
    if (found.type === SYN_REPLY && !status.startsWith('400'))
      throw new Mismatch('400, or RST_STREAM', status);
  },
  { level: 'should' },
);

/** HTTP. */
export const HTTP_CASES: readonly ConformanceCase[] = http.cases;

const push = group('push');

push.add(
  'SPDY/3 3.3.1',
  'What is pushed is even, unidirectional and names its request',
  async (peer) => {
    peer.send(peer.get(1));
    await peer.answered(1);
    for (const frame of peer.frames) {
      if (frame.type !== SYN_STREAM) continue;
      const right = frame.streamId % 2 === 0 && (frame.flags & 2) !== 0;
      if (!right || frame.associatedToStreamId !== 1) throw new Mismatch('such a push', peer.words);
    }
  },
);

/** Pushes of a server. */
export const PUSH_CASES: readonly ConformanceCase[] = push.cases;
