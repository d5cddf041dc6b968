import { once } from 'node:events';
import { expect } from 'chai';
import { Engine } from '../../../lib/engine/engine.ts';
import type { SpdyError } from '../../../lib/errors.ts';
import { CANCEL, SERVER } from '../../../lib/protocol/constants.ts';
import { SPDY3_1 } from '../../../lib/protocol/version.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import {
  closed,
  memoryConnection,
  pairOver,
  RESPONSE,
  rawAgainst,
  requestHeaders,
} from '../../support/session-pair.ts';

describe('session/liveness/stall-watch', () => {
  it('a stream whose window the peer keeps shut is destroyed; the others go on', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1, {
      client: { windowUpdates: 'manual' },
      server: { stallTimeoutMs: 40, lingerTimeoutMs: 0 },
    });
    const ends: string[] = [];
    pair.server.on('stream', (stream) => {
      const path = stream.headers.find(([name]) => name === ':path')?.[1] ?? '';
      stream.on('error', (error) => ends.push(`${path} ${(error as SpdyError).code}`));
      stream.respond(RESPONSE);
      if (path === '/large') stream.end(Buffer.alloc(100_000));
      else stream.write('a stream that waits for its application');
    });
    const idle = pair.client.request(requestHeaders('GET', '/idle'), { endStream: true });
    idle.on('error', () => {});
    const large = pair.client.request(requestHeaders('GET', '/large'), { endStream: true });
    let status = 0;
    large.on('error', () => {
      status = large.rstStatus;
    });
    await closed(large);
    expect(status).to.equal(CANCEL);
    expect(ends).to.deep.equal(['/large ERR_SPDY_TIMEOUT']);
    expect(idle.destroyed).to.equal(false);
    await pair.end();
  });

  it('so is one with a data provider, which is closed', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1, {
      client: { windowUpdates: 'manual' },
      server: { stallTimeoutMs: 40 },
    });
    const source = { readCb: (_id: number, length: number) => Buffer.alloc(length), close() {} };
    const providerClosed = new Promise<void>((resolve) => {
      source.close = resolve;
    });
    pair.server.on('requestRecv', (id) => pair.server.submitResponse(id, RESPONSE, source));
    pair.client.submitRequest(0, requestHeaders(), null);
    const [id, status] = (await once(pair.client, 'streamClose')) as [number, number];
    expect([id, status]).to.deep.equal([1, CANCEL]);
    await providerClosed;
    expect(pair.server.state.openStreams).to.equal(0);
    expect(pair.server.destroyed).to.equal(false);
    await pair.end();
  });

  it('streams that share a shut session window are destroyed, whatever else the peer opens for them', async () => {
    const options = { stallTimeoutMs: 40 };
    const { session, peer } = await rawAgainst(SERVER, SPDY3_1, options);
    const ends: string[] = [];
    session.on('stream', (stream: SpdyStream) => {
      stream.on('error', (error) => ends.push((error as SpdyError).code));
      stream.respond(RESPONSE);
      stream.end(Buffer.alloc(50_000));
    });
    for (const id of [1, 3]) {
      peer.send(peer.make.synStream(id, requestHeaders(), { flags: 1 }));
      peer.send(peer.make.windowUpdate(id, 100_000));
    }
    await once(session, 'streamClose');
    if (ends.length === 1) await once(session, 'streamClose');
    expect(ends).to.deep.equal(['ERR_SPDY_TIMEOUT', 'ERR_SPDY_TIMEOUT']);
    expect(session.statistics.dataSent).to.equal(65_536);
    peer.socket.destroy();
    await closed(session);
  });

  it('a session whose transport takes nothing is destroyed', async () => {
    const options = { stallTimeoutMs: 40, flowControl: false };
    const { session, peer } = await rawAgainst(SERVER, SPDY3_1, options);
    peer.socket.pause();
    const failed = once(session, 'error');
    session.on('stream', (stream: SpdyStream) => {
      stream.on('error', () => {});
      stream.respond(RESPONSE);
      stream.end(Buffer.alloc(64 << 20));
    });
    peer.send(peer.make.synStream(1, requestHeaders(), { flags: 1 }));
    const [error] = (await failed) as [SpdyError];
    expect(error.code).to.equal('ERR_SPDY_TIMEOUT');
    peer.socket.destroy();
    await closed(session);
  });

  it('0 switches it off, and a stream that moves is left alone', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1, { server: { stallTimeoutMs: 0 } });
    pair.server.on('stream', (stream) => {
      stream.respond(RESPONSE);
      stream.end(Buffer.alloc(300_000));
    });
    const stream = pair.client.request(requestHeaders(), { endStream: true });
    let bytes = 0;
    for await (const chunk of stream) bytes += (chunk as Buffer).length;
    expect(bytes).to.equal(300_000);
    await pair.end();
  });

  it('lets an engine rest that nobody uses, and goes on with it', async () => {
    const { rest } = Engine.prototype;
    const rested = new Promise<void>((resolve) => {
      Engine.prototype.rest = function restAndTell(): void {
        rest.call(this);
        resolve();
      };
    });
    try {
      const options = { stallTimeoutMs: 40 };
      const pair = pairOver(memoryConnection(), SPDY3_1, { client: options, server: options });
      pair.server.on('stream', (stream) => stream.respond(RESPONSE, { endStream: true }));
      const get = (): SpdyStream =>
        pair.client.request(requestHeaders(), { endStream: true }).resume();
      await closed(get());
      await rested;
      const second = get();
      await closed(second);
      expect(second.replyHeaders).to.deep.equal(RESPONSE);
      await pair.end();
    } finally {
      Engine.prototype.rest = rest;
    }
  });
});
