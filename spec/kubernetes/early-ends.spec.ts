import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { expect } from 'chai';
import { confirmEnd, resetSocket } from '../../lib/common/network/socket-end.ts';
import { exec } from '../../lib/kubernetes/client/command/exec.ts';
import { type PortForward, portForward } from '../../lib/kubernetes/client/forward/port-forward.ts';
import { ConnectionLostError, RemoteFailureError } from '../../lib/kubernetes/errors.ts';
import type { ServerCommand } from '../../lib/kubernetes/server/command.ts';
import type { ForwardedConnection } from '../../lib/kubernetes/server/forward-session.ts';
import { forwardTo } from '../../lib/kubernetes/server/forward-to.ts';
import type { StreamingHandlers } from '../../lib/kubernetes/server/handlers.ts';
import { createStreamingServer } from '../../lib/kubernetes/server/streaming-server.ts';
import { until } from '../support/session-pair.ts';

/** Bytes that fit into no buffer on the way. */
const MUCH = 12 << 20;
/** Behind so many bytes the way breaks off. */
const PART = 1 << 20;

const cleanups: (() => unknown)[] = [];

async function listening(server: net.Server | http.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A TCP server. */
async function target(accept: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  return listening(
    net.createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      accept(socket);
    }),
  );
}

async function cluster(handlers: StreamingHandlers): Promise<number> {
  const streaming = createStreamingServer(handlers);
  const server = http.createServer();
  streaming.attach(server);
  const port = await listening(server);
  cleanups.push(() => streaming.close());
  return port;
}

/** What stands between client and cluster. */
interface Way {
  readonly server: string;
  /** Ends both sides as it was told. */
  breakOff(): void;
}

/** Passes bytes on, and those to the client no further than `limit`. Then, or when told, both sides end in this way. */
async function way(to: number, how: 'FIN' | 'RST', limit = Number.POSITIVE_INFINITY): Promise<Way> {
  const ends: (() => void)[] = [];
  const port = await target((near) => {
    const far = net.connect(to, '127.0.0.1');
    cleanups.push(() => far.destroy());
    far.on('error', () => {});
    let passed = 0;
    let over = false;
    const end = (): void => {
      over = true;
      if (how === 'FIN') {
        near.end();
        far.destroy();
      } else {
        resetSocket(near);
        resetSocket(far);
      }
    };
    ends.push(end);
    near.pipe(far);
    far.on('end', () => near.end());
    far.on('data', (chunk: Buffer) => {
      if (over) return;
      passed += chunk.length;
      near.write(chunk, () => {
        if (passed > limit && !over) end();
      });
    });
  });
  return { server: `http://127.0.0.1:${port}`, breakOff: () => ends.at(-1)?.() };
}

async function begin(server: string, transport: 'spdy' | 'websocket'): Promise<PortForward> {
  const forward = await portForward({ cluster: { server }, pod: 'p1', transport });
  cleanups.push(() => forward.close());
  return forward;
}

/** How the bytes of a socket end: 'end', or the code of an error. */
async function endOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    const code = (error: NodeJS.ErrnoException): void => resolve(String(error.code));
    socket.on('error', code);
    socket.on('end', () =>
      confirmEnd(socket, (error) => (error === null ? resolve('end') : code(error))),
    );
    socket.resume();
  });
}

/** Whether a stream has ended, once it is closed. */
async function endedWell(stream: Readable): Promise<boolean> {
  stream.on('error', () => {});
  stream.resume();
  if (!stream.closed) await new Promise((done) => stream.once('close', done));
  return stream.readableEnded;
}

