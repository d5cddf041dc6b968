import {
  FLOW_CONTROL_ERROR,
  GOAWAY,
  PING,
  SETTINGS,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SYN_STREAM,
  WINDOW_UPDATE,
} from '../../../protocol/constants.ts';
import { type ConformanceCase, group, since3, since31 } from '../case.ts';
import { Mismatch, Skip } from '../mismatch.ts';
import type { Peer } from '../peer.ts';
import type { Seen, SeenData } from '../seen-frames.ts';

const ping = group('ping');

ping.add('SPDY/3 2.6.5', 'A PING is answered with its own id', async (peer) => {
  peer.send(peer.make.ping(0x7fffffff));
  if ((await peer.find((frame) => frame.type === PING && frame.id === 0x7fffffff)) === null)
    throw new Mismatch('PING with the same id', peer.words);
});

ping.add('SPDY/3 2.6.5', 'Each of many is answered, in their order', async (peer) => {
  const ids = Array.from({ length: 20 }, (_, i) => 2 * i + 1);
  peer.send(...ids.map((id) => peer.make.ping(id)));
  await peer.find((frame) => frame.type === PING && frame.id === 39);
  const answered = peer.frames.flatMap((frame) => (frame.type === PING ? [frame.id] : []));
  if (answered.filter((id) => id % 2 === 1).join() !== ids.join())
    throw new Mismatch('20 answers in order', peer.words);
});

ping.add('SPDY/3 2.6.5', 'A PING of the parity of the other side is not answered', async (peer) => {
  peer.send(peer.make.ping(2));
  await peer.alive();
  if (peer.frames.some((frame) => frame.type === PING && frame.id === 2))
    throw new Mismatch('no answer to a PING that it has not sent', peer.words);
});

ping.add('SPDY/3 2.6.5', 'PING of another length than 4 ends the session', async (peer) => {
  peer.send(peer.make.control(PING, Buffer.alloc(5)));
  await peer.sessionError();
});

/** PING. */
export const PING_CASES: readonly ConformanceCase[] = ping.cases;

const goaway = group('goaway');

goaway.add('SPDY/3 2.6.6', 'What is open when GOAWAY comes is answered', async (peer) => {
  peer.send(peer.get(1), peer.make.goaway(0));
  await peer.answered(1);
});

goaway.add('SPDY/3 2.6.6', 'GOAWAY of a wrong length ends the session', async (peer) => {
  peer.send(peer.make.control(GOAWAY, Buffer.alloc(3)));
  await peer.sessionError();
});

goaway.add(
  'SPDY/3 2.4.1',
  'The session ends with GOAWAY, which names the last stream that was taken',
  async (peer) => {
    peer.send(peer.get(1));
    await peer.answered(1);
    peer.send(peer.make.control(SYN_STREAM, Buffer.alloc(6)));
    const found = await peer.find((frame) => frame.type === GOAWAY);
    if (found?.type !== GOAWAY || found.lastGoodStreamId !== 1)
      throw new Mismatch('GOAWAY with the last good stream 1', peer.words);
  },
  { level: 'should' },
);

/** GOAWAY. */
export const GOAWAY_CASES: readonly ConformanceCase[] = goaway.cases;

const settings = group('settings');

const entry = (id: number, value: number): { id: number; flags: number; value: number } => ({
  id,
  flags: 0,
  value,
});

settings.add('SPDY/3 2.6.4', 'Unknown ids are ignored', async (peer) => {
  peer.send(peer.make.settings([entry(200, 5)]), peer.get(1));
  await peer.answered(1);
});

settings.add('SPDY/3 2.6.4', 'No entries are fine', async (peer) => {
  peer.send(peer.make.settings([]), peer.get(1));
  await peer.answered(1);
});

settings.add(
  'SPDY/3 2.6.4',
  'A count that does not fit the length ends the session',
  async (peer) => {
    peer.send(peer.make.control(SETTINGS, Buffer.of(0, 0, 0, 5)));
    await peer.sessionError();
  },
);

const isData = (frame: Seen): frame is SeenData => frame.type === 'DATA' && frame.streamId === 1;

/** Bytes of the body of `/`, over a connection without limits. */
async function bodyLength(peer: Peer): Promise<number> {
  const other = await peer.again();
  try {
    other.send(other.get(1));
    return (await other.answered(1)).bytes;
  } finally {
    other.close();
  }
}

function received(peer: Peer): number {
  return peer.frames.filter(isData).reduce((sum, { length }) => sum + length, 0);
}

