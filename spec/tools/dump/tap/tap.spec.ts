import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeCertificate } from '../../../../lib/http/server/connection/certificate.ts';
import { createServer, fetch, SpdyAgent, type SpdyServer } from '../../../../lib/index.ts';
import { createFakeApiServer, exec, portForward } from '../../../../lib/kubernetes/index.ts';
import { Tap } from '../../../../lib/tools/dump/tap/tap.ts';
import type { TapOptions } from '../../../../lib/tools/dump/tap/tap-options.ts';
import { Collected } from '../collect.ts';

describe('Tap', () => {
  let found: Collected;
  let tap: Tap;
  const closing: (() => unknown)[] = [];

  beforeEach(() => {
    found = new Collected();
  });

  afterEach(async () => {
    await tap.close();
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function tapTo(port: number, options: Partial<TapOptions> = {}): Promise<Tap> {
    tap = await new Tap({ host: '127.0.0.1', port, ...options }, found).listen();
    return tap;
  }

  async function serve(server: SpdyServer): Promise<number> {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    closing.push(async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    });
    return (server.address() as AddressInfo).port;
  }

  /** A plain TCP server, with what is done with its connections. */
  async function serveTcp(accept: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      accept(socket);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    closing.push(async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    });
    return (server.address() as AddressInfo).port;
  }

  function closeOf(socket: Socket): Promise<void> {
    return new Promise((resolve) => socket.once('close', () => resolve()));
  }

  it('shows the frames of plain connections, in the order of both directions', async () => {
    const server = createServer({ tls: false, version: 'spdy/3.1' }, (_request, response) =>
      response.end('x'.repeat(100_000)),
    );
    await tapTo(await serve(server));
    const agent = new SpdyAgent({ version: 'spdy/3.1' });
    closing.push(() => agent.destroy());
    const response = await fetch(`http://127.0.0.1:${tap.port}/page`, { agent });
    expect(await response.text()).to.have.length(100_000);
    const types = found.frames.map(({ direction, type }) => `${direction} ${type}`);
    expect(types).to.include.members(['c2s SYN_STREAM', 's2c SYN_REPLY', 's2c DATA']);
    expect(types.indexOf('c2s SYN_STREAM')).to.be.below(types.indexOf('s2c SYN_REPLY'));
    expect(found.warnings).to.deep.equal([]);
    expect(found.bodies.get('s2c 1')).to.have.length(100_000);
  });

  it('ends TLS, and offers what the server speaks, in its order', async () => {
    const certificate = makeCertificate();
    const server = createServer(
      { ...certificate, versions: ['spdy/3', 'spdy/2'] },
      (request, response) => response.end(request.url),
    );
    await tapTo(await serve(server), { ca: certificate.cert });
    const agent = new SpdyAgent({ tls: { ca: tap.certificate } });
    closing.push(() => agent.destroy());
    const response = await fetch(`https://localhost:${tap.port}/page`, { agent });
    expect(await response.text()).to.equal('/page');
    expect(found.events[0]).to.include({ event: 'connection' });
    const opening = found.frames.find(({ type }) => type === 'SYN_STREAM');
    expect(opening?.headers).to.deep.include([':path', '/page']);
  });

  it('verifies the server, unless it shall not', async () => {
    const server = createServer({ ...makeCertificate() }, (_request, response) =>
      response.end('ok'),
    );
    const port = await serve(server);
    await tapTo(port);
    const agent = new SpdyAgent({ tls: { ca: tap.certificate } });
    closing.push(() => agent.destroy());
    const error = await fetch(`https://localhost:${tap.port}/`, { agent }).catch(
      (reason) => reason,
    );
    expect(error).to.be.instanceOf(Error);
    expect(found.notes.join()).to.match(/self-signed certificate/);
    await tap.close();
    await tapTo(port, { verify: false });
    const second = new SpdyAgent({ tls: { ca: tap.certificate } });
    closing.push(() => second.destroy());
    const response = await fetch(`https://localhost:${tap.port}/`, { agent: second });
    expect(await response.text()).to.equal('ok');
  });

  it('shows commands of Kubernetes behind their upgrade', async () => {
    const fake = await createFakeApiServer({ pods: ['p1'] }).listen();
    closing.push(() => fake.close());
    await tapTo(Number(new URL(fake.url).port));
    const command = await exec({
      cluster: { server: `http://127.0.0.1:${tap.port}` },
      namespace: 'default',
      pod: 'p1',
      command: ['echo', 'hello'],
      transport: 'spdy',
    });
    command.stdout?.resume();
    await command.exited;
    const streams = found.frames.filter(({ type }) => type === 'SYN_STREAM');
    const kinds = streams.flatMap(({ headers = [] }) =>
      headers.filter(([name]) => name === 'streamtype'),
    );
    expect(kinds.map(([, kind]) => kind)).to.include.members(['error', 'stdout']);
    expect([...found.bodies.values()].map(String)).to.include('hello\n');
    expect((found.events[0] as { opening?: string }).opening).to.match(
      /^POST .*\/exec.*Upgrade: SPDY\/3\.1/,
    );
  });

  it('shows forwarded ports inside of a WebSocket', async () => {
    const target = await serveTcp((socket) =>
      socket.on('data', (chunk) => socket.end(`got ${chunk}`)),
    );
    const fake = await createFakeApiServer({
      pods: [{ name: 'p1', ports: { 80: target } }],
    }).listen();
    closing.push(() => fake.close());
    await tapTo(Number(new URL(fake.url).port));
    const cluster = { server: `http://127.0.0.1:${tap.port}` };
    const forward = await portForward({ cluster, pod: 'p1', transport: 'websocket' });
    closing.push(() => forward.close());
    const stream = await forward.connect(80);
    stream.end('question');
    expect((await stream.setEncoding('utf8').toArray()).join('')).to.equal('got question');
    expect((found.events[0] as { opening?: string }).opening).to.match(
      /^GET .*\/portforward.*\(WebSocket: SPDY\/3\.1\+portforward\.k8s\.io\)$/,
    );
    expect([...found.bodies.values()].map(String)).to.include.members(['question', 'got question']);
    expect(found.notes).to.deep.equal([]);
  });

  it('passes on the end of one direction while the other goes on', async () => {
    const port = await serveTcp((socket) => {
      let seen = '';
      socket.on('data', (chunk) => {
        seen += chunk;
      });
      socket.on('end', () => socket.end(`got ${seen}`));
    });
    await tapTo(port);
    const client = connect({ port: tap.port, host: '127.0.0.1', allowHalfOpen: true });
    client.end('all');
    const answer = await client.setEncoding('utf8').toArray();
    expect(answer.join('')).to.equal('got all');
  });

  it('passes on that a side was reset, either way', async () => {
    let accepted: ((socket: Socket) => void) | null = null;
    const next = (): Promise<Socket> =>
      new Promise((resolve) => {
        accepted = resolve;
      });
    await tapTo(await serveTcp((socket) => accepted?.(socket)));
    for (const side of ['client', 'server']) {
      const socket = next();
      const client = connect(tap.port, '127.0.0.1');
      client.on('error', () => {});
      client.write(Buffer.from('800300060000000400000001', 'hex'));
      const server = await socket;
      await once(server, 'data');
      const [one, other] = side === 'client' ? [client, server] : [server, client];
      const error = closeOf(other).then(() => other.errored);
      one.resetAndDestroy();
      expect(await error).to.have.property('code', 'ECONNRESET');
    }
    const ends = found.events.filter((event) => event.event === 'end');
    expect(ends.some((event) => event.event === 'end' && event.reset)).to.equal(true);
  });

  it('takes no more than the other side does', async () => {
    const port = await serveTcp((socket) => socket.pause());
    await tapTo(port);
    const client = connect(tap.port, '127.0.0.1');
    client.on('error', () => {});
    const piece = Buffer.alloc(1 << 20, 0x80);
    const most = 64;
    let sent = 0;
    while (sent < most && client.write(piece)) sent++;
    // What the machine and both sockets hold is far less than all.
    for (; sent < most; sent++) {
      const drained = await Promise.race([
        once(client, 'drain').then(() => true),
        new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 300)),
      ]);
      if (!drained) break;
      client.write(piece);
    }
    expect(sent).to.be.below(most);
    client.destroy();
  });

  it('tells that the server cannot be reached, and lets the client go', async () => {
    const port = await serveTcp(() => {});
    for (const close of closing.splice(0)) await close();
    await tapTo(port);
    const client = connect(tap.port, '127.0.0.1');
    client.on('error', () => {});
    client.write('x');
    await closeOf(client);
    expect(found.notes[0]).to.match(/^the server: connect ECONNREFUSED/);
  });

  if (process.platform !== 'win32')
    it('stands between unix sockets', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'spdylay-spec-'));
      closing.push(() => rmSync(folder, { recursive: true }));
      const [front, back] = [join(folder, 'front'), join(folder, 'back')];
      const server = createServer({ tls: false, version: 'spdy/3.1' }, (_request, response) =>
        response.end('local'),
      );
      await once(server.listen(back), 'listening');
      closing.push(() => server.close());
      tap = await new Tap({ socketPath: back }, found).listen(front);
      expect(tap.port).to.equal(0);
      const agent = new SpdyAgent({
        version: 'spdy/3.1',
        createConnection: () => connect(front),
      });
      closing.push(() => agent.destroy());
      const answer = await fetch('http://a.example/', { agent });
      expect(await answer.text()).to.equal('local');
      expect(found.events.find(({ event }) => event === 'connection')).to.include({
        client: 'unix:',
        server: `unix:${back}`,
      });
    });

  it('refuses options that are none', () => {
    const make = (options: object) => () => new Tap(options as TapOptions, found);
    expect(make({ host: 'a', port: 0 })).to.throw(/port must be an integer from 1 to 65535/);
    expect(make({ host: 'a' })).to.throw(/port must be an integer from 1 to 65535/);
    expect(make({ socketPath: '' })).to.throw(/socketPath must be a path/);
    expect(make({ socketPath: '/a', port: 1 })).to.throw(/port and socketPath exclude each other/);
    expect(make({ host: '', port: 1 })).to.throw(/host must be the name or address/);
    expect(make({ host: 'a', port: 1, certificat: 1 })).to.throw(/did you mean certificate\?/);
  });
});
