import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import type { StreamError } from '../../lib/errors.ts';
import { CANCEL, CLIENT, CTRL_FLAG_FIN, SERVER } from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../lib/protocol/version.ts';
import { Session } from '../../lib/session/session.ts';
import type { SessionOptions } from '../../lib/session/session-options.ts';
import {
  closed,
  memoryConnection,
  pairOver,
  RawPeer,
  RESPONSE,
  rawAgainst,
  requestHeaders,
  settle,
  tcpConnection,
  tlsConnection,
  until,
} from '../support/session-pair.ts';

/** Events that tell about the end of a session. */
function ends(session: Session): string[] {
  const seen: string[] = [];
  session.on('streamClose', (id, status, error) =>
    seen.push(`stream ${id} ${status} ${error?.code}`),
  );
  session.on('error', (error) => seen.push(`error ${(error as StreamError).code}`));
  session.on('close', () => seen.push('close'));
  return seen;
}

describe('session/transport/transport', () => {
  for (const version of PROTOCOL_VERSIONS) {
    describe(version.name, () => {
      for (const bare of [false, true]) {
        const how = bare ? 'bare pipes' : 'attach()';
        it(`ends all streams when the peer resets the connection, with ${how}`, async () => {
          const connection = await tcpConnection();
          const session = new Session(SERVER, version.id);
          if (bare) connection.server.pipe(session).pipe(connection.server);
          else session.attach(connection.server);
          const peer = new RawPeer(connection.client, version);
          const seen = ends(session);
          peer.send(
            peer.make.synStream(1, requestHeaders()),
            peer.make.synStream(3, requestHeaders(), { flags: CTRL_FLAG_FIN }),
          );
          await until(() => session.state.openStreams === 2);
          connection.client.resetAndDestroy();
          await closed(session);
          expect(seen).to.deep.equal([
            'stream 1 6 ERR_SPDY_TRANSPORT_CLOSED',
            'stream 3 6 ERR_SPDY_TRANSPORT_CLOSED',
            'close',
          ]);
          expect(session.state.transportError).to.have.property('code', 'ECONNRESET');
          expect(connection.server.destroyed).to.equal(true);
        });
      }

      it('ends quietly when the peer ends and nothing is open', async () => {
        const { session, peer, socket } = await rawAgainst(SERVER, version);
        const seen = ends(session);
        peer.socket.end();
        await closed(session);
        await closed(socket);
        expect(seen).to.deep.equal(['close']);
      });

      it('ends open streams when the peer ends a socket that cannot be half open', async () => {
        const { session, peer } = await rawAgainst(SERVER, version);
        const seen = ends(session);
        peer.send(
          peer.make.synStream(1, requestHeaders()),
          peer.make.synStream(3, requestHeaders(), { flags: CTRL_FLAG_FIN }),
        );
        await until(() => session.state.openStreams === 2);
        peer.socket.end();
        await closed(session);
        expect(seen).to.deep.equal([
          'stream 1 6 ERR_SPDY_TRANSPORT_CLOSED',
          'stream 3 6 ERR_SPDY_TRANSPORT_CLOSED',
          'close',
        ]);
      });

      it('finishes what it sends when the peer has ended a socket that can be half open', async () => {
        const { session, peer, socket } = await rawAgainst(SERVER, version, {}, true);
        const seen = ends(session);
        const body = new PassThrough();
        peer.send(
          peer.make.synStream(1, requestHeaders()),
          peer.make.synStream(3, requestHeaders(), { flags: CTRL_FLAG_FIN }),
        );
        await until(() => session.state.openStreams === 2);
        session.submitResponse(3, RESPONSE, body);
        body.write('before ');
        await peer.frame('DATA');
        peer.socket.end();
        await until(() => seen.length > 0);
        expect(seen).to.deep.equal([`stream 1 ${CANCEL} ERR_SPDY_TRANSPORT_CLOSED`]);
        body.end('after');
        await closed(session);
        await closed(socket);
        expect(seen).to.deep.equal([
          `stream 1 ${CANCEL} ERR_SPDY_TRANSPORT_CLOSED`,
          'stream 3 0 undefined',
          'close',
        ]);
        await closed(peer.socket);
        const data = peer.frames.map((frame) => frame.data.toString()).join('');
        expect(data).to.equal('before after');
        expect(peer.names).to.include.members(['RST_STREAM', 'GOAWAY']);
      });
    });
  }

  it('drops a frame that is cut by the end of the connection', async () => {
    const { session, peer } = await rawAgainst(SERVER, SPDY3_1);
    const seen = ends(session);
    peer.send(Buffer.from('\x80\x03\x00\x06\x00\x00', 'latin1'));
    peer.socket.end();
    await closed(session);
    expect(seen).to.deep.equal(['close']);
  });

  it('ends requests that were not sent yet as well', async () => {
    const { session, peer } = await rawAgainst(CLIENT, SPDY3_1);
    peer.send(peer.make.settings([{ id: 4, flags: 0, value: 1 }]));
    await until(() => session.statistics.framesReceived === 1);
    const seen = ends(session);
    session.submitRequest(0, requestHeaders());
    session.submitRequest(0, requestHeaders());
    await peer.frame('SYN_STREAM');
    peer.socket.end();
    await closed(session);
    expect(seen).to.deep.equal([
      'stream 0 3 ERR_SPDY_TRANSPORT_CLOSED',
      'stream 1 6 ERR_SPDY_TRANSPORT_CLOSED',
      'close',
    ]);
  });

  it('knows a half-open end from requests that were not sent yet', async () => {
    const { session, peer } = await rawAgainst(CLIENT, SPDY3_1, {}, true);
    peer.send(peer.make.settings([{ id: 4, flags: 0, value: 0 }]));
    await until(() => session.statistics.framesReceived === 1);
    const seen = ends(session);
    session.submitRequest(0, requestHeaders());
    await settle();
    peer.socket.end();
    await closed(session);
    expect(seen).to.deep.equal(['stream 0 3 ERR_SPDY_TRANSPORT_CLOSED', 'close']);
  });

  it('ends when the socket is destroyed on this side', async () => {
    const { session, peer, socket } = await rawAgainst(SERVER, SPDY3_1);
    const seen = ends(session);
    peer.send(peer.make.synStream(1, requestHeaders()));
    await until(() => session.state.openStreams === 1);
    socket.destroy();
    await closed(session);
    expect(seen).to.deep.equal(['stream 1 6 ERR_SPDY_TRANSPORT_CLOSED', 'close']);
  });

  it('ends when somebody else ends the socket', async () => {
    const { session, peer, socket } = await rawAgainst(SERVER, SPDY3_1, {}, true);
    const seen = ends(session);
    peer.send(peer.make.synStream(1, requestHeaders()));
    await until(() => session.state.openStreams === 1);
    socket.end();
    await closed(session);
    expect(seen).to.deep.equal(['stream 1 6 ERR_SPDY_TRANSPORT_CLOSED', 'close']);
  });

  it('gives up streams that wait for a window which a half-open peer cannot give any more', async () => {
    const options = { closeTimeoutMs: 20 };
    const { session, peer } = await rawAgainst(SERVER, SPDY3_1, options, true);
    const seen = ends(session);
    peer.send(peer.make.synStream(1, requestHeaders(), { flags: CTRL_FLAG_FIN }));
    await until(() => session.state.openStreams === 1);
    session.submitResponse(1, RESPONSE, Buffer.alloc(100_000));
    peer.socket.end();
    await closed(session);
    expect(seen).to.deep.equal(['stream 1 6 ERR_SPDY_TRANSPORT_CLOSED', 'close']);
    const sent = peer.frames.reduce((total, frame) => total + frame.data.length, 0);
    expect(sent).to.equal(65_536);
  });

  it('ends when it is attached to a socket that is gone', async () => {
    const { client, server } = await tcpConnection();
    client.destroy();
    server.destroy();
    await closed(client);
    const session = new Session(CLIENT, 4).attach(client);
    await closed(session);
  });

  it('destroys the socket when it is destroyed, after a GOAWAY that can leave at once (checklist 19)', async () => {
    for (const error of [undefined, new Error('enough')]) {
      const { session, peer, socket } = await rawAgainst(SERVER, SPDY3_1);
      await peer.frame('SETTINGS');
      const seen = ends(session);
      peer.send(peer.make.synStream(1, requestHeaders()));
      await until(() => session.state.openStreams === 1);
      session.destroy(error);
      await closed(socket);
      const { frame } = await peer.frame('GOAWAY');
      expect([frame.lastGoodStreamId, frame.status]).to.deep.equal([
        1,
        error === undefined ? 0 : 2,
      ]);
      const expected = ['stream 1 6 ERR_SPDY_SESSION_CLOSED', 'close'];
      if (error !== undefined) expected.splice(1, 0, 'error undefined');
      await until(() => seen.length === expected.length);
      expect(seen).to.deep.equal(expected);
    }
  });

  it('keeps the order of bytes when it is destroyed with output that waits', async () => {
    const { session, peer, socket } = await rawAgainst(SERVER, SPDY3_1, { flowControl: false });
    peer.send(peer.make.synStream(1, requestHeaders(), { flags: CTRL_FLAG_FIN }));
    await until(() => session.state.openStreams === 1);
    peer.socket.pause();
    session.submitResponse(1, RESPONSE, Buffer.alloc(30_000_000));
    await until(() => session.state.outboundBytes > 0);
    session.destroy();
    await closed(socket);
    peer.socket.resume();
    await closed(peer.socket);
    // The decoder throws for anything that is no frame.
    expect(peer.names).to.not.include('GOAWAY');
  });

  it('tells streams that are already finished from those that are not', async () => {
    const { session, peer } = await rawAgainst(CLIENT, SPDY3_1);
    const seen = ends(session);
    session.submitRequest(0, requestHeaders());
    session.submitRequest(0, requestHeaders());
    await peer.frame('SYN_STREAM', 2);
    peer.send(peer.make.synReply(1, RESPONSE, { flags: CTRL_FLAG_FIN }));
    peer.socket.end();
    await closed(session);
    expect(seen).to.deep.equal([
      'stream 1 0 undefined',
      'stream 3 6 ERR_SPDY_TRANSPORT_CLOSED',
      'close',
    ]);
  });

  it('delivers input that it held back although the connection is gone', async () => {
    const options = { windowUpdates: 'consume', flowControl: false, inboundHighWaterMark: 1000 };
    const { session, peer, socket } = await rawAgainst(SERVER, SPDY3_1, {
      ...options,
      windowUpdates: 'consume',
      highWaterMark: 1_000_000,
    });
    const seen = ends(session);
    let bytes = 0;
    session.on('dataChunkRecv', (_flags, _streamId, chunk) => {
      bytes += chunk.length;
    });
    peer.send(peer.make.synStream(1, requestHeaders()), peer.make.data(1, Buffer.alloc(2000)));
    await until(() => session.state.inputHeld);
    peer.send(peer.make.data(1, Buffer.alloc(3000), CTRL_FLAG_FIN));
    await until(() => session.writableLength > 3000);
    peer.socket.end();
    await closed(socket);
    await settle();
    expect(session.destroyed).to.equal(false);
    expect(bytes).to.equal(2000);
    session.consume(1, 2000);
    await until(() => bytes === 5000);
    session.consume(1, 3000);
    await closed(session);
    expect(seen).to.deep.equal(['stream 1 6 ERR_SPDY_TRANSPORT_CLOSED', 'close']);
  });

  for (const stallTimeoutMs of [0, 60_000]) {
    const asks = stallTimeoutMs > 0;
    it(`${asks ? 'asks' : 'does not ask'} a peer that is held back by PING with stallTimeoutMs ${stallTimeoutMs}`, async () => {
      const options: SessionOptions = { flowControl: false, inboundHighWaterMark: 1000 };
      const { session, peer } = await rawAgainst(SERVER, SPDY3_1, { ...options, stallTimeoutMs });
      session.on('stream', () => {});
      peer.send(peer.make.synStream(1, requestHeaders()), peer.make.data(1, Buffer.alloc(2000)));
      await until(() => session.state.inputHeld);
      // A second and a half: it would ask after one.
      if (asks) await peer.frame('PING', 1);
      else await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(peer.names.includes('PING')).to.equal(asks);
      session.destroy();
      await closed(session);
    });
  }

  it('takes a separate source and sink', async () => {
    const up = new PassThrough();
    const down = new PassThrough();
    const client = new Session(CLIENT, 4);
    const server = new Session(SERVER, 4);
    down.pipe(client).pipe(up);
    up.pipe(server).pipe(down);
    expect(client.socket).to.equal(down);
    server.on('requestRecv', (streamId) => server.submitResponse(streamId, RESPONSE));
    client.submitRequest(0, requestHeaders());
    await once(client, 'streamClose');
    await Promise.all([client.close(), closed(server)]);
    expect(up.destroyed && down.destroyed).to.equal(true);
  });

  it('ends when its sink alone is gone', async () => {
    const source = new PassThrough();
    const sink = new PassThrough();
    const session = new Session(CLIENT, 4);
    source.pipe(session).pipe(sink);
    const seen = ends(session);
    session.submitRequest(0, requestHeaders());
    await settle();
    sink.destroy(new Error('broken pipe'));
    await closed(session);
    expect(seen).to.deep.equal(['stream 1 6 ERR_SPDY_TRANSPORT_CLOSED', 'close']);
    expect(session.state.transportError).to.have.property('message', 'broken pipe');
  });

  it('follows the transport that was piped last', async () => {
    const first = new PassThrough();
    const second = memoryConnection();
    const session = new Session(SERVER, 4);
    first.pipe(session);
    session.pipe(first);
    first.unpipe(session);
    session.unpipe(first);
    session.attach(second.client);
    first.destroy();
    await settle();
    expect(session.socket).to.equal(second.client);
    expect(session.destroyed).to.equal(false);
    session.destroy();
    await closed(second.client);
  });

  it('works inside stream.pipeline()', async () => {
    const connection = await tcpConnection();
    const session = new Session(SERVER, 4);
    const done = pipeline(connection.server, session, connection.server);
    connection.client.resume();
    connection.client.end();
    await done;
    await closed(session);
  });

  it('ends without an error inside stream.pipeline(), which destroys with one what has just ended', async () => {
    const { client, server } = await tcpConnection();
    const sessions = [new Session(CLIENT, SPDY3_1.id), new Session(SERVER, SPDY3_1.id)] as const;
    const seen = sessions.map(ends);
    const done = [pipeline(client, sessions[0], client), pipeline(server, sessions[1], server)];
    sessions[1].on('stream', (stream) => stream.respond(RESPONSE, { endStream: true }));
    const stream = sessions[0].request(requestHeaders(), { endStream: true });
    await once(stream.resume(), 'end');
    await sessions[0].close();
    await Promise.all([...done, ...sessions.map(closed)]);
    expect(seen).to.deep.equal([
      ['stream 1 0 undefined', 'close'],
      ['stream 1 0 undefined', 'close'],
    ]);
  });

  it('ends without an error when what it sends is read by `for await`, which destroys what it has read', async () => {
    const { client, server } = await tcpConnection();
    const session = new Session(CLIENT, SPDY3_1.id);
    const seen = ends(session);
    new Session(SERVER, SPDY3_1.id).attach(server);
    client.pipe(session);
    const carried = (async () => {
      for await (const bytes of session) if (!client.write(bytes)) await once(client, 'drain');
      client.end();
    })();
    await Promise.all([session.close(), carried, closed(server)]);
    expect(seen).to.deep.equal(['close']);
  });

  it('leaves no listener on a transport that it was moved away from', async () => {
    const first = new PassThrough();
    const second = new PassThrough();
    const session = new Session(SERVER, 4);
    first.pipe(session);
    second.pipe(session);
    first.unpipe(session);
    second.pipe(session);
    expect(first.listenerCount('close')).to.equal(0);
    expect(first.listenerCount('error')).to.equal(0);
    session.destroy();
  });

  it('takes none of the listeners that a transport may have without a warning', () => {
    const transport = new PassThrough();
    const unlimited = new PassThrough().setMaxListeners(0);
    const session = new Session(SERVER, 4);
    transport.pipe(session).pipe(transport);
    expect(transport.getMaxListeners()).to.equal(EventEmitter.defaultMaxListeners + 1);
    unlimited.pipe(session).pipe(unlimited);
    expect(transport.getMaxListeners()).to.equal(EventEmitter.defaultMaxListeners);
    expect(unlimited.getMaxListeners()).to.equal(0);
    session.destroy();
  });

  it('switches the delay of small segments off', async () => {
    const { client, server } = await tcpConnection();
    const calls: unknown[] = [];
    client.setNoDelay = (on) => {
      calls.push(on);
      return client;
    };
    const session = new Session(CLIENT, 4);
    client.pipe(session).pipe(client);
    expect(calls).to.deep.equal([true]);
    session.destroy();
    server.destroy();
  });

  it('closes a TLS connection in order', async () => {
    const connection = await tlsConnection('spdy/3.1');
    const pair = pairOver(connection, SPDY3_1);
    await pair.client.close();
    await Promise.all([closed(pair.server), closed(connection.client), closed(connection.server)]);
    expect(pair.server.state.goawayReceived).to.equal(true);
    expect(pair.server.state.transportError).to.equal(null);
  });
});
