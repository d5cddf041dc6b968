import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { expect } from 'chai';
import { WebSocket, WebSocketServer } from 'ws';
import { resetSocket } from '../../lib/common/network/socket-end.ts';
import { attach, exec } from '../../lib/kubernetes/client/command/exec.ts';
import { run } from '../../lib/kubernetes/client/command/run.ts';
import { copyFromPod } from '../../lib/kubernetes/copy/from-pod.ts';
import { copyToPod } from '../../lib/kubernetes/copy/to-pod.ts';
import {
  ConnectionLostError,
  RemoteFailureError,
  UpgradeRefusedError,
} from '../../lib/kubernetes/errors.ts';
import type { ServerCommand } from '../../lib/kubernetes/server/command.ts';
import type { CommandHandler } from '../../lib/kubernetes/server/command-outcome.ts';
import type { StreamingServerOptions } from '../../lib/kubernetes/server/options.ts';
import { runProcess } from '../../lib/kubernetes/server/run-process.ts';
import { createStreamingServer } from '../../lib/kubernetes/server/streaming-server.ts';
import { cutIntoMessages, MAX_CHANNEL_MESSAGE } from '../../lib/kubernetes/wire/channels.ts';
import { until } from '../support/session-pair.ts';

const MUCH = 8 << 20;
const EXEC = '/api/v1/namespaces/n/pods/p/exec';

const cleanups: (() => unknown)[] = [];

interface Served {
  readonly server: string;
  readonly requests: IncomingMessage[];
  readonly sockets: Socket[];
  /** What was told of broken clients. */
  readonly broken: Error[];
}

/** What becomes of an upgrade before the streaming server sees it; true: nothing more. */
type Gate = (request: IncomingMessage, socket: Socket) => boolean;

async function serve(
  handler: CommandHandler,
  { gate = () => false, ...options }: StreamingServerOptions & { readonly gate?: Gate } = {},
): Promise<Served> {
  const requests: IncomingMessage[] = [];
  const sockets: Socket[] = [];
  const broken: Error[] = [];
  const streaming = createStreamingServer({ exec: handler, attach: handler }, options);
  streaming.on('sessionError', (error) => broken.push(error));
  const server = http.createServer();
  server.on('upgrade', (request, socket, head) => {
    requests.push(request);
    sockets.push(socket as Socket);
    socket.on('error', () => {});
    if (!gate(request, socket as Socket)) streaming.handleUpgrade(request, socket, head);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    await streaming.close();
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return { server: `http://127.0.0.1:${port}`, requests, sockets, broken };
}

/** A gateway that knows nothing but WebSocket. */
const onlyWebSocket: Gate = (request, socket) => {
  if (request.headers.upgrade === 'websocket') return false;
  socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nConnection: close\r\n\r\nhtml');
  return true;
};

const local: CommandHandler = (command) => runProcess(command);

const target = (
  served: Served,
): { cluster: { server: string }; pod: string; transport: 'websocket' } => ({
  cluster: { server: served.server },
  pod: 'p1',
  transport: 'websocket',
});

/** A client that speaks for itself. */
interface RawClient {
  readonly socket: WebSocket;
  readonly messages: { readonly data: Buffer; readonly isBinary: boolean }[];
  /** The close code, once it is closed. */
  readonly closed: Promise<number>;
}

async function raw(
  { server }: Served,
  query: string,
  protocols: string[],
  headers: Record<string, string> = {},
): Promise<RawClient> {
  const url = `${server.replace('http', 'ws')}${EXEC}?${query}`;
  const socket = new WebSocket(url, protocols, { headers });
  const messages: { data: Buffer; isBinary: boolean }[] = [];
  socket.on('message', (data: Buffer, isBinary: boolean) => messages.push({ data, isBinary }));
  const closed = new Promise<number>((done) => socket.once('close', done));
  await once(socket, 'open');
  return { socket, messages, closed };
}

/** A server that speaks for itself. */
async function rawServer(
  script: (socket: WebSocket, connection: Socket) => void,
  protocol = 'v5.channel.k8s.io',
): Promise<Served> {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: () => protocol,
  });
  await once(server, 'listening');
  server.on('connection', (socket, request) => script(socket, request.socket));
  cleanups.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { server: `http://127.0.0.1:${port}`, requests: [], sockets: [], broken: [] };
}

