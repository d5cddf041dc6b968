import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import type { SpdyError } from '../../lib/errors.ts';
import { CLIENT, CTRL_FLAG_FIN, SERVER } from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../lib/protocol/version.ts';
import { Session } from '../../lib/session/session.ts';
import {
  closed,
  memoryConnection,
  pairOver,
  RESPONSE,
  rawAgainst,
  requestHeaders,
  settle,
  until,
} from '../support/session-pair.ts';

/** The code of the error with which a promise is rejected, null if it is not. */
async function codeOf(promise: Promise<unknown>): Promise<string | null> {
  try {
    await promise;
    return null;
  } catch (error) {
    return (error as SpdyError).code;
  }
}

describe('session/session: close()', () => {
  for (const version of PROTOCOL_VERSIONS) {
    describe(version.name, () => {
      it('sends GOAWAY, lets streams finish, then ends the transport (checklist 167, 170)', async () => {
        const { session, peer, socket } = await rawAgainst(SERVER, version);
        const body = new PassThrough();
        peer.send(peer.make.synStream(1, requestHeaders(), { flags: CTRL_FLAG_FIN }));
        await until(() => session.state.openStreams === 1);
        session.submitResponse(1, RESPONSE, body);
        let done = false;
        const promise = session.close().then(() => {
          done = true;
        });
        const { frame } = await peer.frame('GOAWAY');
        expect(frame.lastGoodStreamId).to.equal(1);
        peer.send(peer.make.synStream(3, requestHeaders()));
        body.end('body');
        await peer.frame('DATA');
        peer.socket.on('end', () => peer.socket.end());
        await promise;
        expect(done).to.equal(true);
        await closed(socket);
        expect(peer.names.filter((name) => name === 'GOAWAY')).to.have.length(1);
        expect(session.statistics.streamsAccepted).to.equal(1);
      });

      it('ends when the peer sends GOAWAY and nothing is open, after a GOAWAY of its own (checklist 19)', async () => {
        const { session, peer, socket } = await rawAgainst(CLIENT, version);
        const refused: (string | undefined)[] = [];
        session.on('streamClose', (_id, _status, error) => refused.push(error?.code));
        session.submitRequest(0, requestHeaders());
        await peer.frame('SYN_STREAM');
        peer.send(peer.make.goaway(0));
        await peer.frame('GOAWAY');
        await closed(session);
        await closed(socket);
        expect(refused).to.deep.equal(['ERR_SPDY_STREAM_REFUSED']);
      });

      it("finishes the peer's streams when both sides have sent GOAWAY", async () => {
        const pair = pairOver(memoryConnection(), version);
        const closes: number[] = [];
        pair.client.on('streamClose', (_id, status) => closes.push(status));
        pair.server.on('requestRecv', (streamId) => {
          void pair.server.close();
          void pair.client.close();
          setTimeout(() => pair.server.submitResponse(streamId, RESPONSE, 'late'), 5);
        });
        pair.client.submitRequest(0, requestHeaders());
        await Promise.all([closed(pair.client), closed(pair.server)]);
        expect(closes).to.deep.equal([0]);
      });
    });
  }

  it('joins further calls, and calls back', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    const results: unknown[] = [];
    const first = pair.client.close((error) => results.push(error));
    const second = pair.client.close((error) => results.push(error));
    expect(first).to.equal(second);
    await first;
    await settle();
    expect(results).to.deep.equal([null, null]);
    await pair.client.close();
    await pair.end();
  });

  it('resolves for a session that is destroyed already', async () => {
    const session = new Session(CLIENT, 4);
    session.destroy();
    await closed(session);
    await session.close();
  });

  it('ends a session that nobody reads at once', async () => {
    const session = new Session(CLIENT, 4);
    await session.close();
    expect(session.destroyed).to.equal(true);
  });

  it('destroys with ERR_SPDY_TIMEOUT when streams stay open for closeTimeoutMs', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1, { client: { closeTimeoutMs: 20 } });
    const errors: string[] = [];
    const ends: (string | undefined)[] = [];
    pair.client.on('error', (error) => errors.push((error as SpdyError).code));
    pair.client.on('streamClose', (_id, _status, error) => ends.push(error?.code));
    pair.client.submitRequest(0, requestHeaders());
    await settle();
    expect(await codeOf(pair.client.close())).to.equal('ERR_SPDY_TIMEOUT');
    expect(errors).to.deep.equal(['ERR_SPDY_TIMEOUT']);
    expect(ends).to.deep.equal(['ERR_SPDY_TIMEOUT']);
    await pair.end();
  });

  it('gives the error to the callback, and wants nobody to take the rejection besides', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1, { client: { closeTimeoutMs: 5 } });
    pair.client.on('error', () => {});
    pair.client.submitRequest(0, requestHeaders());
    await settle();
    const error = await new Promise<Error | null>((done) => void pair.client.close(done));
    expect(error).to.have.property('code', 'ERR_SPDY_TIMEOUT');
    await pair.end();
  });

  it('waits for streams without limit when closeTimeoutMs is 0', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1, { client: { closeTimeoutMs: 0 } });
    pair.client.submitRequest(0, requestHeaders());
    await settle();
    void pair.client.close();
    await new Promise((done) => setTimeout(done, 30));
    expect(pair.client.destroyed).to.equal(false);
    await pair.end();
  });

  it('does not wait longer than lingerTimeoutMs for a peer that never ends', async () => {
    const { session, socket } = await rawAgainst(SERVER, SPDY3_1, { lingerTimeoutMs: 20 }, true);
    const errors: Error[] = [];
    session.on('error', (error) => errors.push(error));
    await session.close();
    await closed(socket);
    expect(errors).to.deep.equal([]);
  });

  it('lets a slow peer take what waits as long as it moves', async () => {
    const options = { lingerTimeoutMs: 400, flowControl: false, maxDataSize: 1000 };
    const { session, peer } = await rawAgainst(SERVER, SPDY3_1, options);
    peer.send(peer.make.synStream(1, requestHeaders(), { flags: CTRL_FLAG_FIN }));
    await until(() => session.state.openStreams === 1);
    const length = 12_000_000;
    peer.socket.pause();
    session.submitResponse(1, RESPONSE, Buffer.alloc(length));
    const closing = session.close();
    let received = 0;
    peer.socket.on('data', () => {
      peer.socket.pause();
      setTimeout(() => peer.socket.resume(), 5);
    });
    peer.socket.resume();
    peer.socket.on('end', () => peer.socket.end());
    await Promise.all([closing, once(peer.socket, 'end')]);
    for (const { data } of peer.frames) received += data.length;
    expect(received).to.equal(length);
  });

  it('ignores what comes after it has ended its output', async () => {
    const { session, peer } = await rawAgainst(SERVER, SPDY3_1, {}, true);
    const closing = session.close();
    await peer.frame('GOAWAY');
    await until(() => session.readableEnded);
    const { framesReceived } = session.statistics;
    peer.send(peer.make.ping(1), peer.make.synStream(1, requestHeaders()));
    peer.socket.end();
    await closing;
    expect(session.statistics.framesReceived).to.equal(framesReceived);
  });

  it('can be disposed of asynchronously', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    await pair.client[Symbol.asyncDispose]();
    expect(pair.client.closed).to.equal(true);
    expect(pair.client.state.goawaySent).to.equal(true);
    await pair.end();
  });

  it('takes a GOAWAY that the application has submitted itself for its own (checklist 171)', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    const refused: number[] = [];
    pair.client.on('ctrlNotSend', (_frame, errno) => refused.push(errno));
    pair.client.submitGoaway();
    await pair.client.close();
    expect(refused).to.deep.equal([]);
    await pair.end();
  });

  it('rejects calls that come too late, or lets them do nothing', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    await pair.client.close();
    const ends: (string | undefined)[] = [];
    pair.client.on('streamClose', (_id, _status, error) => ends.push(error?.code));
    pair.client.submitRequest(0, requestHeaders(), 'body');
    expect(ends).to.deep.equal(['ERR_SPDY_SESSION_CLOSED']);
    expect(await codeOf(pair.client.ping())).to.equal('ERR_SPDY_SESSION_CLOSED');
    pair.client.submitPing();
    pair.client.submitGoaway();
    pair.client.submitRstStream(1, 5);
    await pair.end();
  });

  describe('with an AbortSignal', () => {
    it('is destroyed with ERR_SPDY_ABORTED and tells the reason', async () => {
      const abort = new AbortController();
      const pair = pairOver(memoryConnection(), SPDY3_1, { client: { signal: abort.signal } });
      const errors: SpdyError[] = [];
      pair.client.on('error', (error) => errors.push(error as SpdyError));
      pair.client.submitRequest(0, requestHeaders());
      await settle();
      abort.abort('because');
      await closed(pair.client);
      expect(errors.map(({ code, cause }) => [code, cause])).to.deep.equal([
        ['ERR_SPDY_ABORTED', 'because'],
      ]);
      await pair.end();
    });

    it('is destroyed at once by a signal that was fired before', async () => {
      const session = new Session(CLIENT, 4, { signal: AbortSignal.abort() });
      const errors: string[] = [];
      session.on('error', (error) => errors.push((error as SpdyError).code));
      await closed(session);
      expect(errors).to.deep.equal(['ERR_SPDY_ABORTED']);
    });

    it('leaves no listener behind', async () => {
      const abort = new AbortController();
      const session = new Session(CLIENT, 4, { signal: abort.signal });
      session.destroy();
      await closed(session);
      const errors: Error[] = [];
      session.on('error', (error) => errors.push(error));
      abort.abort();
      await settle();
      expect(errors).to.deep.equal([]);
    });
  });
});
