import type net from 'node:net';
import { expect } from 'chai';
import { SpdyError } from '../../../lib/errors.ts';
import { GOAWAY_INTERNAL_ERROR, INTERNAL_ERROR } from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../../lib/protocol/version.ts';
import type { Session } from '../../../lib/session/session.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import {
  type Connection,
  closed,
  memoryConnection,
  pairOver,
  RESPONSE,
  requestHeaders,
  settle,
  tcpConnection,
  uncaughtDuring,
  until,
} from '../../support/session-pair.ts';

/** A stream that was opened at some moment, and what became of it. */
interface Birth {
  readonly moment: string;
  readonly stream: SpdyStream;
  closes: number;
  answers: number;
}

/** Both ends, and the sockets between them. */
interface Scene {
  readonly session: Session;
  readonly peer: Session;
  readonly connection: Connection<net.Socket>;
}

/** Causes of the end of `session`. */
const CAUSES: Readonly<Record<string, (scene: Scene) => void>> = {
  'close()': ({ session }) => void session.close(),
  'destroy()': ({ session }) => session.destroy(),
  'destroy(error)': ({ session }) => session.destroy(new Error('enough')),
  'failSession()': ({ session }) => session.failSession(GOAWAY_INTERNAL_ERROR),
  'GOAWAY of the peer': ({ peer }) => peer.submitGoaway(),
  'a failure of the peer': ({ peer }) => peer.failSession(GOAWAY_INTERNAL_ERROR),
  'bytes that are no SPDY': ({ connection, session }) => {
    const other = connection.client === session.socket ? connection.server : connection.client;
    other.write(Buffer.alloc(16, 0xff));
  },
  'the end of the peer': ({ connection, session }) => {
    const other = connection.client === session.socket ? connection.server : connection.client;
    other.end();
  },
  'a reset of the transport': ({ connection, session }) => {
    const other = connection.client === session.socket ? connection.server : connection.client;
    other.resetAndDestroy();
  },
  'a loss of the transport': ({ session }) => session.socket?.destroy(),
};

const SESSION_EVENTS = [
  ...['finish', 'end', 'close', 'error', 'goaway', 'streamClose', 'ctrlNotSend'],
  ...['beforeCtrlSend', 'ctrlSend', 'streamError'],
] as const;
const STREAM_EVENTS = ['close', 'error', 'aborted', 'end', 'finish', 'readable'] as const;

/** Streams that are opened in one scene: they have events in which others are opened. */
const MOST_BIRTHS = 60;

/** Lets `open` open streams at every moment of the end of a session, and returns them when all has ended. */
async function birthsAround(
  scene: Scene,
  first: SpdyStream,
  cause: string,
  open: () => SpdyStream,
): Promise<Birth[]> {
  const births: Birth[] = [];
  let opening = false;
  const bear = (moment: string): void => {
    if (opening || births.length >= MOST_BIRTHS) return;
    opening = true;
    let stream: SpdyStream;
    try {
      stream = open();
    } catch (error) {
      expect(error, `${cause}, ${moment}`).to.be.instanceOf(SpdyError);
      return;
    } finally {
      opening = false;
    }
    const birth: Birth = { moment, stream, closes: 0, answers: 0 };
    births.push(birth);
    stream.on('close', () => birth.closes++);
    stream.on('error', () => {});
    stream.write('some', () => birth.answers++);
    stream.write('thing', () => birth.answers++);
  };
  const { session } = scene;
  for (const event of SESSION_EVENTS) session.on(event, () => bear(`session ${event}`));
  for (const event of STREAM_EVENTS) first.on(event, () => bear(`stream ${event}`));
  bear('before');
  CAUSES[cause]?.(scene);
  bear('right behind');
  process.nextTick(() => bear('in the next tick'));
  for (let turn = 0; turn < 10; turn++) {
    await settle(1);
    bear(`turn ${turn}`);
  }
  session.destroy();
  bear('at the end');
  await closed(session);
  bear('behind it');
  await until(() => births.every(({ stream }) => stream.closed));
  await settle(3);
  return births;
}

function expectEnded(births: readonly Birth[]): void {
  for (const { moment, closes, answers } of births)
    expect({ moment, closes, answers }).to.deep.equal({ moment, closes: 1, answers: 2 });
}

async function makeScene(side: 'client' | 'server'): Promise<{
  scene: Scene;
  first: SpdyStream;
  end: () => Promise<void>;
}> {
  const connection = await tcpConnection(true);
  const pair = pairOver(connection, SPDY3_1);
  pair.client.on('error', () => {});
  pair.server.on('error', () => {});
  let served: SpdyStream | null = null;
  pair.server.on('stream', (stream) => {
    served ??= stream;
    stream.on('error', () => {});
    stream.resume();
  });
  const asked = pair.client.request(requestHeaders('POST'));
  asked.on('error', () => {});
  await until(() => served !== null);
  const first = side === 'client' ? asked : (served as unknown as SpdyStream);
  const peer = side === 'client' ? pair.server : pair.client;
  return { scene: { session: pair[side], peer, connection }, first, end: pair.end };
}

describe('session/streams/stream-birth', () => {
  for (const cause of Object.keys(CAUSES)) {
    it(`a request at any moment around ${cause} throws, or ends and answers every write`, async () => {
      const { scene, first, end } = await makeScene('client');
      const births = await birthsAround(scene, first, cause, () =>
        scene.session.request(requestHeaders('POST')),
      );
      expect(births).to.have.length.above(0);
      expectEnded(births);
      await end();
    });

    it(`a push at any moment around ${cause} throws, or ends and answers every write`, async () => {
      const { scene, first, end } = await makeScene('server');
      const births = await birthsAround(scene, first, cause, () =>
        first.pushStream([...requestHeaders(), ...RESPONSE]),
      );
      expect(births).to.have.length.above(0);
      expectEnded(births);
      await end();
    });
  }

  it('who opens a stream too late may still listen: its error comes behind the call', async () => {
    const { scene, first, end } = await makeScene('server');
    scene.session.destroy();
    const push = first.pushStream(requestHeaders());
    const seen: string[] = [];
    for (const event of ['aborted', 'error', 'close'] as const)
      push.on(event, () => seen.push(event));
    await closed(push);
    expect(seen).to.deep.equal(['aborted', 'error', 'close']);
    await end();
  });

  it('the user data of a stream is the stream, before it has an id and later', async () => {
    const { client, end } = pairOver(memoryConnection(), SPDY3_1);
    const dropped: unknown[] = [];
    client.on('streamClose', (id) => dropped.push(client.getStreamUserData(id)));
    const first = client.request(requestHeaders());
    first.destroy();
    const second = client.request(requestHeaders());
    await until(() => second.id !== 0);
    expect(client.getStreamUserData(second.id)).to.equal(second);
    expect(dropped).to.deep.equal([first]);
    await end();
  });

  for (const version of PROTOCOL_VERSIONS) {
    it(`${version.name}: a stream whose listener throws ends with INTERNAL_ERROR: something of it may have been done`, async () => {
      const pair = pairOver(memoryConnection(), version);
      pair.server.on('stream', () => {
        throw new Error('a bug of the application');
      });
      let status = 0;
      const caught = await uncaughtDuring(async () => {
        const stream = pair.client.request(requestHeaders('POST'));
        stream.on('error', () => {});
        await closed(stream);
        status = stream.rstStatus;
      });
      expect(caught.map(String)).to.deep.equal(['Error: a bug of the application']);
      expect(status).to.equal(INTERNAL_ERROR);
      await pair.end();
    });
  }
});
