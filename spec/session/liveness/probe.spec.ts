import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { expect } from 'chai';
import { CLIENT, SERVER } from '../../../lib/protocol/constants.ts';
import { SPDY2, SPDY3_1 } from '../../../lib/protocol/version.ts';
import { Probe } from '../../../lib/session/liveness/probe.ts';
import { Session } from '../../../lib/session/session.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import {
  closed,
  RESPONSE,
  rawAgainst,
  requestHeaders,
  sharedCertificate,
  tcpConnection,
} from '../../support/session-pair.ts';

/** Without limits of time: what is noticed here is noticed by the PING alone. */
const PATIENT = { closeTimeoutMs: 0, lingerTimeoutMs: 0 };

describe('session/liveness/probe', () => {
  it('sends PINGs as long as they are needed, and none after stop()', async () => {
    let pings = 0;
    await new Promise<void>((done) => {
      const probe = new Probe({ ping: () => pings++ });
      probe.start(1, () => {
        if (pings === 3) done();
        return pings < 3;
      });
    });
    expect(pings).to.equal(3);
    const stopped = new Probe({ ping: () => pings++ });
    stopped.start(1, () => true);
    stopped.stop();
    await new Promise((next) => setTimeout(next, 20));
    expect(pings).to.equal(3);
  });

  for (const secure of [false, true]) {
    it(`${secure ? 'TLS' : 'TCP'}: a peer that closes the connection is noticed while a stream is open`, async () => {
      const server = secure
        ? tls.createServer({
            ...sharedCertificate(),
            ALPNProtocols: ['spdy/3.1'],
            allowHalfOpen: true,
          })
        : net.createServer({ allowHalfOpen: true });
      const ended = new Promise<void>((done) => {
        server.on(secure ? 'secureConnection' : 'connection', (socket: net.Socket) => {
          const session = new Session(SERVER, SPDY3_1.id, PATIENT).attach(socket);
          session.on('error', () => {});
          session.on('stream', (stream) => {
            stream.on('error', () => {});
            stream.resume();
            stream.respond(RESPONSE);
            void closed(stream).then(done);
          });
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const socket = secure
        ? tls.connect({ port, ca: sharedCertificate().cert, ALPNProtocols: ['spdy/3.1'] })
        : net.connect({ port });
      await once(socket, secure ? 'secureConnect' : 'connect');
      const client = new Session(CLIENT, SPDY3_1.id).attach(socket);
      // A long poll: the request is complete, the answer is not.
      const stream = client.request(requestHeaders(), { endStream: true });
      stream.on('error', () => {});
      await once(stream, 'response');
      socket.destroy();
      await ended;
      server.close();
    });
  }

  it('a peer that has only finished gets its answer', async () => {
    const { session, peer } = await rawAgainst(SERVER, SPDY3_1, {}, true);
    const served = once(session, 'stream') as Promise<[SpdyStream]>;
    peer.socket.end(peer.make.synStream(1, requestHeaders(), { flags: 1 }));
    const [stream] = await served;
    await peer.frame('PING', 2);
    stream.respond(RESPONSE);
    stream.end('late, but here');
    const { frame } = await peer.frame('DATA');
    expect(frame.length).to.equal(14);
    await closed(session);
  });

  it('a peer that dies while nobody reads its data is noticed', async () => {
    const { client, server } = await tcpConnection();
    const session = new Session(SERVER, SPDY2.id, { ...PATIENT, inboundHighWaterMark: 1000 });
    session.on('error', () => {});
    const ended = new Promise<void>((done) => {
      session.on('stream', (stream) => {
        stream.on('error', () => {});
        void closed(stream).then(done);
      });
    });
    session.attach(server);
    const peer = new Session(CLIENT, SPDY2.id).attach(client);
    const stream = peer.request(requestHeaders('POST'));
    stream.on('error', () => {});
    stream.write(Buffer.alloc(200_000));
    while (!session.state.inputHeld) await new Promise((next) => setImmediate(next));
    client.resetAndDestroy();
    await ended;
  });
});
