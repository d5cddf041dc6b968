import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'chai';
import {
  CANCEL,
  CLIENT,
  CTRL_FLAG_FIN,
  DATA_FLAG_FIN,
  SERVER,
  SETTINGS_INITIAL_WINDOW_SIZE,
} from '../../../lib/protocol/constants.ts';
import { SPDY3_1 } from '../../../lib/protocol/version.ts';
import { Session } from '../../../lib/session/session.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import {
  closed,
  pairOver,
  RawPeer,
  RESPONSE,
  rawAgainst,
  requestHeaders,
  settle,
  tcpConnection,
  tlsConnection,
  uncaughtDuring,
  until,
} from '../../support/session-pair.ts';
import { patternBytes } from '../../support/test-provider.ts';

/** Payload of the DATA frames of a stream that a peer has got. */
function bodyOf(peer: RawPeer): Buffer {
  return Buffer.concat(
    peer.frames.filter(({ frame }) => frame.type === 'DATA').map(({ data }) => data),
  );
}

/** A server session over TCP, and a stream that a client without flow control has opened on it. */
async function openStream(): Promise<{
  readonly session: Session;
  readonly peer: RawPeer;
  readonly socket: net.Socket;
  readonly stream: SpdyStream;
}> {
  const { session, peer, socket } = await rawAgainst(SERVER, SPDY3_1, { flowControl: false });
  peer.send(peer.make.synStream(1, requestHeaders(), { flags: CTRL_FLAG_FIN }));
  const [stream] = (await once(session, 'stream')) as [SpdyStream];
  stream.respond(RESPONSE);
  return { session, peer, socket, stream };
}

/** Notes the chunks that are written to a socket. */
function chunksOf(socket: net.Socket): Buffer[] {
  const chunks: Buffer[] = [];
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = ((chunk: Buffer, ...more: unknown[]) => {
    chunks.push(chunk);
    return write(chunk, ...more);
  }) as net.Socket['write'];
  return chunks;
}

/** Keeps what a socket is to write; each call of the result lets one write, or one group of corked ones, pass and gives its bytes. */
function heldBack(socket: net.Socket): () => Promise<Buffer> {
  type Write = { readonly bytes: Buffer[]; readonly done: () => void };
  const writes: Write[] = [];
  socket._write = (bytes: Buffer, _encoding: BufferEncoding, done: () => void) => {
    writes.push({ bytes: [bytes], done });
  };
  socket._writev = (chunks: { chunk: Buffer }[], done: () => void) => {
    writes.push({ bytes: chunks.map(({ chunk }) => chunk), done });
  };
  return async () => {
    const { bytes, done } = writes.shift() as Write;
    const passed = Buffer.concat(bytes);
    done();
    await settle();
    return passed;
  };
}

/** Bytes of the window of the streams below. */
const WINDOW = 6000;

/** The same as `openStream()` with a small window, and a socket that passes on only what `pass()` lets through. */
async function openNarrowStream() {
  const { session, peer, socket } = await rawAgainst(SERVER, SPDY3_1);
  const window = { id: SETTINGS_INITIAL_WINDOW_SIZE, flags: 0, value: WINDOW };
  peer.send(peer.make.settings([window]));
  peer.send(peer.make.synStream(1, requestHeaders(), { flags: CTRL_FLAG_FIN }));
  const [stream] = (await once(session, 'stream')) as [SpdyStream];
  stream.respond(RESPONSE);
  await until(() => peer.frames.some(({ frame }) => frame.type === 'SYN_REPLY'));
  return { peer, socket, stream, pass: heldBack(socket) };
}

