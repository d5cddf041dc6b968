import { once } from 'node:events';
import { type Duplex, PassThrough, Readable } from 'node:stream';
import { expect } from 'chai';
import { InvalidArgumentError, InvalidStateError } from '../../../lib/errors.ts';
import { CLIENT, SERVER } from '../../../lib/protocol/constants.ts';
import { SPDY3_1 } from '../../../lib/protocol/version.ts';
import { Session } from '../../../lib/session/session.ts';
import {
  closed,
  memoryConnection,
  rawAgainst,
  requestHeaders,
  settle,
  tcpConnection,
  until,
} from '../../support/session-pair.ts';

describe('Carrier', () => {
  it('brings the bytes once when a pipe takes its place', async () => {
    const { session, peer, socket } = await rawAgainst(SERVER, SPDY3_1);
    socket.pipe(session);
    const streams: number[] = [];
    session.on('synStream', ({ streamId }) => streams.push(streamId));
    peer.send(peer.make.synStream(1, requestHeaders()));
    await peer.frame('SETTINGS');
    await until(() => streams.length > 0);
    expect(streams).to.deep.equal([1]);
    expect(session.state.phase).to.equal('open');
    session.destroy();
    await closed(socket);
  });

  it('reads no more when the session takes no more input', async () => {
    const { client } = memoryConnection();
    const session = new Session(SERVER, 4).attach(client);
    session.end();
    client.push('x');
    await settle();
    expect(client.listenerCount('data')).to.equal(0);
    client.destroy();
    await closed(session);
  });

  it('waits for a sink that is full, and for a session that is', async () => {
    const socket = new PassThrough({ highWaterMark: 1 });
    const session = new Session(SERVER, 4, { highWaterMark: 1 });
    session.attach(socket);
    // What is said first fills the sink, and comes back as its input.
    await until(() => session.statistics.framesReceived > 0);
    session.submitPing();
    await until(() => session.statistics.framesReceived > 1);
    session.destroy();
    await closed(socket);
  });

  it('lets go of the sink alone by unpipe(), whatever it is told', async () => {
    for (const all of [false, true]) {
      const { client } = memoryConnection();
      const session = new Session(SERVER, 4).attach(client);
      await settle();
      session.unpipe(new PassThrough());
      expect(session.listenerCount('data')).to.equal(1);
      session.unpipe(all ? undefined : client);
      expect(session.listenerCount('data')).to.equal(0);
      expect(session.isPaused()).to.equal(true);
      session.attach(client);
      expect(session.listenerCount('data')).to.equal(1);
      session.destroy();
      await closed(client);
    }
  });

  it('carries both ways where the session was paused, and where it goes on at another socket', async () => {
    const first = await tcpConnection();
    const second = await tcpConnection();
    const session = new Session(CLIENT, 4);
    session.pause();
    session.attach(first.client);
    await once(first.server, 'data');
    session.unpipe();
    session.attach(second.client);
    session.submitPing();
    await once(second.server, 'data');
    session.destroy();
    first.client.destroy();
    await Promise.all([closed(first.client), closed(second.client)]);
  });

  it('tells the session of an end that the socket has told before', async () => {
    const { client, server } = await tcpConnection(true);
    server.resume();
    client.end();
    await once(server, 'end');
    const session = new Session(SERVER, 4).attach(server);
    client.resume();
    await closed(session);
    await closed(server);
  });

  it('says nothing of that end where a pipe has taken its place', async () => {
    const { client, server } = await tcpConnection(true);
    server.resume();
    client.end();
    await once(server, 'end');
    const session = new Session(SERVER, 4).attach(server);
    new PassThrough().pipe(session);
    await settle();
    expect(session.writableEnded).to.equal(false);
    session.destroy();
    client.destroy();
    await Promise.all([closed(session), closed(client)]);
  });

  it('takes bytes to a sink once when a pipe leads there too', async () => {
    const { client, server } = await tcpConnection();
    const session = new Session(CLIENT, 4, { settingsTiming: 'never' }).attach(client);
    session.pipe(client);
    session.submitPing();
    void session.close();
    const chunks: Buffer[] = [];
    server.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(server, 'end');
    // PING, and GOAWAY at the end.
    expect(Buffer.concat(chunks)).to.have.length(12 + 16);
    client.destroy();
    await Promise.all([closed(session), closed(client)]);
  });

  it('lets go of its sink by unpipe() for all where a pipe leads to another one', async () => {
    const { client } = memoryConnection();
    const session = new Session(SERVER, 4).attach(client);
    session.pipe(new PassThrough());
    session.unpipe();
    expect(session.listenerCount('data')).to.equal(0);
    expect(session.isPaused()).to.equal(true);
    session.destroy();
    client.destroy();
    await Promise.all([closed(session), closed(client)]);
  });

  it('takes no socket that a closed session would leave open', () => {
    const { client } = memoryConnection();
    const session = new Session(SERVER, 4);
    session.destroy();
    expect(() => session.attach(client))
      .to.throw(InvalidStateError)
      .with.property('code', 'ERR_SPDY_SESSION_CLOSED');
    expect(client.eventNames()).not.to.include('data');
  });

  it('takes nothing that cannot be written to', () => {
    const session = new Session(CLIENT, 4);
    const readable = Readable.from([]) as unknown as Duplex;
    expect(() => session.attach(readable)).to.throw(InvalidArgumentError, 'needs a Duplex');
    session.destroy();
  });
});
