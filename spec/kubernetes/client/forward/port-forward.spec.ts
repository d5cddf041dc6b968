import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { expect } from 'chai';
import type { PodConnection } from '../../../../lib/kubernetes/client/forward/pod-connection.ts';
import {
  type PortForward,
  portForward,
} from '../../../../lib/kubernetes/client/forward/port-forward.ts';
import type { PortForwardOptions } from '../../../../lib/kubernetes/client/forward/port-forward-options.ts';
import {
  ConnectionLostError,
  RemoteFailureError,
  UpgradeRefusedError,
} from '../../../../lib/kubernetes/errors.ts';
import { CANCEL } from '../../../../lib/protocol/constants.ts';
import type { SpdyStream } from '../../../../lib/session/streams/stream.ts';
import {
  type ScriptedConnection,
  type ScriptedServer,
  scriptedServer,
} from '../../../support/scripted-kubernetes.ts';
import { closed, settle, until } from '../../../support/session-pair.ts';

/** A server and a port forward that are gone after the test. */
let server: ScriptedServer | null = null;
let forward: PortForward | null = null;

async function begin(
  script: (connection: ScriptedConnection) => void | Promise<void>,
  options: PortForwardOptions = {},
): Promise<PortForward> {
  server = await scriptedServer(script);
  forward = await portForward({ cluster: { server: server.url }, pod: 'p1', ...options });
  return forward;
}

/** Accepts both streams of a connection. */
async function accept(
  connection: ScriptedConnection,
  id = 0,
): Promise<{ readonly error: SpdyStream; readonly data: SpdyStream }> {
  const error = await connection.accept(`error ${id}`);
  error.resume();
  return { error, data: await connection.accept(`data ${id}`) };
}

/** What comes back is what was sent, then both streams end. */
async function echo(connection: ScriptedConnection, id = 0): Promise<void> {
  const { error, data } = await accept(connection, id);
  data.pipe(data);
  data.on('finish', () => error.end());
}

/** Echoes every connection. */
function echoAll(connection: ScriptedConnection): void {
  let id = 0;
  connection.session.on('stream', (_stream, headers) => {
    if (headers.some(([, value]) => value === 'data')) void echo(connection, id++);
  });
}

/** All bytes up to the end. (`node:stream/consumers` destroys what it has read, both directions of it.) */
async function buffer(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, 'end');
  return Buffer.concat(chunks);
}

async function text(stream: Readable): Promise<string> {
  return (await buffer(stream)).toString();
}

/** The error that a connection is destroyed with. */
async function failureOf(connection: PodConnection): Promise<Error & { code?: string }> {
  await closed(connection);
  return connection.errored ?? expect.fail('it ended well');
}

/** What a promise rejects with. */
async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  return promise.then(
    () => expect.fail('it resolved'),
    (error: Error) => error,
  );
}