describe('session/transport/outlet', () => {
  it('writes large payload to its socket without a copy', async () => {
    const { session, peer, socket, stream } = await openStream();
    const chunks = chunksOf(socket);
    const body = patternBytes(6 * 16_384);
    stream.end(body);
    await until(() => bodyOf(peer).length === body.length);
    expect(bodyOf(peer)).to.deep.equal(body);
    const same = chunks.filter(({ buffer }) => buffer === body.buffer);
    expect(Buffer.concat(same)).to.deep.equal(body);
    session.destroy();
    await closed(socket);
  });

  it('says that a write is done when the socket has passed it on, so that its memory can be used again', async () => {
    const { session, peer, socket, stream } = await openStream();
    peer.socket.pause();
    const block = Buffer.alloc(60_000);
    let written = 0;
    let most = 0;
    const next = (): void => {
      if (written === 200) return void stream.end();
      block.fill(written++);
      stream.write(block, next);
    };
    next();
    // As much as the buffers of both sockets hold; then nobody reads.
    while (most < written) {
      most = written;
      await settle();
    }
    expect(written).to.be.lessThan(200);
    peer.socket.resume();
    await until(() => peer.frames.at(-1)?.frame.flags === DATA_FLAG_FIN);
    const body = bodyOf(peer);
    expect(body).to.have.length(200 * block.length);
    for (let i = 0; i < 200; i++) {
      const part = body.subarray(i * block.length, (i + 1) * block.length);
      expect(part.equals(block.fill(i)), `block ${i}`).to.equal(true);
    }
    session.destroy();
    await closed(socket);
  });

  it('does not take a write for done because one before it has been passed on', async () => {
    const { peer, socket, stream, pass } = await openNarrowStream();
    const second = Buffer.alloc(WINDOW, 'b');
    let done = false;
    stream.cork();
    stream.write(Buffer.alloc(WINDOW, 'a'));
    stream.write(second, () => {
      done = true;
    });
    stream.uncork();
    await until(() => socket.writableLength > WINDOW);
    peer.send(peer.make.windowUpdate(1, WINDOW));
    await until(() => socket.writableLength > 2 * WINDOW);
    expect((await pass()).includes('a'.repeat(WINDOW))).to.equal(true);
    expect(done).to.equal(false);
    expect((await pass()).includes(second)).to.equal(true);
    expect(done).to.equal(true);
    socket.destroy();
  });

  it('does not take a write for failed while the socket holds the front of it', async () => {
    const { peer, socket, stream, pass } = await openNarrowStream();
    let result: Error | null | undefined;
    stream.on('error', () => {});
    stream.write(Buffer.alloc(2 * WINDOW), (error) => {
      result = error;
    });
    await until(() => socket.writableLength > WINDOW);
    peer.send(peer.make.rstStream(1, CANCEL));
    await closed(stream);
    expect(result).to.equal(undefined);
    await pass();
    expect(result).to.be.an('error');
    socket.destroy();
  });

  it('tells every writer when one of their callbacks throws', async () => {
    const { client, server } = await tcpConnection();
    const session = new Session(SERVER, SPDY3_1.id, { flowControl: false }).attach(server);
    const peer = new RawPeer(client, SPDY3_1);
    const streams: SpdyStream[] = [];
    session.on('stream', (stream) => streams.push(stream));
    for (const id of [1, 3]) peer.send(peer.make.synStream(id, requestHeaders()));
    await until(() => streams.length === 2);
    const failure = new Error('of a callback');
    let done = 0;
    const caught = await uncaughtDuring(async () => {
      for (const stream of streams) {
        stream.respond(RESPONSE);
        stream.write('x', () => {
          done++;
          throw failure;
        });
      }
      await until(() => done === 2);
    });
    expect(caught).to.deep.equal([failure, failure]);
    session.destroy();
    await closed(server);
  });

  it('lets others see what goes to the socket', async () => {
    const { session, peer, socket, stream } = await openStream();
    const seen: Buffer[] = [];
    session.on('data', (chunk) => seen.push(chunk));
    const chunks = chunksOf(socket);
    stream.end(patternBytes(50_000));
    await until(() => bodyOf(peer).length === 50_000);
    expect(Buffer.concat(chunks)).to.deep.equal(Buffer.concat(seen));
    session.destroy();
    await closed(socket);
  });

  it('writes nothing to a socket that it is not piped into any more', async () => {
    const { session, peer, socket, stream } = await openStream();
    await peer.frame('SYN_REPLY');
    const chunks = chunksOf(socket);
    session.unpipe(socket);
    const seen: Buffer[] = [];
    session.on('data', (chunk) => seen.push(chunk));
    session.resume();
    stream.end(patternBytes(50_000));
    await until(() => Buffer.concat(seen).length > 50_000);
    expect(chunks).to.deep.equal([]);
    session.destroy();
    await closed(socket);
  });

  it('follows a pipe from one socket to another', async () => {
    const { session, peer, socket, stream } = await openStream();
    await peer.frame('SYN_REPLY');
    const other = await tcpConnection();
    const received: Buffer[] = [];
    other.client.on('data', (chunk) => received.push(chunk));
    session.pipe(other.server);
    session.unpipe(socket);
    const chunks = chunksOf(socket);
    stream.end(patternBytes(50_000));
    await until(() => Buffer.concat(received).length === 50_000 + 2 * 8);
    expect(chunks).to.deep.equal([]);
    session.destroy();
    await Promise.all([closed(socket), closed(other.server)]);
    other.client.destroy();
  });

  it('goes on through another socket, or a reader, when the first one is stuck', async () => {
    for (const how of ['pipe', 'read'] as const) {
      const { session, socket, stream } = await openStream();
      heldBack(socket);
      const body = patternBytes(500_000);
      stream.end(body);
      await until(() => socket.writableNeedDrain);
      const other = await tcpConnection();
      let length = 0;
      const count = (chunk: Buffer): void => {
        length += chunk.length;
      };
      other.server.on('data', count);
      session.unpipe(socket);
      if (how === 'pipe') session.pipe(other.client);
      else session.on('data', count).resume();
      await until(() => length > 400_000);
      session.destroy();
      for (const each of [socket, other.client, other.server]) each.destroy();
    }
  });

  it('goes on when a second pipe begins while the socket is full', async () => {
    const { session, peer, socket, stream } = await openStream();
    peer.socket.pause();
    const body = patternBytes(8_000_000);
    stream.end(body);
    await until(() => socket.writableNeedDrain);
    const other = await tcpConnection();
    other.server.resume();
    session.pipe(other.client);
    peer.socket.resume();
    await until(() => bodyOf(peer).length === body.length);
    expect(bodyOf(peer).equals(body)).to.equal(true);
    session.destroy();
    for (const each of [socket, other.client, other.server]) each.destroy();
  });

  it('goes on by itself where the buffer of the socket is larger than what is sent at once', async () => {
    const server = net.createServer({ highWaterMark: 1 << 20 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [net.Socket];
    server.close();
    expect(socket.writableHighWaterMark).to.equal(1 << 20);
    const session = new Session(SERVER, SPDY3_1.id, { flowControl: false }).attach(socket);
    const peer = new RawPeer(client, SPDY3_1);
    peer.send(peer.make.synStream(1, requestHeaders(), { flags: CTRL_FLAG_FIN }));
    const [stream] = (await once(session, 'stream')) as [SpdyStream];
    stream.respond(RESPONSE);
    const body = patternBytes(500_000);
    stream.end(body);
    await until(() => bodyOf(peer).length === body.length);
    expect(bodyOf(peer).equals(body)).to.equal(true);
    session.destroy();
    await closed(socket);
  });

  it('gives more at once to a socket that passes on all of it, and less again to one that does not', async () => {
    const { session, socket, stream } = await openStream();
    const lengths: number[] = [];
    const waiting: (() => void)[] = [];
    let passesOn = true;
    socket._writev = (chunks: { chunk: Buffer }[], done: () => void) => {
      lengths.push(chunks.reduce((sum, { chunk }) => sum + chunk.length, 0));
      if (passesOn) done();
      else waiting.push(done);
    };
    const isOf = (limit: number) => (length: number) => length >= limit && length < 1.5 * limit;
    stream.write(patternBytes(2_000_000));
    await settle();
    expect(isOf(65_536)(lengths[0] as number), `${lengths}`).to.equal(true);
    expect(lengths.slice(1, 5).every(isOf(262_144)), `${lengths}`).to.equal(true);
    lengths.length = 0;
    passesOn = false;
    stream.write(patternBytes(2_000_000));
    await settle();
    for (let writes = 0; writes < 3; writes++) {
      waiting.shift()?.();
      await settle();
    }
    expect(lengths.length).to.equal(4);
    expect(lengths.slice(1).every(isOf(65_536)), `${lengths}`).to.equal(true);
    session.destroy();
    await closed(socket);
  });

  it('carries large bodies both ways over TLS', async () => {
    const pair = pairOver(await tlsConnection('spdy/3.1'), SPDY3_1);
    pair.server.on('stream', (stream) => {
      stream.respond(RESPONSE);
      stream.pipe(stream);
    });
    const body = patternBytes(1_000_000);
    const stream = pair.client.request(requestHeaders('POST'));
    const received: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => received.push(chunk));
    stream.end(body);
    await once(stream, 'end');
    expect(Buffer.concat(received).equals(body)).to.equal(true);
    await pair.end();
  });

  it('calls back for what was written before its socket was destroyed', async () => {
    const { client, server } = await tcpConnection();
    const session = new Session(CLIENT, SPDY3_1.id, { flowControl: false }).attach(client);
    server.pause();
    const stream = session.request(requestHeaders('POST'));
    let pending = 0;
    for (let i = 0; i < 200; i++) {
      pending++;
      stream.write(Buffer.alloc(60_000), () => pending--);
    }
    await settle();
    expect(pending).to.be.greaterThan(0);
    client.destroy();
    await until(() => pending === 0);
    await closed(session);
    server.destroy();
  });
});
