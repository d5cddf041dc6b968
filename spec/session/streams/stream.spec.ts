import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { InvalidArgumentError, InvalidStateError, StreamError } from '../../../lib/errors.ts';
import {
  CANCEL,
  INTERNAL_ERROR,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
} from '../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS, type ProtocolVersion, SPDY3_1 } from '../../../lib/protocol/version.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import {
  closed,
  memoryConnection,
  pairOver,
  type SessionPair,
  settle,
  tcpConnection,
  until,
} from '../../support/session-pair.ts';

const NAMES: HeaderList = [['x', '1']];

/** Ways of Node to read a stream to its end. */
const READINGS: readonly [string, (stream: SpdyStream) => Promise<unknown>][] = [
  ['text()', text],
  ['pipeline()', (stream) => pipeline(stream, new PassThrough().resume())],
  [
    'for await',
    async (stream) => {
      for await (const _ of stream);
    },
  ],
];

/** A connected pair, and the next stream that the server gets. */
async function open(
  version: ProtocolVersion,
  options: Parameters<typeof pairOver>[2] = {},
): Promise<{ pair: SessionPair; next: () => Promise<SpdyStream> }> {
  const pair = pairOver(await tcpConnection(), version, options);
  const waiting: SpdyStream[] = [];
  pair.server.on('stream', (stream) => waiting.push(stream));
  const next = async (): Promise<SpdyStream> => {
    await until(() => waiting.length > 0);
    return waiting.shift() as SpdyStream;
  };
  return { pair, next };
}
async function digestOf(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  // Not by iteration, which destroys a Duplex that has still to write.
  stream.on('data', (chunk: Buffer) => hash.update(chunk));
  await once(stream, 'end');
  return hash.digest('hex');
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, 'end');
  return String(Buffer.concat(chunks));
}

