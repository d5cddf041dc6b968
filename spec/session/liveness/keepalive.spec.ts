import { expect } from 'chai';
import type { SpdyError } from '../../../lib/errors.ts';
import { CLIENT, SERVER } from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../../lib/protocol/version.ts';
import { Session } from '../../../lib/session/session.ts';
import {
  closed,
  memoryConnection,
  pairOver,
  type RawPeer,
  rawAgainst,
  requestHeaders,
  settle,
  until,
} from '../../support/session-pair.ts';

/** Stops the event loop for so many milliseconds. */
function stand(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

describe('session/liveness/pings', () => {
  for (const version of PROTOCOL_VERSIONS) {
    it(`${version.name}: ping() measures the round trip, several at a time (checklist 152)`, async () => {
      const pair = pairOver(memoryConnection(), version);
      const times = await Promise.all([pair.client.ping(), pair.client.ping(), pair.server.ping()]);
      for (const ms of times) expect(ms).to.be.at.least(0);
      expect(pair.client.statistics.roundTripMs).to.be.at.least(0);
      expect(pair.client.state.pendingPings).to.equal(0);
      await pair.end();
    });
  }

  it('matches answers by id and ignores others (checklist 151)', async () => {
    const { session, peer } = await rawAgainst(CLIENT, SPDY3_1);
    const order: number[] = [];
    const first = session.ping().then(() => order.push(1));
    const second = session.ping().then(() => order.push(3));
    await peer.frame('PING', 2);
    expect(peer.frames.flatMap(({ frame }) => frame.id ?? [])).to.deep.equal([1, 3]);
    peer.send(peer.make.ping(5), peer.make.ping(3), peer.make.ping(3), peer.make.ping(1));
    await Promise.all([first, second]);
    expect(order).to.deep.equal([3, 1]);
    session.destroy();
  });

  it('calls back instead', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    const ms = await new Promise<number>((done) => {
      void pair.client.ping((error, time) => {
        expect(error).to.equal(null);
        done(time);
      });
    });
    expect(ms).to.be.at.least(0);
    const failed = new Promise<SpdyError | null>((done) => {
      void pair.server.ping((error) => done(error));
    });
    await pair.end();
    expect((await failed)?.code).to.equal('ERR_SPDY_PING_CANCELLED');
  });

  it('rejects when the session ends before the answer', async () => {
    const { session, peer } = await rawAgainst(CLIENT, SPDY3_1);
    const result = session.ping().catch((error: SpdyError) => error.code);
    await peer.frame('PING');
    peer.socket.destroy();
    expect(await result).to.equal('ERR_SPDY_PING_CANCELLED');
  });

  it('rejects above maxOutstandingPings', async () => {
    const session = new Session(CLIENT, 4, { maxOutstandingPings: 1 });
    const first = session.ping().catch((error: SpdyError) => error.code);
    const second = session.ping().catch((error: SpdyError) => error.code);
    expect(await second).to.equal('ERR_SPDY_TOO_MANY_PINGS');
    session.destroy();
    expect(await first).to.equal('ERR_SPDY_PING_CANCELLED');
  });
});

