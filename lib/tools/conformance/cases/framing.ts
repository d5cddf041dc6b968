import { PING, RST_STREAM, SYN_REPLY, UNSUPPORTED_VERSION } from '../../../protocol/constants.ts';
import { type ConformanceCase, group, since3 } from '../case.ts';
import { Mismatch } from '../mismatch.ts';

const { cases, add } = group('framing');

add('SPDY/3 2.2', 'Frames are read however their bytes are cut', async (peer) => {
  for (const byte of peer.get(1)) peer.send(Buffer.of(byte));
  await peer.answered(1);
});

add('SPDY/3 2.2', 'Many frames in one write are all read', async (peer) => {
  peer.send(peer.make.ping(1), peer.get(1), peer.make.ping(3));
  await peer.answered(1);
  for (const id of [1, 3]) {
    if ((await peer.find((frame) => frame.type === PING && frame.id === id)) === null)
      throw new Mismatch(`an answer to PING ${id}`, peer.words);
  }
});

add('SPDY/3 2.2.1', 'A control frame of an unknown type is skipped', async (peer) => {
  peer.send(peer.make.control(77, Buffer.from('whatever')), peer.get(1));
  await peer.answered(1);
});

add(
  'SPDY/3 2.2.1',
  'Flags that have no meaning are ignored',
  async (peer) => {
    peer.send(peer.make.control(PING, Buffer.of(0, 0, 0, 5), 0xf0));
    if ((await peer.find((frame) => frame.type === PING && frame.id === 5)) === null)
      throw new Mismatch('an answer to the PING', peer.words);
  },
  { level: 'robust' },
);

add('SPDY/3 2.2.1', 'Control frames of 8192 bytes are taken', async (peer) => {
  // It does not become shorter by compression.
  let value = '';
  for (let i = 0; value.length < 9000; i++) value += ((i * 2654435761) >>> 0).toString(36);
  const room = Math.floor(value.length * 0.7);
  const headers = peer.head('GET', '/', [['x-large', value.slice(0, room)]]);
  const frame = peer.get(1, headers);
  if (frame.length - 8 > 8192) throw new Error(`the frame of this test has ${frame.length} bytes`);
  peer.send(frame);
  const answer = await peer.find(
    (one) => (one.type === SYN_REPLY || one.type === RST_STREAM) && one.streamId === 1,
  );
  if (answer?.type !== SYN_REPLY) throw new Mismatch('SYN_REPLY', peer.words);
});

add(
  'SPDY/3 2.4.2',
  'SYN_STREAM of another version: RST_STREAM UNSUPPORTED_VERSION, or the end of the session',
  async (peer) => {
    const frame = peer.get(1);
    frame.writeUInt16BE(0x8000 | 9, 0);
    peer.send(frame);
    await peer.reset(1, [UNSUPPORTED_VERSION]);
  },
);

add(
  'SPDY/3 2.4.1',
  'A control frame without headers of another version ends the session',
  async (peer) => {
    peer.send(peer.make.control(PING, Buffer.of(0, 0, 0, 1), 0, 9));
    await peer.sessionError();
  },
  { level: 'robust', applies: since3 },
);

add(
  'SPDY/3 2.4.1',
  'Bytes of another protocol end the connection',
  async (peer) => {
    peer.send(Buffer.from('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n'));
    if (!(await peer.ended())) throw new Mismatch('the end of the connection', peer.words);
  },
  { level: 'robust' },
);

/** How frames are cut and told apart. */
export const FRAMING_CASES: readonly ConformanceCase[] = cases;