function bytes(length: number): Buffer {
  const data = Buffer.alloc(length);
  for (let i = 0; i < length; i++) data[i] = (i * 31 + (i >> 8)) & 255;
  return data;
}
for (const version of PROTOCOL_VERSIONS) {
  describe(`SpdyStream, ${version.name}`, () => {
    it('carries headers and bytes both ways, and ends both directions apart', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(
        [
          ['x', 'a'],
          ['x', 'b'],
        ],
        { priority: 1 },
      );
      expect(stream.pending).to.equal(true);
      const [id] = (await once(stream, 'ready')) as [number];
      expect(id).to.equal(1);
      const peer = await next();
      expect(peer.headers).to.deep.equal([
        ['x', 'a'],
        ['x', 'b'],
      ]);
      expect([peer.id, peer.priority, peer.own]).to.deep.equal([1, 1, false]);
      stream.end('question');
      expect(await textOf(peer)).to.equal('question');
      peer.respond(NAMES);
      peer.end('answer');
      const [headers] = await once(stream, 'response');
      expect(headers).to.deep.equal(NAMES);
      expect(stream.replyHeaders).to.deep.equal(NAMES);
      expect(await textOf(stream)).to.equal('answer');
      await closed(stream);
      await closed(peer);
      expect(pair.client.state.openStreams).to.equal(0);
      expect([stream.rstStatus, stream.aborted]).to.deep.equal([0, false]);
      await pair.end();
    });

    it('opens and replies without bytes when asked to', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(NAMES, { endStream: true });
      expect(stream.writable).to.equal(false);
      const peer = await next();
      peer.resume();
      await once(peer, 'end');
      peer.respond(NAMES, { endStream: true });
      stream.resume();
      await closed(stream);
      await closed(peer);
      expect(pair.server.state.openStreams).to.equal(0);
      await pair.end();
    });

    it('passes a body larger than every window unchanged, in both directions at once', async () => {
      const { pair, next } = await open(version);
      const body = bytes(700_000);
      const want = createHash('sha256').update(body).digest('hex');
      const stream = pair.client.request(NAMES);
      const peer = await next();
      peer.respond();
      const echoed = pipeline(peer, peer);
      stream.end(body);
      expect(await digestOf(stream)).to.equal(want);
      await echoed;
      expect(stream.bytesRead).to.equal(body.length);
      await pair.end();
    });

    it('accepts a stream with no headers when something is written to it first', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(NAMES);
      (await next()).end('early');
      const [headers] = await once(stream, 'response');
      expect(headers).to.deep.equal([]);
      expect(String(await once(stream, 'data'))).to.equal('early');
      await pair.end();
    });

    it('sends headers in their place between bytes, and trailers behind the last', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(NAMES);
      const peer = await next();
      const seen: string[] = [];
      stream.on('headers', (headers) => seen.push(`headers ${headers[0]?.[1]}`));
      stream.on('trailers', (headers) => seen.push(`trailers ${headers[0]?.[1]}`));
      stream.on('data', (chunk) => seen.push(String(chunk)));
      peer.respond();
      peer.sendHeaders([['h', '1']]);
      peer.write('one');
      peer.sendHeaders([['h', '2']]);
      peer.write('two');
      peer.sendTrailers([['h', '3']]);
      await once(stream, 'end');
      expect(seen).to.deep.equal(['headers 1', 'one', 'trailers 2', 'two', 'trailers 3']);
      expect(stream.trailers).to.deep.equal([
        ['h', '2'],
        ['h', '3'],
      ]);
      await pair.end();
    });

    it('resets both ways with close(), and tells the peer as a typed error', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(NAMES);
      stream.write('x');
      const peer = await next();
      peer.resume();
      const failed = once(peer, 'error');
      stream.close(CANCEL);
      const [error] = await failed;
      expect(error).to.be.instanceOf(StreamError);
      expect(error).to.include({
        code: 'ERR_SPDY_STREAM_RESET',
        by: 'peer',
        status: CANCEL,
        streamId: 1,
      });
      expect([peer.aborted, peer.rstStatus]).to.deep.equal([true, CANCEL]);
      await closed(stream);
      expect(pair.client.state.openStreams).to.equal(0);
      await pair.end();
    });

    for (const [name, read] of READINGS) {
      for (const ended of [true, false]) {
        it(`tells why to ${name} of a request that ${ended ? 'has ended' : 'goes on'}`, async () => {
          const { pair, next } = await open(version);
          const stream = pair.client.request(NAMES, { endStream: ended });
          const failed = read(stream).then(
            () => null,
            (error: Error) => error,
          );
          (await next()).close(REFUSED_STREAM);
          const error = await failed;
          expect(error).to.be.instanceOf(StreamError);
          expect(error).to.include({ status: REFUSED_STREAM, streamId: 1 });
          await pair.end();
        });
      }
    }

    it('does not hurt who does not listen for errors, and tells who looks later', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(NAMES);
      const peer = await next();
      peer.close(INTERNAL_ERROR);
      await closed(stream);
      expect([stream.aborted, stream.rstStatus]).to.deep.equal([true, INTERNAL_ERROR]);
      expect(stream.errored).to.be.instanceOf(StreamError);
      await pair.end();
    });

    it('says that a refused stream may be tried again', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(NAMES);
      const failed = once(stream, 'error');
      (await next()).close(REFUSED_STREAM);
      const [error] = await failed;
      expect(error).to.include({ code: 'ERR_SPDY_STREAM_REFUSED', retryable: true });
      await pair.end();
    });

    it('finishes when it is ended behind bytes that have all left', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(NAMES);
      (await next()).resume();
      await new Promise<void>((left) => stream.write('x', () => left()));
      stream.end();
      await once(stream, 'finish');
      await pair.end();
    });

    it('delivers all of an answer whose sender wants no more of the question', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(NAMES);
      stream.on('error', () => {});
      const peer = await next();
      const body = bytes(30_000);
      peer.respond();
      peer.end(body);
      await once(peer, 'finish');
      await until(() => stream.inputEnded);
      peer.close(CANCEL);
      expect(await digestOf(stream)).to.equal(createHash('sha256').update(body).digest('hex'));
      await until(() => stream.rstStatus === CANCEL);
      stream.end('never read');
      await once(stream, 'finish');
      expect([stream.rstStatus, stream.aborted]).to.deep.equal([CANCEL, false]);
      await pair.end();
    });

    it('ends for its writer when a client that has asked completely goes away', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(NAMES, { endStream: true });
      const peer = await next();
      peer.respond();
      const failed = once(peer, 'error');
      stream.destroy();
      const [error] = await failed;
      expect(error).to.include({ code: 'ERR_SPDY_STREAM_RESET', status: CANCEL });
      expect([peer.aborted, peer.destroyed]).to.deep.equal([true, true]);
      await pair.end();
    });

    it('ends a stream whose peer does not stop sending headers', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(NAMES);
      const failed = once(stream, 'error');
      const peer = await next();
      peer.respond();
      peer.write('x');
      stream.resume();
      for (let i = 0; i < 12; i++) peer.sendHeaders([[`n${i}`, 'v'.repeat(10_000)]]);
      const [error] = await failed;
      expect(error).to.include({ code: 'ERR_SPDY_FRAME_TOO_LARGE', by: 'peer' });
      expect(stream.trailers?.length).to.be.below(11);
      await closed(peer);
      await pair.end();
    });

    it('a push for a stream that has ended is destroyed, without an exception', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(NAMES);
      const peer = await next();
      stream.destroy();
      await closed(peer);
      const push = peer.pushStream(NAMES);
      push.end('late');
      await closed(push);
      expect(push.aborted).to.equal(true);
      await pair.end();
    });

    it('is never sent when it is destroyed before it leaves', async () => {
      const { pair } = await open(version);
      const frames: number[] = [];
      pair.server.on('synStream', ({ streamId }) => frames.push(streamId));
      const stream = pair.client.request(NAMES);
      stream.destroy();
      await pair.client.ping();
      expect(frames).to.deep.equal([]);
      expect(stream.id).to.equal(0);
      await pair.end();
    });

    it('is reset with INTERNAL_ERROR when it is destroyed for an error of the application', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(NAMES);
      const peer = await next();
      stream.on('error', () => {});
      stream.destroy(new Error('mine'));
      await closed(peer);
      expect(peer.rstStatus).to.equal(INTERNAL_ERROR);
      await pair.end();
    });

    it('is reset with CANCEL when its iteration is left', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(NAMES);
      const peer = await next();
      peer.write('enough');
      for await (const chunk of stream) {
        expect(String(chunk)).to.equal('enough');
        break;
      }
      await closed(peer);
      expect(peer.rstStatus).to.equal(CANCEL);
      await pair.end();
    });

    it('is pushed for a stream of the client, and refused when nobody wants it', async () => {
      const { pair, next } = await open(version);
      const wanted = pair.client.request(NAMES, { endStream: true });
      const peer = await next();
      const pushed = once(wanted, 'push');
      const push = peer.pushStream([['path', '/p']], { priority: 2 });
      push.end('pushed');
      const [received] = (await pushed) as [SpdyStream];
      expect(received.headers).to.deep.equal([['path', '/p']]);
      expect([received.id, received.associatedId, received.writable]).to.deep.equal([2, 1, false]);
      expect(String(await once(received, 'data'))).to.equal('pushed');
      const other = peer.pushStream(NAMES, { priority: undefined });
      expect(other.priority).to.equal(peer.priority);
      const unwanted = pair.client.request(NAMES, { endStream: true });
      const second = await next();
      const refused = second.pushStream(NAMES);
      await closed(refused);
      expect(refused.rstStatus).to.equal(REFUSED_STREAM);
      expect(() => wanted.pushStream(NAMES)).to.throw(InvalidStateError);
      other.destroy();
      unwanted.destroy();
      await pair.end();
    });

    it('ends with the transport, saying so', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(NAMES);
      const failed = once(stream, 'error');
      await next();
      pair.server.socket?.destroy();
      const [error] = await failed;
      expect(error).to.include({ code: 'ERR_SPDY_TRANSPORT_CLOSED' });
      await pair.end();
    });

    it('can be aborted by a signal, before and after it has left', async () => {
      const { pair, next } = await open(version);
      const early = pair.client.request(NAMES, { signal: AbortSignal.abort() });
      const [tooSoon] = await once(early, 'error');
      expect(tooSoon).to.include({ code: 'ERR_SPDY_ABORTED', by: 'local' });
      const controller = new AbortController();
      const stream = pair.client.request(NAMES, { signal: controller.signal });
      const peer = await next();
      const failed = once(stream, 'error');
      controller.abort();
      expect((await failed)[0]).to.include({ code: 'ERR_SPDY_ABORTED', status: CANCEL });
      await closed(peer);
      expect(peer.rstStatus).to.equal(CANCEL);
      await pair.end();
    });

    it('sends headers behind several small writes', async () => {
      const { pair, next } = await open(version);
      const stream = pair.client.request(NAMES);
      const seen: string[] = [];
      stream.on('trailers', (headers) => seen.push(`trailers ${headers[0]?.[1]}`));
      stream.on('data', (chunk) => seen.push(String(chunk)));
      const peer = await next();
      for (const part of ['o', 'n', 'e']) peer.write(part);
      peer.sendHeaders([['h', '1']]);
      peer.end('two');
      await once(stream, 'end');
      expect(seen).to.deep.equal(['one', 'trailers 1', 'two']);
      await pair.end();
    });

    it('lets small writes of one tick share a frame, with FIN on the last', async () => {
      const { pair, next } = await open(version);
      const frames: [flags: number, length: number][] = [];
      const stream = pair.client.request(NAMES);
      const peer = await next();
      pair.server.on('dataRecv', (flags, _id, length) => frames.push([flags, length]));
      for (let i = 0; i < 100; i++) stream.write('0123456789');
      stream.end('end');
      await digestOf(peer);
      expect(frames).to.deep.equal([[1, 1003]]);
      await pair.end();
    });
  });
}
describe('SpdyStream', () => {
  it('calls small writes back when they have left, and not before', async () => {
    const { pair, next } = await open(SPDY3_1, { server: { initialWindowSize: 1000 } });
    const stream = pair.client.request(NAMES);
    await once(pair.client, 'settings');
    const peer = await next();
    const served: number[] = [];
    for (const at of [0, 1, 2]) stream.write(bytes(900), () => served.push(at));
    await settle();
    expect(stream.writableLength).to.equal(2700);
    expect(served).to.deep.equal([]);
    peer.resume();
    await until(() => served.length === 3);
    expect(served).to.deep.equal([0, 1, 2]);
    await pair.end();
  });

  it('joins writes up to 32 KiB in one frame; larger frames have one write alone', async () => {
    const { pair, next } = await open(SPDY3_1, {
      client: { maxDataSize: 131_072, flowControl: false },
      server: { flowControl: false },
    });
    const stream = pair.client.request(NAMES);
    const peer = await next();
    const lengths: number[] = [];
    pair.server.on('dataRecv', (_flags, _id, length) => lengths.push(length));
    stream.cork();
    const writes = [20_000, 12_768, 20_000, 20_000, 100_000, 10_000, 20_000, 200_000];
    for (const length of writes) stream.write(bytes(length));
    stream.uncork();
    stream.end();
    const all = Buffer.concat(writes.map(bytes));
    expect(await digestOf(peer)).to.equal(createHash('sha256').update(all).digest('hex'));
    expect(lengths).to.deep.equal([32_768, 20_000, 20_000, 100_000, 30_000, 131_072, 68_928]);
    await pair.end();
  });

  it('a cork of the application holds what is written behind it, and nothing else', async () => {
    const { pair, next } = await open(SPDY3_1);
    const stream = pair.client.request(NAMES);
    const peer = await next();
    const seen: string[] = [];
    peer.on('data', (chunk) => seen.push(String(chunk)));
    stream.write('before');
    stream.cork();
    stream.write('inside');
    await until(() => seen.length > 0);
    await settle();
    expect(seen).to.deep.equal(['before']);
    stream.uncork();
    await until(() => seen.length > 1);
    expect(seen).to.deep.equal(['before', 'inside']);
    await pair.end();
  });

  it('refuses misuse at the call', async () => {
    const { pair, next } = await open(SPDY3_1);
    const stream = pair.client.request(NAMES);
    const peer = await next();
    expect(() => stream.respond()).to.throw(InvalidStateError);
    expect(() => stream.close(0)).to.throw(InvalidArgumentError);
    expect(() => stream.close(12)).to.throw(InvalidArgumentError);
    expect(() => pair.client.request([['', 'x']])).to.throw(InvalidArgumentError);
    expect(() => pair.client.request(NAMES, { priority: 8 })).to.throw(InvalidArgumentError);
    peer.respond();
    expect(() => peer.respond()).to.throw(InvalidStateError);
    stream.end();
    expect(() => stream.sendHeaders(NAMES)).to.throw(InvalidStateError);
    expect(() => stream.sendTrailers(NAMES)).to.throw(InvalidStateError);
    void pair.client.close();
    expect(() => pair.client.request(NAMES)).to.throw(InvalidStateError);
    await pair.end();
  });

  it('gives credit for what was consumed, not for what arrived (checklist 190)', async () => {
    const { pair, next } = await open(SPDY3_1);
    const stream = pair.client.request(NAMES);
    const peer = await next();
    let updates = 0;
    pair.client.on('windowUpdate', ({ streamId }) => {
      if (streamId !== 0) updates++;
    });
    stream.write(bytes(65_536));
    await settle(50);
    await pair.client.ping();
    expect(updates).to.equal(0);
    peer.resume();
    await until(() => updates >= 1);
    await pair.end();
  });

  it('a reader that stands still stops neither other streams nor memory from being bounded', async () => {
    for (const version of PROTOCOL_VERSIONS.filter(({ streamWindows }) => streamWindows)) {
      const options = { server: { sessionWindowSize: 1 << 20 } };
      const { pair, next } = await open(version, options);
      const stalled = pair.client.request(NAMES);
      const asleep = await next();
      stalled.write(bytes(500_000));
      const lively = pair.client.request(NAMES);
      const reader = await next();
      const body = bytes(300_000);
      lively.end(body);
      expect(await digestOf(reader)).to.equal(createHash('sha256').update(body).digest('hex'));
      expect(asleep.bytesRead).to.be.at.most(65_536);
      await pair.end();
    }
  });

  it('gives the session credit of unread bytes back when it is destroyed (checklist 194)', async () => {
    const { pair, next } = await open(SPDY3_1);
    for (let i = 0; i < 5; i++) {
      const stream = pair.client.request(NAMES);
      stream.on('error', () => {});
      const peer = await next();
      stream.write(bytes(60_000));
      await until(() => peer.bytesRead === 60_000);
      peer.destroy();
      await closed(stream);
    }
    const last = pair.client.request(NAMES);
    const body = bytes(100_000);
    last.end(body);
    expect(await digestOf(await next())).to.equal(createHash('sha256').update(body).digest('hex'));
    await pair.end();
  });

  it('goes on giving credit on receipt to streams that have no SpdyStream', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    let received = 0;
    pair.server.on('dataChunkRecv', (_flags, _id, data) => {
      received += data.length;
    });
    // A stream of the server makes it use SpdyStreams, but it does not take those of the client.
    pair.server.request(NAMES);
    const stream = pair.client.request(NAMES);
    stream.end(bytes(400_000));
    await once(stream, 'finish');
    await until(() => received === 400_000);
    await pair.end();
  });

  it('refuses headers and trailers at the call that could not be sent later', async () => {
    const { pair, next } = await open(SPDY3_1);
    const stream = pair.client.request(NAMES);
    const accepted = await next();
    for (const headers of [[['x', 'a\nb']], 'x', [['x', 'v'.repeat(1 << 24)]]]) {
      const bad = headers as unknown as HeaderList;
      expect(() => accepted.sendHeaders(bad)).to.throw(InvalidArgumentError, 'header');
      expect(() => accepted.sendTrailers(bad)).to.throw(InvalidArgumentError, 'header');
    }
    accepted.respond();
    accepted.write('still here');
    accepted.sendTrailers([['x', '1']]);
    stream.end();
    expect(await textOf(stream)).to.equal('still here');
    expect(pair.server.state.phase).to.equal('open');
    await pair.end();
  });

  it('emits no timeout while a large write is leaving', async () => {
    const { pair, next } = await open(SPDY3_1);
    const stream = pair.client.request(NAMES);
    let timeouts = 0;
    // Much more than a pause of the machine, and much less than all of it takes.
    stream.setTimeout(1000, () => timeouts++);
    stream.end(bytes(65536 * 12));
    const accepted = await next();
    let received = 0;
    for await (const chunk of accepted) {
      received += (chunk as Buffer).length;
      await new Promise((done) => setTimeout(done, (chunk as Buffer).length / 400));
    }
    expect(received).to.equal(65536 * 12);
    expect(timeouts).to.equal(0);
    await pair.end();
  });

  it('emits timeout when nothing moves, and not after it was switched off', async () => {
    const { pair, next } = await open(SPDY3_1);
    const stream = pair.client.request(NAMES);
    await next();
    let called = 0;
    stream.setTimeout(10, () => called++);
    await once(stream, 'timeout');
    expect(called).to.equal(1);
    stream.setTimeout(5);
    stream.setTimeout(0);
    stream.on('timeout', () => called++);
    await new Promise((done) => setTimeout(done, 30));
    expect(called).to.equal(1);
    await pair.end();
  });

  it('takes a Readable by pipeline and reports its failure', async () => {
    const { pair, next } = await open(SPDY3_1);
    const stream = pair.client.request(NAMES);
    const peer = await next();
    peer.on('error', () => {});
    const source = new Readable({
      read() {
        this.destroy(new Error('disk'));
      },
    });
    const result = await pipeline(source, stream).catch((error: Error) => error.message);
    expect(result).to.equal('disk');
    await closed(peer);
    expect(peer.rstStatus).to.equal(INTERNAL_ERROR);
    await pair.end();
  });

  it('what a listener throws becomes uncaught, and the session goes on', async () => {
    const { pair, next } = await open(SPDY3_1);
    const { uncaughtDuring } = await import('../../support/session-pair.ts');
    const caught = await uncaughtDuring(async () => {
      const stream = pair.client.request(NAMES);
      const peer = await next();
      peer.on('data', () => {
        throw new Error('listener');
      });
      stream.write('x');
      await until(() => peer.bytesRead > 0);
    });
    expect(caught.map(String)).to.deep.equal(['Error: listener']);
    const stream = pair.client.request(NAMES);
    const peer = await next();
    stream.end('y');
    expect(String(await once(peer, 'data'))).to.equal('y');
    await pair.end();
  });

  it('does not end before a reply of headers alone has left', async () => {
    const connection = memoryConnection();
    const windows = { initialWindowSize: 1 << 20, sessionWindowSize: 1 << 20 };
    const pair = pairOver(connection, SPDY3_1, { client: windows });
    const peers: SpdyStream[] = [];
    pair.server.on('stream', (peer) => peers.push(peer.resume()));
    const first = pair.client.request(NAMES, { endStream: true });
    const second = pair.client.request(NAMES, { endStream: true });
    await until(() => peers.length === 2);
    connection.client.pause();
    peers[0]?.respond(NAMES);
    peers[0]?.end(bytes(500_000));
    await settle();
    peers[1]?.respond(NAMES, { endStream: true });
    await settle();
    expect(peers[1]?.destroyed).to.equal(false);
    connection.client.resume();
    second.resume();
    await Promise.all([digestOf(first), closed(second), closed(peers[1] as SpdyStream)]);
    expect(second.replyHeaders).to.deep.equal(NAMES);
    expect(second.rstStatus).to.equal(0);
    await pair.end();
  });

  it('answers a status of the application when it was destroyed for a StreamError', async () => {
    const { pair, next } = await open(SPDY3_1);
    const stream = pair.client.request(NAMES);
    stream.on('error', () => {});
    const peer = await next();
    stream.destroy(new StreamError('ERR_SPDY_PROTOCOL', 'bad', 1, PROTOCOL_ERROR, 'peer'));
    await closed(peer);
    expect(peer.rstStatus).to.equal(PROTOCOL_ERROR);
    await pair.end();
  });
});
