import { once } from 'node:events';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { expect } from 'chai';
import { resetSocket } from '../../lib/common/network/socket-end.ts';
import type { SpdyError } from '../../lib/errors.ts';
import { CLIENT, SERVER, type Side } from '../../lib/protocol/constants.ts';
import { SPDY3_1 } from '../../lib/protocol/version.ts';
import { Session } from '../../lib/session/session.ts';
import type { SpdyStream } from '../../lib/session/streams/stream.ts';
import {
  type Connection,
  closed,
  memoryConnection,
  RawPeer,
  RESPONSE,
  requestHeaders,
  sharedCertificate,
  tcpConnection,
  until,
} from '../support/session-pair.ts';

/** A connection, and the end of it that is to vanish. */
interface Cuttable extends Connection {
  /** What the peer's TCP connection is. */
  readonly raw: net.Socket | null;
}

const TRANSPORTS: Record<string, () => Promise<Cuttable>> = {
  TCP: async () => {
    const connection = await tcpConnection();
    return { ...connection, raw: connection.server };
  },
  TLS: async () => {
    const { client: outside, server: raw } = await tcpConnection();
    const { key, cert } = sharedCertificate();
    const server = new tls.TLSSocket(raw, { isServer: true, key, cert });
    const client = tls.connect({ socket: outside, ca: cert, servername: 'localhost' });
    await once(client, 'secureConnect');
    return { client, server, raw };
  },
  memory: async () => ({ ...memoryConnection(), raw: null }),
};

const WAYS: Record<string, (session: Session, transport: Duplex) => void> = {
  'attach()': (session, transport) => {
    session.attach(transport);
  },
  pipes: (session, transport) => {
    transport.pipe(session).pipe(transport);
  },
};

/** What happened to streams that nobody reads: codes of their errors, and how often they closed. */
function watch(streams: readonly SpdyStream[]): { errors: string[]; closes: number } {
  const seen = { errors: [] as string[], closes: 0 };
  for (const stream of streams) {
    stream.pause();
    stream.on('error', (error: Error) => seen.errors.push((error as SpdyError).code));
    stream.on('close', () => seen.closes++);
  }
  return seen;
}

/** Two streams of a session that its peer has sent something on, and not all. */
async function openTwo(session: Session, side: Side, peer: RawPeer): Promise<SpdyStream[]> {
  if (side === CLIENT) {
    const streams = [1, 3].map(() => session.request(requestHeaders(), { endStream: true }));
    const replied = streams.map((stream) => once(stream, 'response'));
    await peer.frame('SYN_STREAM', 2);
    peer.send(peer.make.synReply(1, RESPONSE), peer.make.synReply(3, RESPONSE));
    await Promise.all(replied);
    return streams;
  }
  const streams: SpdyStream[] = [];
  session.on('stream', (stream: SpdyStream) => streams.push(stream));
  peer.send(...[1, 3].map((id) => peer.make.synStream(id, requestHeaders('POST'))));
  await until(() => streams.length === 2);
  return streams;
}

describe('session: a peer that goes without GOAWAY', () => {
  for (const [transport, connect] of Object.entries(TRANSPORTS)) {
    for (const [way, join] of Object.entries(WAYS)) {
      for (const [role, side] of [
        ['client', CLIENT],
        ['server', SERVER],
      ] as const) {
        const cuts: Record<string, (peer: RawPeer, raw: net.Socket | null) => void> = {
          end: (peer) => peer.socket.end(),
          ...(transport === 'memory'
            ? {}
            : { reset: (_peer, raw) => resetSocket(raw as net.Socket) }),
        };
        for (const [cut, apply] of Object.entries(cuts)) {
          it(`${cut} behind data that nobody reads fails each stream once (${transport}, ${way}, ${role})`, async () => {
            const connection = await connect();
            const session = new Session(side, SPDY3_1.id);
            session.on('error', () => {});
            join(session, connection.client);
            const peer = new RawPeer(connection.server, SPDY3_1);
            const streams = await openTwo(session, side, peer);
            const seen = watch(streams);
            const data = [1, 3].map((id) => peer.make.data(id, Buffer.alloc(1000)));
            connection.server.write(Buffer.concat(data), () => apply(peer, connection.raw));
            await closed(session);
            await Promise.all(streams.map((stream) => stream.closed || closed(stream)));
            expect(seen.closes).to.equal(2);
            expect(seen.errors).to.deep.equal([
              'ERR_SPDY_TRANSPORT_CLOSED',
              'ERR_SPDY_TRANSPORT_CLOSED',
            ]);
            connection.client.destroy();
            connection.server.destroy();
          });
        }
      }
    }
  }

  it('a reset behind so much unread data that the transport is not read fails each stream, too', async () => {
    const connection = await tcpConnection();
    const session = new Session(CLIENT, SPDY3_1.id, {
      flowControl: false,
      inboundHighWaterMark: 1000,
    });
    session.attach(connection.client);
    const peer = new RawPeer(connection.server, SPDY3_1);
    const streams = await openTwo(session, CLIENT, peer);
    const seen = watch(streams);
    peer.send(...[1, 3].map((id) => peer.make.data(id, Buffer.alloc(50_000))));
    await until(() => session.state.inputHeld);
    connection.server.write(peer.make.data(1, Buffer.alloc(1000)), () => {
      resetSocket(connection.server);
    });
    await closed(session);
    expect(seen).to.deep.equal({
      errors: ['ERR_SPDY_TRANSPORT_CLOSED', 'ERR_SPDY_TRANSPORT_CLOSED'],
      closes: 2,
    });
  });
});