describe('PortForward', () => {
  afterEach(async () => {
    await forward?.close();
    await server?.close();
    forward = null;
    server = null;
  });

  describe('connections', () => {
    it('are pairs of streams with the same request id, counted from 0; the error stream comes first and is finished at once', async () => {
      const opened: string[] = [];
      const finished: string[] = [];
      const pf = await begin((connection) => {
        connection.session.on('stream', (stream, headers) => {
          const line = headers.map(([name, value]) => `${name}=${value}`).join(' ');
          opened.push(`${stream.id} ${line}`);
          stream.respond();
          stream.resume();
          stream.on('end', () => finished.push(line));
        });
      });
      expect(server?.connections[0]?.request.method).to.equal('POST');
      expect(server?.connections[0]?.request.url).to.equal(
        '/api/v1/namespaces/default/pods/p1/portforward',
      );
      await pf.connect(80);
      await pf.connect(65535);
      expect(opened).to.deep.equal([
        '1 streamtype=error port=80 requestid=0',
        '3 streamtype=data port=80 requestid=0',
        '5 streamtype=error port=65535 requestid=1',
        '7 streamtype=data port=65535 requestid=1',
      ]);
      await until(() => finished.length === 2);
      expect(finished.every((line) => line.startsWith('streamtype=error'))).to.equal(true);
      expect(pf.connections).to.equal(2);
    });

    it('carry bytes both ways, many at once over one connection', async () => {
      const pf = await begin(echoAll);
      const sizes = Array.from({ length: 45 }, (_, i) => 1 + i * 9973);
      const results = await Promise.all(
        sizes.map(async (size, i) => {
          const connection = await pf.connect(8080);
          const sent = Buffer.alloc(size, i);
          connection.end(sent);
          return (await buffer(connection)).equals(sent);
        }),
      );
      expect(results.every(Boolean)).to.equal(true);
      expect(server?.connections).to.have.lengthOf(1);
      await until(() => pf.connections === 0);
    });

    it('end each direction on its own', async () => {
      const pf = await begin(async (connection) => {
        const first = await accept(connection, 0);
        expect(await text(first.data)).to.equal('question');
        first.data.end('answer');
        first.error.end();
        // The other way round: the server finishes first.
        const second = await accept(connection, 1);
        second.data.end('banner');
        expect(await text(second.data)).to.equal('late');
        second.error.end();
      });
      const first = await pf.connect(1);
      first.end('question');
      expect(await text(first)).to.equal('answer');
      const second = await pf.connect(1);
      const banner = await text(second);
      expect(banner).to.equal('banner');
      expect(second.destroyed).to.equal(false);
      second.end('late');
      await closed(second);
      expect(second.errored).to.equal(null);
    });

    it('hold the writer back while the server does not read', async () => {
      let data: SpdyStream | null = null;
      const pf = await begin(
        async (connection) => {
          ({ data } = await accept(connection));
        },
        { session: { highWaterMark: 1024 } },
      );
      const connection = await pf.connect(1);
      await until(() => data !== null);
      const chunk = Buffer.alloc(1 << 20);
      let written = 0;
      // Until its own buffer, and those of session and sockets, are full.
      do {
        connection.write(chunk);
        written += chunk.length;
        await settle(200);
      } while (!connection.writableNeedDrain);
      expect(written).to.be.below(100 << 20);
      connection.end();
      expect((await buffer(data as unknown as SpdyStream)).length).to.equal(written);
    });

    it('fail alone with the words of the error stream', async () => {
      const pf = await begin(async (connection) => {
        const bad = await accept(connection, 0);
        bad.data.end();
        await settle();
        bad.error.end('error forwarding port 9 to pod p1:\nconnection refused\0');
        await echo(connection, 1);
      });
      const bad = await pf.connect(9);
      const error = await failureOf(bad);
      expect(error).to.be.instanceOf(RemoteFailureError);
      expect(error.message).to.equal('error forwarding port 9 to pod p1: connection refused');
      // The empty data stream was no end for the reader.
      expect(bad.readableEnded).to.equal(false);
      const good = await pf.connect(10);
      good.end('x');
      expect(await text(good)).to.equal('x');
      expect(server?.connections).to.have.lengthOf(1);
    });

    it('fail with the text also when the server resets both streams behind it', async () => {
      const pf = await begin(async (connection) => {
        const { error, data } = await accept(connection);
        error.write('cannot');
        error.sendHeaders([]);
        await settle();
        data.close(CANCEL);
        error.close(CANCEL);
      });
      const connection = await pf.connect(9);
      const error = await failureOf(connection);
      expect(error).to.be.instanceOf(RemoteFailureError);
      expect(error.message).to.equal('cannot');
    });

    it('fail with the text that comes when both directions have ended', async () => {
      const pf = await begin(async (connection) => {
        const { error, data } = await accept(connection);
        data.resume();
        data.end('half');
        await once(data, 'end');
        error.end('the rest was lost');
      });
      const connection = await pf.connect(9);
      connection.end();
      expect(await text(connection)).to.equal('half');
      expect((await failureOf(connection)).message).to.equal('the rest was lost');
    });

    it('that end without a byte and without a word end after a moment', async () => {
      const pf = await begin(async (connection) => {
        const { data } = await accept(connection);
        data.resume();
        data.end();
      });
      const connection = await pf.connect(9);
      expect(await text(connection)).to.equal('');
      connection.end();
      await closed(connection);
      expect(connection.errored).to.equal(null);
    });

    it('that are reset without a word say so', async () => {
      const pf = await begin(async (connection) => {
        const { error, data } = await accept(connection);
        data.write('some');
        await settle();
        data.close(CANCEL);
        error.end();
      });
      const connection = await pf.connect(9);
      connection.resume();
      expect(await failureOf(connection)).to.include({ code: 'ERR_SPDY_STREAM_RESET', by: 'peer' });
      expect(pf.closed).to.equal(false);
    });

    it('that the server refuses with RST_STREAM reject', async () => {
      const pf = await begin((connection) => {
        connection.session.on('stream', (stream) => stream.close(CANCEL));
      });
      const error = await rejection(pf.connect(9));
      expect(error).to.be.instanceOf(RemoteFailureError);
      expect(error.message).to.match(/refused a connection to port 9: RST_STREAM 5/);
      expect(pf.connections).to.equal(0);
    });

    it('of which the server accepts only one stream reject in time', async () => {
      const pf = await begin((connection) => void connection.accept('error 0'), {
        replyTimeoutMs: 50,
      });
      expect(await rejection(pf.connect(9))).to.include({ code: 'ERR_SPDY_TIMEOUT', by: 'peer' });
      expect(server?.connections[0]?.session.state.openStreams).to.be.below(3);
      expect(pf.closed).to.equal(false);
    });

    it('are reset when they are destroyed, both streams of them', async () => {
      const states: string[] = [];
      const pf = await begin(async (connection) => {
        const { error, data } = await accept(connection);
        error.on('close', () => states.push(`error ${error.rstStatus}`));
        data.on('close', () => states.push(`data ${data.rstStatus}`));
      });
      const connection = await pf.connect(9);
      connection.destroy();
      await until(() => states.length === 2);
      expect(states.sort()).to.deep.equal(['data 5', 'error 5']);
    });

    it('are given up by a signal', async () => {
      const pf = await begin(() => {});
      const abort = new AbortController();
      const waiting = rejection(pf.connect(9, { signal: abort.signal }));
      await until(() => pf.connections === 1);
      abort.abort(new Error('why'));
      const error = await waiting;
      expect(error).to.include({ code: 'ERR_SPDY_ABORTED' });
      expect((error.cause as Error).message).to.equal('why');
      expect(await rejection(pf.connect(9, { signal: abort.signal }))).to.include({
        code: 'ERR_SPDY_ABORTED',
      });
      expect(pf.connections).to.equal(0);
    });

    it('take no more than a little text, and only ports that are some', async () => {
      const pf = await begin(async (connection) => {
        const { error, data } = await accept(connection);
        data.end();
        error.end(Buffer.alloc(1 << 20, 'x'));
      });
      const connection = await pf.connect(9);
      expect((await failureOf(connection)).message.length).to.be.below(1100);
      for (const port of [0, 65536, 1.5, '0', '65536', 'a_b', '']) {
        expect(await rejection(pf.connect(port as number))).to.include({
          code: 'ERR_SPDY_INVALID_ARGUMENT',
        });
        expect(await rejection(pf.listen(port as number))).to.include({
          code: 'ERR_SPDY_INVALID_ARGUMENT',
        });
      }
    });
  });

  describe('an unread connection', () => {
    it('holds the others while it moves, and is reset when it does not', async () => {
      const pf = await begin(
        async (connection) => {
          const unread = await accept(connection, 0);
          unread.data.write(Buffer.alloc(1 << 20));
          await echo(connection, 1);
        },
        { stallTimeoutMs: 100, session: { inboundHighWaterMark: 65536 } },
      );
      const unread = await pf.connect(1);
      const other = await pf.connect(2);
      other.end('after it');
      const [error, answer] = await Promise.all([failureOf(unread), text(other)]);
      expect(error).to.include({ code: 'ERR_SPDY_TIMEOUT', by: 'local' });
      expect(answer).to.equal('after it');
      // Bounded memory: no more than the mark and what was in flight was taken in.
      expect(unread.taken).to.be.below(1 << 18);
    });

    it('is left alone without others', async () => {
      const pf = await begin(
        async (connection) => {
          const { error, data } = await accept(connection);
          data.end(Buffer.alloc(1 << 20));
          error.end();
        },
        { stallTimeoutMs: 4, session: { inboundHighWaterMark: 65536 } },
      );
      const connection = await pf.connect(1);
      await until(() => connection.unread > 0);
      // Many times the limit.
      for (let i = 0; i < 20; i++) await new Promise((next) => setTimeout(next, 2));
      connection.end();
      expect((await buffer(connection)).length).to.equal(1 << 20);
    });
  });

  describe('the end', () => {
    it('comes with close(): connections are reset, the session ends with GOAWAY, later calls are refused', async () => {
      let goaway = false;
      const pf = await begin((connection) => {
        connection.session.on('goaway', () => {
          goaway = true;
        });
        echoAll(connection);
      });
      const connection = await pf.connect(1);
      const listener = await pf.listen(1);
      const told = once(pf, 'close');
      await pf.close();
      expect(await told).to.deep.equal([null]);
      expect([pf.closed, pf.connected, pf.connections]).to.deep.equal([true, false, 0]);
      expect(connection.destroyed).to.equal(true);
      await until(() => goaway);
      for (const late of [pf.connect(1), pf.listen(1)])
        expect(await rejection(late)).to.include({ code: 'ERR_SPDY_SESSION_CLOSED' });
      expect(await rejection(once(net.connect(listener.port, '127.0.0.1'), 'connect'))).to.include({
        code: 'ECONNREFUSED',
      });
      await pf.close();
    });

    it('comes with the signal', async () => {
      const abort = new AbortController();
      const pf = await begin(echoAll, { signal: abort.signal });
      const connection = await pf.connect(1);
      const told = once(pf, 'close');
      abort.abort();
      expect((await told)[0]).to.include({ code: 'ERR_SPDY_ABORTED' });
      expect(await failureOf(connection)).to.include({ code: 'ERR_SPDY_ABORTED' });
      expect(
        await rejection(
          portForward({ cluster: { server: server?.url ?? '' }, pod: 'p', signal: abort.signal }),
        ),
      ).to.include({ code: 'ERR_SPDY_ABORTED' });
    });

    it('comes with the connection to the cluster: all streams fail, listeners are closed', async () => {
      const pf = await begin(echoAll);
      const connections = await Promise.all([pf.connect(1), pf.connect(1)]);
      const listener = await pf.listen(1);
      const told = Promise.all([once(pf, 'disconnect'), once(pf, 'close')]);
      server?.connections[0]?.socket.resetAndDestroy();
      const [[lost], [reason]] = await told;
      expect(lost).to.be.instanceOf(ConnectionLostError);
      expect(reason).to.equal(lost);
      for (const connection of connections)
        expect(await failureOf(connection)).to.be.instanceOf(ConnectionLostError);
      expect(await rejection(once(net.connect(listener.port, '127.0.0.1'), 'connect'))).to.include({
        code: 'ECONNREFUSED',
      });
      expect(pf.forwards).to.deep.equal([]);
    });

    it('comes with GOAWAY of the server, after which nothing is opened', async () => {
      const pf = await begin((connection) => {
        void echo(connection);
      });
      const connection = await pf.connect(1);
      server?.connections[0]?.session.submitGoaway();
      await until(() => !pf.connected);
      expect(await rejection(pf.connect(1))).to.be.instanceOf(ConnectionLostError);
      connection.end('last');
      expect(await text(connection)).to.equal('last');
      await once(pf, 'close');
    });

    it('is not hastened by a server that opens streams', async () => {
      const refused: number[] = [];
      const pf = await begin((connection) => {
        echoAll(connection);
        const pushed = connection.session.request([['streamtype', 'data']]);
        pushed.on('error', () => {});
        pushed.on('close', () => refused.push(pushed.rstStatus));
      });
      await until(() => refused.length === 1);
      const connection = await pf.connect(1);
      connection.end('x');
      expect(await text(connection)).to.equal('x');
    });
  });

  describe('with reconnect', () => {
    const reconnect = { attempts: 3, minDelayMs: 1, maxDelayMs: 2 };

    it('makes another connection for the next local one; listeners stay', async () => {
      const pf = await begin(echoAll, { reconnect });
      const listener = await pf.listen(1);
      server?.connections[0]?.socket.destroy();
      await once(pf, 'disconnect');
      expect([pf.closed, pf.connected]).to.deep.equal([false, false]);
      const again = once(pf, 'reconnect');
      const sockets = await Promise.all(
        [0, 1, 2].map(async () => {
          const socket = net.connect(listener.port, '127.0.0.1');
          socket.end('hello');
          return text(socket);
        }),
      );
      await again;
      expect(sockets).to.deep.equal(['hello', 'hello', 'hello']);
      expect(server?.connections).to.have.lengthOf(2);
      expect(pf.connected).to.equal(true);
    });

    it('gives up after so many tries, and begins anew with the next one', async () => {
      const pf = await begin(echoAll, { reconnect });
      const { port } = new URL(server?.url ?? '');
      server?.connections[0]?.socket.destroy();
      await once(pf, 'disconnect');
      await server?.close();
      // It counts who comes, and sends all of them away.
      let tries = 0;
      const closedDoor = net.createServer((socket) => {
        tries++;
        socket.destroy();
      });
      closedDoor.listen(Number(port), '127.0.0.1');
      await once(closedDoor, 'listening');
      const errors = await Promise.all([rejection(pf.connect(1)), rejection(pf.connect(1))]);
      expect(errors[0]).to.equal(errors[1]);
      expect(tries).to.equal(3);
      await rejection(pf.connect(1));
      expect(tries).to.equal(6);
      expect(pf.closed).to.equal(false);
      closedDoor.close();
      server = null;
    });

    it('does not insist where the server refuses', async () => {
      const pf = await begin(echoAll, { reconnect, transport: 'spdy' });
      const { port } = new URL(server?.url ?? '');
      server?.connections[0]?.socket.destroy();
      await once(pf, 'disconnect');
      await server?.close();
      let tries = 0;
      const refusing = net.createServer((socket) => {
        tries++;
        socket.on('error', () => {});
        socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
      });
      refusing.listen(Number(port), '127.0.0.1');
      await once(refusing, 'listening');
      const error = await rejection(pf.connect(1));
      expect(error).to.be.instanceOf(UpgradeRefusedError);
      expect(tries).to.equal(1);
      refusing.close();
      server = null;
    });

    it('stops trying when it is closed', async () => {
      const pf = await begin(echoAll, {
        reconnect: { attempts: 1000, minDelayMs: 60_000, maxDelayMs: 60_000 },
      });
      server?.connections[0]?.socket.destroy();
      await once(pf, 'disconnect');
      await server?.close();
      server = null;
      const abort = new AbortController();
      const givenUp = rejection(pf.connect(1, { signal: abort.signal }));
      const waiting = rejection(pf.connect(1));
      await settle();
      abort.abort();
      expect(await givenUp).to.include({ code: 'ERR_SPDY_ABORTED' });
      await pf.close();
      expect(await waiting).to.include({ code: 'ERR_SPDY_SESSION_CLOSED' });
    });
  });

  describe('listeners', () => {
    it('are on the loopback interface unless told otherwise, and the same port on every address', async () => {
      const pf = await begin(echoAll);
      const listener = await pf.listen(8080);
      expect(listener.addresses[0]).to.equal('127.0.0.1');
      expect(listener.remotePort).to.equal(8080);
      const second = await pf.listen(8080, { host: ['127.0.0.1', '127.0.0.2'] });
      expect(second.addresses).to.deep.equal(['127.0.0.1', '127.0.0.2']);
      expect(pf.forwards).to.deep.equal([listener, second]);
      for (const host of second.addresses) {
        const socket = net.connect(second.port, host);
        socket.end('x');
        expect(await text(socket)).to.equal('x');
      }
      await second.close();
      expect(pf.forwards).to.deep.equal([listener]);
      const third = await pf.listen(8080, { port: second.port });
      expect(third.port).to.equal(second.port);
    });

    it('reject for a port that is taken, and leave nothing behind', async () => {
      const pf = await begin(echoAll);
      const other = net.createServer().listen(0, '127.0.0.2');
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      const host = ['127.0.0.1', '127.0.0.2'];
      expect(await rejection(pf.listen(1, { port, host }))).to.include({ code: 'EADDRINUSE' });
      const free = await pf.listen(1, { port, host: '127.0.0.1' });
      expect(free.port).to.equal(port);
      other.close();
      for (const bad of [{ host: [] }, { host: [''] }, { port: -1 }, null])
        expect(await rejection(pf.listen(1, bad as object))).to.include({
          code: 'ERR_SPDY_INVALID_ARGUMENT',
        });
    });

    it('half-close both ways', async () => {
      const pf = await begin(async (connection) => {
        const { error, data } = await accept(connection);
        data.end('banner');
        expect(await text(data)).to.equal('late');
        error.end();
      });
      const listener = await pf.listen(1);
      const socket = net.connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true });
      expect(await text(socket)).to.equal('banner');
      socket.end('late');
      await until(() => pf.connections === 0 && listener.connections === 0);
    });

    it('reset a local connection that fails, tell of it, and go on', async () => {
      const pf = await begin(async (connection) => {
        const bad = await accept(connection, 0);
        bad.data.end();
        bad.error.end('connection refused');
        await echo(connection, 1);
      });
      const listener = await pf.listen(9);
      const told = once(pf, 'connectionError');
      const bad = net.connect(listener.port, '127.0.0.1');
      expect(await rejection(once(bad, 'close'))).to.include({ code: 'ECONNRESET' });
      const [error, port] = await told;
      expect(error).to.be.instanceOf(RemoteFailureError);
      expect(port).to.equal(9);
      const good = net.connect(listener.port, '127.0.0.1');
      good.end('x');
      expect(await text(good)).to.equal('x');
    });

    it('reset the pair of a local connection that is gone', async () => {
      const statuses: number[] = [];
      const pf = await begin(async (connection) => {
        const { data } = await accept(connection);
        data.write('x');
        data.on('close', () => statuses.push(data.rstStatus));
      });
      const listener = await pf.listen(9);
      const socket = net.connect(listener.port, '127.0.0.1');
      await once(socket, 'data');
      socket.resetAndDestroy();
      await until(() => statuses.length === 1);
      expect(statuses).to.deep.equal([CANCEL]);
      await until(() => pf.connections === 0);
    });

    it('give up what a local connection has waited for when it goes', async () => {
      const pf = await begin(() => {});
      const listener = await pf.listen(9);
      const socket = net.connect(listener.port, '127.0.0.1');
      await until(() => pf.connections === 1);
      socket.resetAndDestroy();
      await until(() => pf.connections === 0 && listener.connections === 0);
    });

    it('deliver the last bytes of a local connection that has closed', async () => {
      let received = 0;
      const pf = await begin(async (connection) => {
        const { error, data } = await accept(connection);
        data.end('bye');
        received = (await buffer(data)).length;
        error.end();
      });
      const listener = await pf.listen(9);
      const socket = net.connect(listener.port, '127.0.0.1');
      socket.resume();
      socket.end(Buffer.alloc(4 << 20));
      await once(socket, 'close');
      await until(() => pf.connections === 0);
      expect(received).to.equal(4 << 20);
    });
  });

  it('checks its options', async () => {
    const target = { cluster: { server: 'http://127.0.0.1:1' }, pod: 'p' };
    for (const bad of [
      { transport: 'http' },
      { reconnect: 1 },
      { reconnect: { attempts: 0 } },
      { reconnect: { minDelayMs: 20_000 } },
      { timeoutMs: -1 },
      { replyTimeoutMs: 0.5 },
      { stallTimeoutMs: '1' },
      { signal: {} },
      { pod: '../x' },
    ])
      expect(
        await rejection(portForward({ ...target, ...bad } as Parameters<typeof portForward>[0])),
        JSON.stringify(bad),
      ).to.include({ code: 'ERR_SPDY_INVALID_ARGUMENT' });
  });
});