settings.add(
  'SPDY/3 2.6.8',
  'INITIAL_WINDOW_SIZE is kept, and WINDOW_UPDATE lets go on',
  async (peer) => {
    peer.credits = false;
    const whole = await bodyLength(peer);
    if (whole < 4) throw new Skip('the body of / is too short');
    const size = Math.min(16, whole - 2);
    peer.send(peer.make.settings([entry(SETTINGS_INITIAL_WINDOW_SIZE, size)]), peer.get(1));
    await peer.find(isData);
    await peer.never(`more than ${size} bytes`, () => received(peer) > size);
    if (received(peer) === 0) throw new Mismatch(`${size} bytes`, peer.words);
    peer.send(peer.make.windowUpdate(1, 1));
    await peer.find(() => received(peer) > size);
    await peer.never(`more than ${size + 1} bytes`, () => received(peer) > size + 1);
    peer.send(peer.make.windowUpdate(1, whole));
    await peer.answered(1);
  },
  { applies: since3 },
);

settings.add(
  'SPDY/3 2.6.4',
  'Of an id that comes twice the first value counts',
  async (peer) => {
    peer.credits = false;
    const whole = await bodyLength(peer);
    if (whole < 4) throw new Skip('the body of / is too short');
    const entries = [2, 65536].map((value) => entry(SETTINGS_INITIAL_WINDOW_SIZE, value));
    peer.send(peer.make.settings(entries), peer.get(1));
    await peer.find(isData);
    await peer.never('more than 2 bytes', () => received(peer) > 2);
  },
  { level: 'should', applies: since3 },
);

/** SETTINGS. */
export const SETTINGS_CASES: readonly ConformanceCase[] = settings.cases;

const window = group('window');

window.add(
  'SPDY/3 2.6.8',
  'A window beyond 2^31-1: RST_STREAM FLOW_CONTROL_ERROR',
  async (peer) => {
    const open = peer.make.synStream({ streamId: 1 }, peer.head('POST'));
    peer.send(open, peer.make.windowUpdate(1, 0x7fffffff));
    await peer.reset(1, [FLOW_CONTROL_ERROR]);
  },
  { applies: since3 },
);

window.add(
  'SPDY/3 2.6.8',
  'WINDOW_UPDATE for a stream that has ended, or never was, is ignored',
  async (peer) => {
    peer.send(peer.get(1));
    await peer.answered(1);
    peer.send(peer.make.windowUpdate(1, 10), peer.make.windowUpdate(99, 10));
    await peer.alive();
    if (peer.frames.some((frame) => frame.type === GOAWAY))
      throw new Mismatch('a session that goes on', peer.words);
  },
  { level: 'should', applies: since3 },
);

window.add(
  'SPDY/3 2.6.8',
  'WINDOW_UPDATE of another length than 8 ends the session',
  async (peer) => {
    peer.send(peer.make.control(WINDOW_UPDATE, Buffer.alloc(4)));
    await peer.sessionError();
  },
  { applies: since3 },
);

window.add(
  'SPDY/3 2.6.8',
  'A delta of 0 is an error',
  async (peer) => {
    const open = peer.make.synStream({ streamId: 1 }, peer.head('POST'));
    peer.send(open, peer.make.windowUpdate(1, 0));
    await peer.reset(1);
  },
  { level: 'robust', applies: since3 },
);

window.add(
  'SPDY/3.1 2.6.8',
  'A session window beyond 2^31-1 ends the session',
  async (peer) => {
    peer.send(peer.make.windowUpdate(0, 0x7fffffff), peer.make.windowUpdate(0, 0x7fffffff));
    await peer.sessionError();
  },
  { applies: since31 },
);

window.add(
  'SPDY/3.1 2.6.8',
  'No more than 65536 bytes leave before the session window grows',
  async (peer) => {
    peer.credits = false;
    const whole = await bodyLength(peer);
    const ids = Array.from({ length: 8 }, (_, i) => 2 * i + 1);
    if (whole * ids.length <= 65536) throw new Skip('eight bodies of / fit into the window');
    peer.send(peer.make.settings([entry(SETTINGS_INITIAL_WINDOW_SIZE, 1 << 24)]));
    peer.send(...ids.map((id) => peer.get(id)));
    const all = (): number =>
      peer.frames.reduce((sum, frame) => sum + (frame.type === 'DATA' ? frame.length : 0), 0);
    await peer.find(() => all() >= 65536);
    await peer.never('more than 65536 bytes', () => all() > 65536);
  },
  { applies: since31 },
);

/** Windows. */
export const WINDOW_CASES: readonly ConformanceCase[] = window.cases;