describe('session/liveness/keepalive', () => {
  describe('keepAlive', () => {
    it('pings a peer that is silent, and goes on while it answers', async () => {
      const { session, peer } = await rawAgainst(CLIENT, SPDY3_1, {
        keepAlive: { intervalMs: 5, timeoutMs: 4000 },
      });
      for (let count = 1; count <= 3; count++) {
        const { frame } = await peer.frame('PING', count);
        peer.send(peer.make.ping(Number(frame.id)));
      }
      expect(session.destroyed).to.equal(false);
      session.destroy();
    });

    it('destroys the session with ERR_SPDY_TIMEOUT when nothing comes back', async () => {
      const { session, peer } = await rawAgainst(CLIENT, SPDY3_1, {
        keepAlive: { intervalMs: 5, timeoutMs: 10 },
      });
      const errors: string[] = [];
      const ends: (string | undefined)[] = [];
      session.on('error', (error) => errors.push((error as SpdyError).code));
      session.on('streamClose', (_id, _status, error) => ends.push(error?.code));
      session.submitRequest(0, requestHeaders());
      await closed(session);
      expect(errors).to.deep.equal(['ERR_SPDY_TIMEOUT']);
      expect(ends).to.deep.equal(['ERR_SPDY_TIMEOUT']);
      expect(peer.names).to.include('PING');
    });

    it('is content with any byte, and needs no answer to PING then', async () => {
      const { session, peer } = await rawAgainst(CLIENT, SPDY3_1, {
        keepAlive: { intervalMs: 20, timeoutMs: 60 },
      });
      for (let i = 0; i < 30; i++) {
        peer.send(peer.make.ping(2 * i + 2));
        await pause(5);
      }
      expect(session.destroyed).to.equal(false);
      session.destroy();
    });

    it('stops after the peer has sent GOAWAY', async () => {
      const { session, peer } = await rawAgainst(CLIENT, SPDY3_1, {
        keepAlive: { intervalMs: 10, timeoutMs: 10 },
      });
      session.submitRequest(0, requestHeaders());
      await peer.frame('SYN_STREAM');
      peer.send(peer.make.goaway(1));
      await until(() => session.state.goawayReceived);
      await pause(60);
      expect(session.destroyed).to.equal(false);
      session.destroy();
    });

    it('does not mind that maxOutstandingPings wait already', async () => {
      const { session, peer } = await rawAgainst(CLIENT, SPDY3_1, {
        keepAlive: { intervalMs: 5, timeoutMs: 20 },
        maxOutstandingPings: 1,
      });
      session.on('error', () => {});
      session.submitPing();
      await closed(session);
      expect(peer.names.filter((name) => name === 'PING')).to.have.length(1);
    });
  });

  describe('idleTimeoutMs', () => {
    it("emits 'timeout' once for a silence, and leaves the rest to the listener", async () => {
      const { session, peer } = await rawAgainst(SERVER, SPDY3_1, { idleTimeoutMs: 15 });
      let timeouts = 0;
      session.on('timeout', () => timeouts++);
      await until(() => timeouts === 1);
      await pause(50);
      expect([timeouts, session.destroyed]).to.deep.equal([1, false]);
      peer.send(peer.make.ping(1));
      await until(() => timeouts === 2);
      session.destroy();
    });

    it('closes the session in order when nobody listens', async () => {
      const { session, peer } = await rawAgainst(SERVER, SPDY3_1, { idleTimeoutMs: 10 });
      const errors: Error[] = [];
      session.on('error', (error) => errors.push(error));
      await peer.frame('GOAWAY');
      await closed(session);
      expect(errors).to.deep.equal([]);
    });

    it('counts PING as activity', async () => {
      expect(await timeoutsWhile(false, (peer, i) => peer.make.ping(2 * i + 1))).to.equal(0);
    });

    it('does not count PING when the option says so', async () => {
      expect(await timeoutsWhile(true, (peer, i) => peer.make.ping(2 * i + 1))).to.be.above(0);
    });

    it('counts streams that begin', async () => {
      const frame = (peer: RawPeer, i: number): Buffer =>
        peer.make.synStream(2 * i + 1, [['x', '1']], { flags: 1 });
      expect(await timeoutsWhile(true, frame)).to.equal(0);
    });

    it('does not count frames for nothing, nor parts of frames', async () => {
      const settings = (peer: RawPeer, value: number): Buffer =>
        peer.make.settings([{ id: 1, flags: 0, value }]);
      expect(await timeoutsWhile(false, settings)).to.be.above(0);
      const update = (peer: RawPeer): Buffer => peer.make.windowUpdate(0, 1);
      expect(await timeoutsWhile(false, update)).to.be.above(0);
      const head = Buffer.from([0x80, 3, 0, 0xff, 0, 0, 0xff, 0xff]);
      const part = (_peer: RawPeer, i: number): Buffer => (i === 0 ? head : Buffer.alloc(1));
      expect(await timeoutsWhile(false, part)).to.be.above(0);
    });

    /** How often a session with a limit of 60 ms takes itself for idle while a frame comes every 5 ms. */
    async function timeoutsWhile(
      idleIgnoresPing: boolean,
      frame: (peer: RawPeer, i: number) => Buffer,
    ): Promise<number> {
      const options = { idleTimeoutMs: 60, idleIgnoresPing };
      const { session, peer } = await rawAgainst(SERVER, SPDY3_1, options);
      let timeouts = 0;
      session.on('timeout', () => timeouts++);
      for (let i = 0; i < 30; i++) {
        peer.send(frame(peer, i));
        await pause(5);
      }
      session.destroy();
      await closed(session);
      return timeouts;
    }

    it('does not take a pause of its own process for silence', async () => {
      const { session, peer } = await rawAgainst(SERVER, SPDY3_1, { idleTimeoutMs: 20 });
      let timeouts = 0;
      session.on('timeout', () => timeouts++);
      // Behind it come the timers, and only then what stands in the socket.
      await new Promise((next) => setImmediate(next));
      peer.send(peer.make.ping(1));
      stand(40);
      await peer.frame('PING');
      expect(timeouts).to.equal(0);
      session.destroy();
    });

    it('does not start before somebody reads', async () => {
      const session = new Session(SERVER, 4, { idleTimeoutMs: 5 });
      let timeouts = 0;
      session.on('timeout', () => timeouts++);
      session.write(Buffer.alloc(1));
      await pause(20);
      expect(timeouts).to.equal(0);
      session.destroy();
    });
  });

  it('leaves no timer behind', async () => {
    const options = {
      keepAlive: { intervalMs: 60_000, timeoutMs: 60_000 },
      idleTimeoutMs: 60_000,
    };
    await settle();
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const pair = pairOver(memoryConnection(), SPDY3_1, { client: options, server: options });
    await settle();
    await pair.client.close();
    await pair.end();
    const after = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    expect(after).to.be.at.most(before);
  });
});
