import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { SERVER } from '../../lib/protocol/constants.ts';
import { SPDY3_1 } from '../../lib/protocol/version.ts';
import { Session } from '../../lib/session/session.ts';
import {
  closed,
  memoryConnection,
  rawAgainst,
  requestHeaders,
  settle,
  until,
} from '../support/session-pair.ts';

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
});
