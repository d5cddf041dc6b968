import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import type {
  ForwardedConnection,
  PortForwardHandler,
} from '../../../lib/kubernetes/server/forward-session.ts';
import { forwardTo } from '../../../lib/kubernetes/server/forward-to.ts';
import type { StreamingServerOptions } from '../../../lib/kubernetes/server/options.ts';
import {
  FORWARD_PATH,
  refusedClient,
  type ServedStreams,
  serveStreams,
} from '../../support/kubernetes-peer.ts';
import { until } from '../../support/session-pair.ts';

const V4 = 'v4.channel.k8s.io';
const BASE64 = 'v4.base64.channel.k8s.io';

/** A client that speaks for itself. */
interface ChannelClient {
  readonly socket: WebSocket;
  /** What came on each channel, behind the number of the port. */
  readonly received: Map<number, Buffer>;
  /** The first message of each channel. */
  readonly ports: Map<number, number>;
  readonly closed: Promise<number>;
  send(channel: number, data: string | Buffer): void;
}

describe('Kubernetes server: port forwarding over the channels of a WebSocket', () => {
  let served: ServedStreams;
  const cleanups: (() => unknown)[] = [];

  async function serve(
    portForward: PortForwardHandler,
    options: StreamingServerOptions = {},
  ): Promise<void> {
    served = await serveStreams({ portForward }, options);
    cleanups.push(() => served.stop());
  }

  async function connect(
    query: string,
    protocols: string[] = [V4],
    headers: Record<string, string> = {},
  ): Promise<ChannelClient> {
    const url = `ws://127.0.0.1:${served.port}${FORWARD_PATH}?${query}`;
    const socket = new WebSocket(url, protocols, { headers });
    const received = new Map<number, Buffer>();
    const ports = new Map<number, number>();
    const isText = protocols[0] === BASE64;
    socket.on('message', (message: Buffer, isBinary: boolean) => {
      expect(isBinary).to.equal(!isText);
      const channel = (message[0] as number) - (isText ? 0x30 : 0);
      const data = isText
        ? Buffer.from(message.toString('latin1', 1), 'base64')
        : message.subarray(1);
      const before = received.get(channel);
      if (ports.has(channel))
        received.set(channel, before === undefined ? data : Buffer.concat([before, data]));
      else ports.set(channel, data.readUInt16LE());
    });
    const closed = new Promise<number>((done) => socket.once('close', done));
    await once(socket, 'open');
    const send = (channel: number, data: string | Buffer): void => {
      const bytes = Buffer.from(data as string);
      if (isText) socket.send(String.fromCharCode(0x30 + channel) + bytes.toString('base64'));
      else socket.send(Buffer.concat([Buffer.of(channel), bytes]));
    };
    return { socket, received, ports, closed, send };
  }

  /** A TCP server on a free port. */
  async function target(listener: (socket: net.Socket) => void): Promise<number> {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      listener(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  const echo: PortForwardHandler = ({ stream }) => pipeline(stream, stream, { end: false });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  for (const [name, protocols] of [
    ['in binary', [V4]],
    ['in base64', [BASE64]],
    ['without a sub-protocol', []],
  ] as const) {
    it(`has two channels for each port, which begin with its number, ${name}`, async () => {
      const seen: number[] = [];
      await serve(({ port, stream, ...connection }) => {
        seen.push(port);
        return echo({ port, stream, ...connection });
      });
      const client = await connect('ports=80,8443&ports=1', [...protocols]);
      client.send(0, 'hello');
      client.send(4, Buffer.of(0, 255, 128));
      client.send(2, 'there');
      client.send(2, '!');
      await until(
        () => client.received.get(2)?.length === 6 && client.received.get(4)?.length === 3,
      );
      await until(() => client.received.get(0)?.length === 5);
      expect(seen).to.deep.equal([80, 8443, 1]);
      expect([...client.ports].sort(([a], [b]) => a - b)).to.deep.equal([
        [0, 80],
        [1, 80],
        [2, 8443],
        [3, 8443],
        [4, 1],
        [5, 1],
      ]);
      expect(client.received.get(0)?.toString()).to.equal('hello');
      expect(client.received.get(2)?.toString()).to.equal('there!');
      expect(client.received.get(4)).to.deep.equal(Buffer.of(0, 255, 128));
      client.socket.close(1000);
      expect(await client.closed).to.equal(1000);
      await until(() => served.streaming.sessions === 0);
      expect(served.errors).to.deep.equal([]);
    });
  }

  it('has as many ports as channels have numbers', async () => {
    await serve(echo);
    const list = (length: number): string => Array.from({ length }, (_, i) => i + 1).join();
    for (const [protocol, most] of [
      [V4, 127],
      [BASE64, 39],
    ] as const) {
      const client = await connect(`ports=${list(most)}`, [protocol]);
      client.send(2 * most - 2, 'last');
      await until(() => client.received.get(2 * most - 2)?.toString() === 'last');
      client.socket.close();
      await client.closed;
      const lines = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='];
      const refused = await refusedClient(served.port, `${FORWARD_PATH}?ports=${list(most + 1)}`, {
        method: 'GET',
        upgrade: 'websocket',
        lines: [...lines, `Sec-WebSocket-Protocol: ${protocol}`],
      });
      expect(refused).to.match(/^HTTP\/1\.1 400 /);
      expect(refused).to.include(`1 to ${most} ports`);
    }
  });

  it('closes with 1000 when all targets have ended, behind their last byte', async () => {
    const much = Buffer.alloc(300_000, 'x');
    const ports = [
      await target((socket) => socket.end(much)),
      await target((socket) => socket.resume().end('done')),
    ];
    await serve(forwardTo());
    const client = await connect(`ports=${ports}`);
    expect(await client.closed).to.equal(1000);
    expect(client.received.get(0)?.equals(much)).to.equal(true);
    expect(client.received.get(2)?.toString()).to.equal('done');
    expect([...client.received.keys()].sort()).to.deep.equal([0, 2]);
  });

  it('says on its error channel why a connection fails; the others go on', async () => {
    const port = await target((socket) => socket.pipe(socket));
    await serve(async (connection) => {
      if (connection.port === 81) throw new Error('nobody is there');
      await forwardTo()(connection);
    });
    const client = await connect(`ports=81,${port}`);
    await until(() => client.received.has(1));
    expect(client.received.get(1)?.toString()).to.equal(
      'error forwarding port 81 to pod p1, uid : nobody is there',
    );
    client.send(2, 'still here');
    await until(() => client.received.get(2)?.toString() === 'still here');
    client.socket.close(1000);
    await client.closed;
    expect(served.errors.map(String)).to.deep.equal(['Error: nobody is there']);
  });

  it('closes with 1011 when a connection has failed: what came is not everything', async () => {
    const port = await target((socket) => {
      socket.write('half');
      socket.once('data', () => socket.resetAndDestroy());
    });
    await serve(forwardTo());
    const client = await connect(`ports=${port}`);
    await until(() => client.received.get(0)?.toString() === 'half');
    client.send(0, 'go');
    expect(await client.closed).to.equal(1011);
    expect(client.received.get(1)?.toString()).to.include('ECONNRESET');
  });

  it('gives the target all that came before the close frame', async () => {
    const much = Buffer.alloc(700_000, 'y');
    let got = 0;
    let ended = false;
    const port = await target((socket) => {
      socket.on('data', (chunk) => {
        got += chunk.length;
      });
      socket.on('end', () => {
        ended = true;
        socket.end();
      });
      // It writes on, and nobody is there.
      socket.write('x'.repeat(100_000));
    });
    await serve(forwardTo());
    const client = await connect(`ports=${port}`);
    client.send(0, much);
    client.socket.close(1000);
    await until(() => ended);
    expect(got).to.equal(much.length);
    await until(() => served.streaming.sessions === 0);
    expect(served.errors).to.deep.equal([]);
  });

  it('resets the target when the connection of the client is lost', async () => {
    let reason: Error | null = null;
    let open = false;
    const port = await target((socket) => {
      open = true;
      socket.on('error', (error) => {
        reason = error;
      });
      socket.resume();
    });
    await serve(forwardTo());
    const client = await connect(`ports=${port}`);
    client.send(0, 'half');
    await until(() => open);
    client.socket.terminate();
    await until(() => reason !== null);
    expect((reason as unknown as NodeJS.ErrnoException).code).to.equal('ECONNRESET');
    await until(() => served.streaming.sessions === 0);
  });

  it('tells a handler that does not read that the client has gone', async () => {
    let gone = false;
    await serve(async ({ signal }) => {
      await once(signal, 'abort');
      gone = true;
    });
    const client = await connect('ports=80');
    client.socket.close(1000);
    await until(() => gone && served.streaming.sessions === 0);
  });

  it('holds a client back whose data nobody reads, and lets it go on', async () => {
    let connection: ForwardedConnection | null = null;
    await serve(async (given) => {
      connection = given;
      await once(given.stream, 'end');
    });
    const client = await connect('ports=80');
    const piece = Buffer.alloc(65536);
    for (let i = 0; i < 256; i++) client.send(0, piece);
    await until(
      () => connection?.stream.readableLength !== undefined && connection.stream.readableLength > 0,
    );
    const { stream } = connection as unknown as ForwardedConnection;
    // A second one would be behind the first.
    expect(stream.readableLength).to.be.at.most(2 * piece.length);
    let length = 0;
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    await until(() => length === 256 * piece.length);
    client.socket.close(1000);
    await until(() => served.streaming.sessions === 0);
  });

  it('sends clients away that are silent, and when the server closes', async () => {
    await serve(({ signal }) => once(signal, 'abort').then(() => {}), { idleTimeoutMs: 30 });
    const silent = await connect('ports=80');
    expect(await silent.closed).to.equal(1001);
    await served.stop();
    await serve(({ signal }) => once(signal, 'abort').then(() => {}));
    const client = await connect('ports=80');
    const stopped = served.streaming.close();
    expect(await client.closed).to.equal(1001);
    await stopped;
  });

  it('refuses pages of other sites, no ports, and sub-protocols that it does not speak', async () => {
    await serve(echo);
    const ask = async (query: string, ...lines: string[]): Promise<string> =>
      refusedClient(served.port, FORWARD_PATH + query, {
        method: 'GET',
        upgrade: 'websocket',
        lines: [
          'Sec-WebSocket-Version: 13',
          'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
          ...lines,
        ],
      });
    expect(await ask('?ports=80', 'Origin: https://evil.example')).to.match(/^HTTP\/1\.1 403 /);
    expect(await ask('')).to.match(/^HTTP\/1\.1 400 /);
    for (const ports of ['0', '65536', '80,', 'a', '80,x'])
      expect(await ask(`?ports=${ports}`)).to.match(/^HTTP\/1\.1 400 /);
    expect(await ask('?ports=80', 'Sec-WebSocket-Protocol: v5.channel.k8s.io')).to.match(
      /^HTTP\/1\.1 403 /,
    );
  });
});