/** A message for a channel. */
function on(channel: number, content: string | Buffer): Buffer {
  return Buffer.concat([Buffer.of(channel), Buffer.from(content)]);
}

const OK = on(3, JSON.stringify({ status: 'Success' }));

describe('commands over WebSocket', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-websocket-'));
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    rmSync(folder, { recursive: true, force: true });
  });

  describe('between our client and our server', () => {
    it('have exit codes, half close, and lose no byte', async () => {
      const served = await serve(local);
      const command = ['sh', '-c', 'cat; echo gone >&2; exit 137'];
      const input = Buffer.alloc(MUCH, 'input ');
      const result = await run({ ...target(served), command, input });
      expect([result.exitCode, result.stderr.toString()]).to.deep.equal([137, 'gone\n']);
      expect(result.stdout.equals(input)).to.equal(true);
      expect(served.requests.map(({ method }) => method)).to.deep.equal(['GET']);
      expect((await run({ ...target(served), command: ['true'] })).exitCode).to.equal(0);
    });

    it('copy both ways', async () => {
      const served = await serve((command) => runProcess(command, { cwd: folder }));
      mkdirSync(path.join(folder, 'src'));
      for (let size = 0; size < 5; size++)
        writeFileSync(path.join(folder, `src/${size}`), Buffer.alloc(size * 100_000, `${size}`));
      await copyToPod({ ...target(served), from: path.join(folder, 'src'), to: 'there' });
      const to = path.join(folder, 'back');
      expect(await copyFromPod({ ...target(served), from: 'there', to })).to.include({ files: 5 });
      for (let size = 0; size < 5; size++)
        expect(readFileSync(path.join(to, `${size}`)).length).to.equal(size * 100_000);
    });

    it('tell the size of a terminal, at once and later', async () => {
      const sizes: unknown[] = [];
      const served = await serve(async (command) => {
        if (command.size === null) await once(command, 'resize');
        sizes.push(command.size, command.protocol, command.stderr);
        await once(command, 'resize');
        sizes.push(command.size);
      });
      const first = { columns: 80, rows: 24 };
      const second = { columns: 100, rows: 30 };
      const options = { command: ['sh'], stdin: true, tty: true, size: first } as const;
      const command = await exec({ ...target(served), ...options });
      command.stdout.resume();
      await until(() => sizes.length === 3);
      command.resize(second);
      await command.exited;
      expect(sizes).to.deep.equal([first, 'v5.channel.k8s.io', null, second]);
    });

    it('hold the command back while nobody reads, and hold nothing else', async () => {
      let written = 0;
      const served = await serve(async ({ stdout }) => {
        for (let i = 0; i < 64 && stdout?.destroyed === false; i++) {
          await new Promise((done) => stdout.write(Buffer.alloc(MUCH / 8), done));
          written += MUCH / 8;
        }
      });
      const command = await exec({ ...target(served), command: ['x'] });
      command.stderr.resume();
      await once(command.stdout, 'readable');
      const before = process.memoryUsage().arrayBuffers;
      await until(() => written > 0);
      let last = -1;
      while (last !== written) {
        last = written;
        await new Promise((next) => setTimeout(next, 50));
      }
      expect(process.memoryUsage().arrayBuffers - before).to.be.below(MUCH);
      expect(written).to.be.below(8 * MUCH);
      expect((await buffer(command.stdout)).length).to.equal(8 * MUCH);
      expect(await command.exited).to.deep.equal({ exitCode: 0 });
    });

    it('close stdin when the command wants no more of it', async () => {
      const served = await serve(async ({ stdin }) => {
        await once(stdin as Readable, 'data');
        stdin?.destroy();
        return 4;
      });
      const command = await exec({ ...target(served), command: ['x'], stdin: true });
      for (const output of [command.stdout, command.stderr]) output.resume();
      command.stdin.write(Buffer.alloc(MUCH));
      expect(await command.exited).to.deep.equal({ exitCode: 4 });
      expect(command.stdin.destroyed).to.equal(true);
    });

    it('attach, and fail as over SPDY', async () => {
      const served = await serve((command) => {
        if (command.kind === 'attach') return command.stdout?.end('main') && 0;
        throw new Error('no such container');
      });
      const attached = await attach(target(served));
      attached.stderr.resume();
      expect(await text(attached.stdout)).to.equal('main');
      expect(await attached.exited).to.deep.equal({ exitCode: null });
      const failed = await run({ ...target(served), command: ['x'] }).catch((error) => error);
      expect(failed).to.be.instanceOf(RemoteFailureError);
      expect(failed.message).to.match(/no such container/);
    });

    it('end when the server closes, when the client gives up, and by a signal', async () => {
      const commands: ServerCommand[] = [];
      const served = await serve(async (command) => {
        commands.push(command);
        await new Promise((done) => command.signal.addEventListener('abort', done));
      });
      const abort = new AbortController();
      const begin = async (signal?: AbortSignal) => {
        const command = await exec({
          ...target(served),
          command: ['x'],
          stdin: true,
          ...(signal === undefined ? {} : { signal }),
        });
        for (const output of [command.stdout, command.stderr])
          output.on('error', () => {}).resume();
        return command;
      };
      const [given, aborted, lost] = [await begin(), await begin(abort.signal), await begin()];
      await until(() => commands.length === 3);
      given.close();
      abort.abort();
      for (const command of [given, aborted])
        expect(await command.exited.catch((error) => error.code)).to.equal('ERR_SPDY_ABORTED');
      for (const socket of served.sockets) resetSocket(socket);
      expect(await lost.exited.catch((error) => error)).to.be.instanceOf(ConnectionLostError);
      await until(() => commands.every(({ signal }) => signal.aborted));
      for (const { stdin } of commands) expect(stdin?.readableEnded).to.equal(false);
    });
  });

  describe('of our client', () => {
    it('are what is left when a gateway lets nothing else through: any answer, an end, or none', async () => {
      const gates: Gate[] = [
        onlyWebSocket,
        (request, socket) => request.headers.upgrade !== 'websocket' && socket.destroy() !== null,
        (request, socket) => {
          if (request.headers.upgrade === 'websocket') return false;
          resetSocket(socket);
          return true;
        },
        (request) => request.headers.upgrade !== 'websocket',
      ];
      for (const gate of gates) {
        const served = await serve(local, { gate });
        const options = { ...target(served), transport: 'auto', timeoutMs: 1000 } as const;
        const { stdout } = await run({ ...options, command: ['echo', 'through'] });
        expect(stdout.toString()).to.equal('through\n');
        expect(served.requests.map(({ method }) => method)).to.deep.equal(['POST', 'GET']);
      }
    });

    it('tell the first refusal when both ways are closed, and ask no second time for nothing', async () => {
      const served = await serve(local, { authorize: () => false });
      const auto = { ...target(served), transport: 'auto', command: ['true'] } as const;
      const error = await run(auto).catch((reason) => reason);
      expect(error).to.be.instanceOf(UpgradeRefusedError).and.include({ statusCode: 403 });
      expect(served.requests).to.have.lengthOf(2);
      const nobody = { server: 'http://127.0.0.1:1' };
      expect(await run({ ...auto, cluster: nobody }).catch((reason) => reason.code)).to.equal(
        'ECONNREFUSED',
      );
    });

    it('take output and status in any messages, and leave out what they do not know', async () => {
      const status = JSON.stringify({
        status: 'Failure',
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: '7' }] },
      });
      const served = await rawServer((socket) => {
        for (const message of [on(1, ''), Buffer.alloc(0), on(1, 'out'), on(9, 'x'), on(2, 'err')])
          socket.send(message);
        for (const piece of [status.slice(0, 20), status.slice(20)]) socket.send(on(3, piece));
        socket.close(1000);
      }, 'v4.channel.k8s.io');
      const { exitCode, stdout, stderr } = await run({ ...target(served), command: ['x'] });
      expect([exitCode, `${stdout}`, `${stderr}`]).to.deep.equal([7, 'out', 'err']);
    });

    it('never take a lost connection for an outcome', async () => {
      const ends: [string, (socket: WebSocket, connection: Socket) => void][] = [
        ['without a status', (socket) => socket.close(1000)],
        ['with another code', (socket) => socket.send(OK, () => socket.close(1011))],
        ['without a close frame', (socket, connection) => socket.send(OK, () => connection.end())],
        ['by a reset', (socket, connection) => socket.send(OK, () => resetSocket(connection))],
        ['by a wrong type', (socket) => socket.send('text')],
      ];
      for (const [how, end] of ends) {
        const served = await rawServer((socket, connection) => {
          socket.send(on(1, 'part'));
          end(socket, connection);
        });
        const error = await run({ ...target(served), command: ['x'] }).catch((reason) => reason);
        if (how === 'by a wrong type') expect(error).to.include({ code: 'ERR_SPDY_PROTOCOL' });
        else expect(error, how).to.be.instanceOf(ConnectionLostError);
      }
    });

    it('do not use a server whose stdin could not end', async () => {
      const served = await rawServer(() => {}, 'v4.channel.k8s.io');
      const error = await run({ ...target(served), command: ['x'], input: 'x' }).catch((e) => e);
      expect(error).to.be.instanceOf(UpgradeRefusedError);
    });

    it('notice a server that stands still', async () => {
      const served = await rawServer((_socket, connection) => connection.pause());
      const pings = { pingIntervalMs: 5, pingTimeoutMs: 20 };
      const error = await run({ ...target(served), ...pings, command: ['x'] }).catch((e) => e);
      expect(error).to.be.instanceOf(ConnectionLostError);
      expect(error).to.have.nested.property('cause.code', 'ERR_SPDY_TIMEOUT');
    });
  });

  describe('of our server', () => {
    const all = 'command=x&stdin=true&stdout=true&stderr=true';
    const upper: CommandHandler = async ({ stdin, stdout, stderr }) => {
      const [chunk] = (await once(stdin as Readable, 'data')) as [Buffer];
      stderr?.write('é');
      stdout?.write(chunk.toString().toUpperCase());
      return 3;
    };

    for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io', '']) {
      it(`speak ${protocol || 'no sub-protocol'}, to clients that send text too`, async () => {
        const served = await serve(upper);
        const client = await raw(served, all, protocol === '' ? [] : [protocol, 'v3.other']);
        expect(client.socket.protocol).to.equal(protocol);
        client.socket.send(protocol === '' ? on(0, 'typed') : '\0typed');
        expect(await client.closed).to.equal(1000);
        const data = client.messages.map(({ data: message }) => message);
        expect(client.messages.every(({ isBinary }) => isBinary)).to.equal(true);
        expect(data.every((message) => message.length > 1)).to.equal(true);
        expect(data.slice(0, 2)).to.have.deep.members([on(2, 'é'), on(1, 'TYPED')]);
        expect(data[2]?.[0]).to.equal(3);
        const told = String(data[2]?.subarray(1));
        if (protocol.startsWith('v')) {
          const [cause] = JSON.parse(told).details.causes;
          expect(cause).to.deep.equal({ reason: 'ExitCode', message: '3' });
        } else expect(told).to.match(/exit code: exit status 3/);
      });
    }

    for (const protocol of ['v4.base64.channel.k8s.io', 'base64.channel.k8s.io']) {
      it(`speak ${protocol}`, async () => {
        const served = await serve(upper);
        const client = await raw(served, all, [protocol]);
        client.socket.send(`0${Buffer.from('typed').toString('base64')}`);
        expect(await client.closed).to.equal(1000);
        expect(client.messages.every(({ isBinary }) => !isBinary)).to.equal(true);
        const told = client.messages.map(({ data }) => String(data));
        expect(told).to.include(`1${Buffer.from('TYPED').toString('base64')}`);
        expect(told.at(-1)?.[0]).to.equal('3');
      });
    }

    it('take what clients should not send', async () => {
      const served = await serve(upper, { endTimeoutMs: 1000 });
      const client = await raw(served, all, ['v5.channel.k8s.io']);
      for (const message of ['', Buffer.of(255), Buffer.of(255, 1), on(7, 'x'), on(4, 'no size')])
        client.socket.send(message);
      client.socket.send(on(0, 'typed'));
      expect(await client.closed).to.equal(1000);
      expect(served.broken).to.deep.equal([]);
      const huge = await raw(served, all, ['v5.channel.k8s.io']);
      huge.socket.send(Buffer.alloc(9 << 20));
      expect(await huge.closed).to.equal(1009);
      expect(served.broken).to.have.lengthOf(1);
    });

    it('are for pages of their own origin, and those that are named', async () => {
      const origins = ['https://console.example'];
      const served = await serve(() => 0, { origins });
      const open = (origin: string) =>
        raw(served, 'command=x&stdout=true', ['v4.channel.k8s.io'], { origin }).then(
          () => 'open',
          (error: Error) => error.message,
        );
      expect(await open(served.server)).to.equal('open');
      expect(await open('https://console.example')).to.equal('open');
      for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1'])
        expect(await open(origin), origin).to.match(/403/);
      expect(await raw(served, 'command=x&stdout=true', ['v9.other']).catch(String)).to.match(
        /403/,
      );
      expect(() => createStreamingServer({}, { origins: ['console.example'] })).to.throw(/origins/);
    });

    it('end when nothing comes, and when the server closes', async () => {
      const idle = await serve(upper, { idleTimeoutMs: 30 });
      expect(await (await raw(idle, all, ['v5.channel.k8s.io'])).closed).to.equal(1001);
      const served = await serve(upper);
      const client = await raw(served, all, ['v5.channel.k8s.io']);
      client.socket.ping('are you there');
      const [answer] = (await once(client.socket, 'pong')) as [Buffer];
      expect(String(answer)).to.equal('are you there');
      const closing = cleanups.pop();
      const closed = closing?.();
      expect(await client.closed).to.equal(1001);
      await closed;
    });

    it('notice a client that is gone while nobody reads its input', async () => {
      let command: ServerCommand | null = null;
      const served = await serve(async (given) => {
        command = given;
        await new Promise((done) => given.signal.addEventListener('abort', done));
      });
      const client = await raw(served, all, ['v5.channel.k8s.io']);
      client.socket.send(on(0, Buffer.alloc(1 << 20)));
      client.socket.send(on(0, Buffer.alloc(7 << 20)));
      await until(() => served.sockets[0]?.isPaused() === true);
      client.socket.terminate();
      const { signal } = command as unknown as ServerCommand;
      if (!signal.aborted) await once(signal, 'abort');
    });
  });

  it('cut output at the borders of characters, where it is text', () => {
    const whole = Buffer.from('äöü€𝄞'.repeat(20_000));
    const pieces = cutIntoMessages(whole);
    expect(Buffer.concat(pieces).equals(whole)).to.equal(true);
    for (const piece of pieces) {
      expect(piece.length).to.be.at.most(MAX_CHANNEL_MESSAGE);
      expect(piece.toString()).not.to.include('\ufffd');
    }
    const binary = Buffer.alloc(100_000, 0x80);
    expect(Buffer.concat(cutIntoMessages(binary)).equals(binary)).to.equal(true);
    expect(cutIntoMessages(Buffer.alloc(0))).to.have.lengthOf(1);
  });
});
