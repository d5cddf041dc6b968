import { setImmediate } from 'node:timers';
import { CANCEL, SETTINGS } from '../../../protocol/constants.ts';
import { type ConformanceCase, group, since3 } from '../case.ts';
import { Mismatch } from '../mismatch.ts';
import type { Peer } from '../peer.ts';
import { plainBlock } from '../plain-block.ts';

const { cases, add } = group('hostile');

/** Whatever became of this connection: others are served. */
async function serves(peer: Peer): Promise<void> {
  const other = await peer.again();
  try {
    other.send(other.get(1));
    await other.answered(1);
  } catch (error) {
    throw new Mismatch('a server that serves others', (error as Error).message);
  } finally {
    other.close();
  }
}

function flood(what: string, count: number, frame: (peer: Peer, i: number) => Uint8Array): void {
  add(
    'limits',
    `${what}: others are served`,
    async (peer) => {
      for (let i = 0; i < count; i += 100) {
        peer.send(
          ...Array.from({ length: Math.min(100, count - i) }, (_, j) => frame(peer, i + j)),
        );
        await new Promise(setImmediate);
      }
      await serves(peer);
    },
    { level: 'robust', hostile: true },
  );
}

flood('3,000 requests that are reset at once', 3000, (peer, i) =>
  Buffer.concat([peer.get(2 * i + 1), peer.make.rstStream(2 * i + 1, CANCEL)]),
);
flood('20,000 PING', 20_000, (peer, i) => peer.make.ping(2 * i + 1));
flood('5,000 SETTINGS', 5000, (peer) => peer.make.settings([{ id: 4, flags: 0, value: 1 }]));
flood('20,000 DATA frames without payload', 20_000, (peer, i) =>
  i === 0
    ? peer.make.synStream({ streamId: 1 }, peer.head('POST'))
    : peer.make.data(1, Buffer.alloc(0)),
);

add(
  'SPDY/3 2.6.4',
  'SETTINGS whose count is far above its length ends the session, and others are served',
  async (peer) => {
    peer.send(peer.make.control(SETTINGS, Buffer.of(0xff, 0xff, 0xff, 0xff)));
    await peer.sessionError();
    await serves(peer);
  },
  { hostile: true },
);

add(
  'SPDY/3 2.6.10',
  'A header block whose count is far above its length, and others are served',
  async (peer) => {
    const count = peer.version.headerLengthSize === 2 ? 0xffff : 0xffffffff;
    peer.send(peer.get(1, peer.make.block(plainBlock(peer.version, [], count))));
    await peer.reset(1);
    await serves(peer);
  },
  { hostile: true },
);

add(
  'SPDY/3 2.6.10.1',
  'Header blocks that inflate to 4 MiB, and others are served',
  async (peer) => {
    const value = 'a'.repeat(peer.version.headerLengthSize === 2 ? 60_000 : 1 << 20);
    const fields = Array.from({ length: 4 }, (_, i) => [`x-${i}`, value] as const);
    peer.send(peer.get(1, peer.make.block(plainBlock(peer.version, [...peer.head(), ...fields]))));
    await serves(peer);
  },
  { level: 'robust', hostile: true, applies: since3 },
);

/** What loads a server on purpose. */
export const HOSTILE_CASES: readonly ConformanceCase[] = cases;
