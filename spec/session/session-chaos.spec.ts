import { Readable } from 'node:stream';
import { expect } from 'chai';
import { InvalidArgumentError } from '../../lib/errors.ts';
import { CANCEL } from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS } from '../../lib/protocol/version.ts';
import type { Session } from '../../lib/session/session.ts';
import {
  closed,
  memoryConnection,
  pairOver,
  RESPONSE,
  requestHeaders,
  settle,
  uncaughtDuring,
} from '../support/session-pair.ts';

/** Numbers from 0 to below `bound`, the same ones for a seed (mulberry32). */
function randomFrom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * bound);
  };
}

/** Does something with a session, now and again the wrong thing. */
function act(session: Session, server: boolean, random: (bound: number) => number): void {
  const body = [Buffer.alloc(random(50_000)), 'text', '', Readable.from(['a', 'b'])][random(4)];
  const id = 1 + random(30);
  switch (random(9)) {
    case 0:
    case 1:
    case 2:
      session.submitRequest(0, requestHeaders('POST'), server ? null : body);
      break;
    case 3:
      session.submitRstStream(id, CANCEL);
      break;
    case 4:
      session.submitHeaders(0, id, [['x', 'y']]);
      break;
    case 5:
      session.submitSettings(0, { maxConcurrentStreams: 1 + random(100) });
      break;
    case 6:
      void session.ping(() => {});
      break;
    case 7:
      session.resumeData(id);
      break;
    default:
      session.submitResponse(id, RESPONSE, body);
  }
}

describe('session: random use', () => {
  for (const version of PROTOCOL_VERSIONS) {
    it(`${version.name}: every stream ends exactly once, and both sessions close, whatever happens`, async () => {
      for (let seed = 1; seed <= 20; seed++) {
        const random = randomFrom(seed);
        const connection = memoryConnection(1 + random(30_000));
        const options = {
          lingerTimeoutMs: 50,
          closeTimeoutMs: 100,
          streamResetRate: { burst: 1e6, perSecond: 1 },
        };
        const pair = pairOver(connection, version, { client: options, server: options });
        const opened = new Map<string, number>();
        for (const session of [pair.client, pair.server]) {
          const side = session === pair.client ? 'client' : 'server';
          session.on('error', (error) =>
            expect(error, `seed ${seed}`).to.have.property('by', 'local'),
          );
          const count = (streamId: number): void => {
            opened.set(`${side} ${streamId}`, 0);
          };
          session.on('synStream', ({ streamId }) => count(streamId));
          session.on('beforeCtrlSend', (frame) => {
            if (frame.type === 1) count(frame.streamId);
          });
          session.on('streamClose', (streamId) => {
            if (streamId === 0) return;
            const key = `${side} ${streamId}`;
            opened.set(key, (opened.get(key) ?? Number.NaN) + 1);
          });
          session.on('requestRecv', (streamId) => {
            if (random(3) > 0)
              session.submitResponse(streamId, RESPONSE, Buffer.alloc(random(9000)));
          });
        }
        const caught = await uncaughtDuring(async () => {
          for (let step = 0; step < 40; step++) {
            const server = random(2) === 1;
            try {
              act(server ? pair.server : pair.client, server, random);
            } catch (error) {
              expect(error, `seed ${seed}`).to.be.instanceOf(InvalidArgumentError);
            }
            if (random(3) === 0) await settle(random(3));
          }
          await settle(2);
          const ends: (() => unknown)[] = [
            () => pair.client.close().catch(() => {}),
            () => pair.server.destroy(),
            () => connection.client.destroy(new Error('reset')),
            () => connection.server.end(),
          ];
          ends[random(4)]?.();
          if (random(2) === 0) void pair.server.close().catch(() => {});
          else pair.client.end();
          await Promise.all([closed(pair.client), closed(pair.server)]);
        });
        expect(caught, `seed ${seed}`).to.deep.equal([]);
        for (const [key, ends] of opened) expect(ends, `seed ${seed}, ${key}`).to.equal(1);
        expect([pair.client.state.openStreams, pair.server.state.openStreams]).to.deep.equal([
          0, 0,
        ]);
      }
    });
  }
});