describe('what ends early', () => {
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  for (const transport of ['spdy', 'websocket'] as const) {
    for (const how of ['FIN', 'RST'] as const) {
      it(`is a reset for local clients when the cluster is lost by ${how} (${transport})`, async () => {
        const source = await target((socket) => socket.end(Buffer.alloc(MUCH)));
        const { server } = await way(await cluster({ portForward: forwardTo() }), how, PART);
        const forward = await begin(server, transport);
        const told = once(forward, 'connectionError');
        const { port } = await forward.listen(source);
        const local = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
        expect(await endOf(local)).to.equal('ECONNRESET');
        expect(local.bytesRead).to.be.below(MUCH);
        const [error, remotePort] = await told;
        expect(error).to.be.instanceOf(ConnectionLostError);
        expect(remotePort).to.equal(source);
        local.destroy();
      });
    }
  }

  it('is a reset for local clients when the forward is closed, and no error of anybody', async () => {
    const source = await target((socket) => socket.write(Buffer.alloc(MUCH)));
    const { server } = await way(await cluster({ portForward: forwardTo() }), 'FIN');
    const forward = await begin(server, 'spdy');
    forward.on('connectionError', (error) => expect.fail(error.message));
    const { port } = await forward.listen(source);
    const local = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(local, 'readable');
    await forward.close();
    expect(await endOf(local)).to.equal('ECONNRESET');
    local.destroy();
  });

  it('is a reset for the target when its client gives up, or is gone', async () => {
    const ends: Promise<string>[] = [];
    const sink = await target((socket) => ends.push(endOf(socket)));
    const { server, breakOff } = await way(await cluster({ portForward: forwardTo() }), 'FIN');
    const forward = await begin(server, 'spdy');
    const [one, two] = [await forward.connect(sink), await forward.connect(sink)];
    for (const connection of [one, two])
      await new Promise((done) => connection.write('half', done));
    await until(() => ends.length === 2);
    one.destroy();
    expect(await Promise.race(ends)).to.equal('ECONNRESET');
    breakOff();
    expect(await Promise.all(ends)).to.deep.equal(['ECONNRESET', 'ECONNRESET']);
  });

  it('is no end of a local client that is reset while nobody reads it', async () => {
    let seen: ForwardedConnection | null = null;
    const port = await cluster({
      portForward: (connection) => {
        seen = connection;
        connection.stream.on('error', () => {});
        return new Promise((done) => connection.stream.once('close', done));
      },
    });
    const { server } = await way(port, 'FIN');
    const forward = await begin(server, 'spdy');
    const listener = await forward.listen(80);
    const local = net.connect(listener.port, '127.0.0.1');
    local.on('error', () => {});
    local.write(Buffer.alloc(MUCH));
    await until(() => local.bytesWritten > 0 && seen !== null && local.writableNeedDrain);
    resetSocket(local);
    const { stream } = seen as unknown as ForwardedConnection;
    expect(await endedWell(stream)).to.equal(false);
  });

  it('is no end of a target that is reset while nobody reads it', async () => {
    let socket: Socket | null = null;
    const source = await target((accepted) => {
      socket = accepted;
      accepted.write(Buffer.alloc(MUCH));
    });
    const { server } = await way(await cluster({ portForward: forwardTo() }), 'FIN');
    const forward = await begin(server, 'spdy');
    const connection = await forward.connect(source);
    connection.on('error', () => {});
    await until(() => (socket?.bytesWritten ?? 0) > 0 && connection.readableLength > 0);
    resetSocket(socket as unknown as Socket);
    expect(await endedWell(connection)).to.equal(false);
    expect(connection.errored).to.be.instanceOf(RemoteFailureError);
  });

  it('is noticed although nobody reads what the client has sent', async () => {
    let command: ServerCommand | null = null;
    const port = await cluster({
      exec: async (given) => {
        command = given;
        await new Promise((done) => given.signal.addEventListener('abort', done));
      },
    });
    const { server, breakOff } = await way(port, 'RST');
    const client = await exec({ cluster: { server }, pod: 'p1', command: ['x'], stdin: true });
    for (const output of [client.stdout, client.stderr]) output.on('error', () => {}).resume();
    client.stdin.on('error', () => {});
    client.stdin.write(Buffer.alloc(MUCH));
    await until(() => command?.request.socket.isPaused() === true);
    breakOff();
    const { signal } = command as unknown as ServerCommand;
    if (!signal.aborted) await once(signal, 'abort');
  });

  for (const how of ['FIN', 'RST'] as const) {
    it(`is no outcome of a command whose output was not read when ${how} came`, async () => {
      const port = await cluster({
        exec: async ({ stdout }) => {
          stdout?.end(Buffer.alloc(MUCH));
          await new Promise((done) => stdout?.once('close', done));
        },
      });
      const { server, breakOff } = await way(port, how);
      const command = await exec({ cluster: { server }, pod: 'p1', command: ['x'] });
      command.stderr.resume();
      await once(command.stdout, 'readable');
      breakOff();
      expect(await endedWell(command.stdout)).to.equal(false);
      const error = await command.exited.catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(ConnectionLostError);
    });

    it(`is no end of a client’s input, of which half has come when ${how} comes`, async () => {
      let command: ServerCommand | null = null;
      const port = await cluster({
        exec: async (given) => {
          command = given;
          await new Promise((done) => given.signal.addEventListener('abort', done));
        },
      });
      const { server, breakOff } = await way(port, how);
      const client = await exec({ cluster: { server }, pod: 'p1', command: ['x'], stdin: true });
      client.stdout.resume();
      client.stderr.resume();
      client.stdin.on('error', () => {});
      for (const output of [client.stdout, client.stderr]) output.on('error', () => {});
      client.stdin.write('half');
      await until(() => command !== null);
      breakOff();
      const { stdin } = command as unknown as ServerCommand;
      expect(await endedWell(stdin as Readable)).to.equal(false);
    });
  }
});
