import { Readable } from 'node:stream';
import { expect } from 'chai';
import { CLIENT, CTRL_FLAG_FIN, SERVER } from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY2, SPDY3, SPDY3_1 } from '../../lib/protocol/version.ts';
import { Session } from '../../lib/session/session.ts';
import type { SessionOptions } from '../../lib/session/session-options.ts';
import type { SpdyStream } from '../../lib/session/streams/stream.ts';
import { FrameFactory } from '../support/frame-factory.ts';
import {
  closed,
  memoryConnection,
  pairOver,
  RESPONSE,
  rawAgainst,
  requestHeaders,
  settle,
  tcpConnection,
  until,
} from '../support/session-pair.ts';
import { patternBytes } from '../support/test-provider.ts';

describe('session/session: flow control', () => {
  for (const version of PROTOCOL_VERSIONS) {
    describe(version.name, () => {
      for (const highWaterMark of [1, 16384]) {
        it(`does not deadlock with 100 parallel uploads through buffers of ${highWaterMark} bytes`, async () => {
          const pair = pairOver(memoryConnection(highWaterMark), version, {
            client: { highWaterMark },
            server: { highWaterMark },
          });
          let received = 0;
          let done = 0;
          pair.server.on('dataChunkRecv', (_flags, _streamId, chunk) => {
            received += chunk.length;
          });
          pair.server.on('requestRecv', (id) =>
            pair.server.submitResponse(id, RESPONSE, Buffer.alloc(1024)),
          );
          pair.client.on('streamClose', (_id, _status, error) => {
            if (error === null) done++;
          });
          for (let round = 0; round < 5; round++) {
            for (let i = 0; i < 100; i++) {
              pair.client.submitRequest(0, requestHeaders('POST'), Buffer.alloc(1024));
            }
            await until(() => done === 100 * (round + 1));
          }
          expect(received).to.equal(500 * 1024);
          await pair.end();
        });
      }

      it('does not deadlock when both sides write large bodies', async () => {
        const pair = pairOver(memoryConnection(1000), version);
        const length = 1_000_000;
        let up = 0;
        let down = 0;
        let done = 0;
        pair.server.on('synStream', ({ streamId }) =>
          pair.server.submitResponse(streamId, RESPONSE, patternBytes(length)),
        );
        pair.server.on('dataChunkRecv', (_flags, _streamId, chunk) => {
          up += chunk.length;
        });
        pair.client.on('dataChunkRecv', (_flags, _streamId, chunk) => {
          down += chunk.length;
        });
        pair.client.on('streamClose', () => done++);
        for (let i = 0; i < 4; i++) {
          pair.client.submitRequest(0, requestHeaders('POST'), patternBytes(length));
        }
        await until(() => done === 4);
        expect([up, down]).to.deep.equal([4 * length, 4 * length]);
        await pair.end();
      });

      it('goes on reading while nobody takes its output', async () => {
        const session = new Session(SERVER, version.id);
        let requests = 0;
        session.on('requestRecv', (streamId) => {
          requests++;
          session.submitResponse(streamId, RESPONSE, Buffer.alloc(100_000));
        });
        const peer = new Session(CLIENT, version.id);
        // Bytes of the client go in; nothing comes out.
        peer.pipe(session);
        for (let i = 0; i < 50; i++) peer.submitRequest(0, requestHeaders('POST'), 'x');
        await until(() => requests === 50);
        session.destroy();
        peer.destroy();
      });
    });
  }

  it('asks a source no faster than the transport takes', async () => {
    const { session, peer } = await rawAgainst(SERVER, SPDY3_1, { flowControl: false });
    peer.socket.pause();
    let asked = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          asked += 10_000;
          yield Buffer.alloc(10_000);
        }
      })(),
    );
    peer.send(peer.make.synStream(1, requestHeaders(), { flags: CTRL_FLAG_FIN }));
    await until(() => session.state.openStreams === 1);
    session.submitResponse(1, RESPONSE, endless);
    let before = -1;
    await until(() => asked > 100_000);
    while (before !== asked) {
      before = asked;
      await new Promise((next) => setTimeout(next, 50));
    }
    // The kernel takes some megabytes, then everything stands still.
    expect(session.state.outboundBytes).to.be.greaterThan(0);
    expect(session.state.outboundBytes).to.be.lessThan(400_000);
    session.destroy();
    await closed(session);
    await until(() => endless.destroyed);
    peer.socket.destroy();
  });

  describe('input that the application does not consume', () => {
    const cases: [string, typeof SPDY2, SessionOptions, number][] = [
      ['SPDY/2', SPDY2, { inboundHighWaterMark: 10_000 }, 10_000],
      [
        'SPDY/3.1 without flow control',
        SPDY3_1,
        { flowControl: false, inboundHighWaterMark: 10_000 },
        10_000,
      ],
      [
        'SPDY/3 with many streams',
        SPDY3,
        { maxUnconsumedBytes: 400_000, inboundHighWaterMark: 1 },
        200_000,
      ],
    ];
    for (const [name, version, options, limit] of cases) {
      it(`stops reading above a limit, and goes on below it: ${name}`, async () => {
        const connection = await tcpConnection();
        const pair = pairOver(connection, version, {
          server: { ...options, windowUpdates: 'consume', maxConcurrentStreams: 500 },
          client: { flowControl: options.flowControl ?? true },
        });
        const unread: [streamId: number, length: number][] = [];
        let received = 0;
        pair.server.on('dataChunkRecv', (_flags, streamId, chunk) => {
          received += chunk.length;
          unread.push([streamId, chunk.length]);
        });
        const streams = 200;
        const length = 60_000;
        for (let i = 0; i < streams; i++) {
          pair.client.submitRequest(0, requestHeaders('POST'), Buffer.alloc(length));
        }
        await until(() => pair.server.state.inputHeld);
        await new Promise((next) => setTimeout(next, 50));
        const held = received;
        expect(held).to.be.greaterThan(limit);
        expect(held).to.be.lessThan(limit + 200_000);
        expect(pair.server.state.unconsumedBytes).to.equal(held);
        await until(() => {
          for (const [streamId, bytes] of unread.splice(0)) pair.server.consume(streamId, bytes);
          return received === streams * length && unread.length === 0;
        });
        await settle();
        expect(pair.server.state.inputHeld).to.equal(false);
        expect(pair.server.state.unconsumedBytes).to.equal(0);
        await pair.end();
      });
    }

    it('lets go when the streams are reset whose bytes nobody wants', async () => {
      const { session, peer } = await rawAgainst(SERVER, SPDY2, {
        windowUpdates: 'consume',
        inboundHighWaterMark: 1000,
      });
      const { make } = peer;
      peer.send(make.synStream(1, requestHeaders()), make.data(1, Buffer.alloc(2000)));
      await until(() => session.state.inputHeld);
      peer.send(make.ping(1));
      await settle();
      expect(peer.names).to.not.include('PING');
      session.submitRstStream(1, 5);
      await peer.frame('PING');
      expect(session.state.inputHeld).to.equal(false);
      session.destroy();
      await closed(peer.socket);
    });

    it('lets go at once when such a stream is destroyed, also if nobody takes the output', async () => {
      const session = new Session(SERVER, SPDY2.id, { inboundHighWaterMark: 1000 });
      const streams: SpdyStream[] = [];
      session.on('stream', (stream) => streams.push(stream));
      const make = new FrameFactory(SPDY2);
      session.write(make.synStream(1, requestHeaders()));
      session.write(make.data(1, Buffer.alloc(2000)));
      await until(() => session.state.inputHeld);
      streams[0]?.destroy();
      await settle();
      expect(session.state.inputHeld).to.equal(false);
      expect(session.state.unconsumedBytes).to.equal(0);
      session.destroy();
    });

    it('never stops for consume() calls that come in time', async () => {
      const pair = pairOver(memoryConnection(), SPDY3_1, {
        server: { windowUpdates: 'consume' },
      });
      let received = 0;
      pair.server.on('dataChunkRecv', (_flags, streamId, chunk) => {
        received += chunk.length;
        pair.server.consume(streamId, chunk.length);
      });
      pair.client.submitRequest(0, requestHeaders('POST'), Buffer.alloc(500_000));
      await until(() => received === 500_000);
      expect(pair.server.state.unconsumedBytes).to.equal(0);
      await pair.end();
    });
  });

  it('keeps memory of a peer that sends and never reads bounded', async () => {
    const { session, peer } = await rawAgainst(SERVER, SPDY3_1);
    const errors: unknown[] = [];
    session.on('error', (error) => errors.push((error as { code?: string }).code));
    peer.socket.pause();
    const pings = Buffer.concat(Array.from({ length: 1000 }, () => peer.make.ping(1)));
    const flood = setInterval(() => peer.socket.write(pings), 0);
    await until(() => errors.length > 0 || session.destroyed);
    clearInterval(flood);
    expect(errors).to.deep.equal(['ERR_SPDY_TOO_MANY_PINGS']);
    peer.socket.destroy();
    await closed(session);
  });
});
