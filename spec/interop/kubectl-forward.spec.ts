import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { createFakeApiServer, type FakeApiServer } from '../../lib/kubernetes/fake/api-server.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { isEmpty, Kubectl, kubectlVariants, until } from './support/kubectl.ts';
import { requirePeer } from './support/peers.ts';

for (const variant of kubectlVariants()) {
  describe(`port-forward by ${variant.name}`, () => {
    let fake: FakeApiServer;
    let kubectl: Kubectl;
    /** How ports were asked for: by POST for SPDY, by GET for WebSocket. */
    const methods = new Set<string>();
    const web = http.createServer((request, response) => {
      response.end(`${request.method} ${request.url}`);
    });
    // Answers when the other side has said everything.
    const late = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      void everything(socket).then((body) => socket.end(`${body.length} ${sha256(body)}`));
    });
    // Says everything at once, and hears what comes later.
    const early = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      socket.end('hello');
      void everything(socket).then((body) => heard.push(body.toString()));
    });
    const heard: string[] = [];
    const targets = [web, late, early];

    before(async function () {
      requirePeer(this, 'kubectl');
      for (const server of targets) await once(server.listen(0, '127.0.0.1'), 'listening');
      fake = await createFakeApiServer({
        pods: [{ name: 'web', ports: { 80: port(web), 81: port(late), 82: port(early), 9: 9 } }],
        tls: true,
        token: 'secret',
      }).listen();
      fake.on('request', ({ action, method }) => {
        if (action === 'portforward') methods.add(method);
      });
      kubectl = await Kubectl.for(variant, fake);
    });

    after(async () => {
      await kubectl?.close();
      await fake?.close();
      await Promise.all(targets.map(closed));
    });

    afterEach(() => until('nothing is left', () => isEmpty(fake)));

    it('carries 50 HTTP requests at once', async () => {
      const { child, ports } = await kubectl.forward('web', 80);
      const paths = Array.from(
        { length: 50 },
        (_, index) => `/${index}?${'x'.repeat(index * 100)}`,
      );
      const bodies = await Promise.all(paths.map((path) => get(ports[0] as number, path)));
      expect(bodies).to.deep.equal(paths.map((path) => `GET ${path}`));
      await ended(child);
    });

    it('carries 10 MiB to a target that answers when it has seen the end', async () => {
      const { child, ports } = await kubectl.forward('web', 81);
      const socket = net.connect({ port: ports[0] as number, allowHalfOpen: true });
      socket.end(pattern(10 << 20));
      expect((await everything(socket)).toString()).to.equal(
        `${10 << 20} ${sha256(pattern(10 << 20))}`,
      );
      await ended(child);
    });

    it('carries what is said after the target has ended its half', async () => {
      const { child, ports } = await kubectl.forward('web', 82);
      const socket = net.connect({ port: ports[0] as number, allowHalfOpen: true });
      await once(socket, 'connect');
      socket.write('before');
      expect((await everything(socket)).toString()).to.equal('hello');
      socket.end(' after');
      await until('heard', () => heard.length > 0);
      // kubectl forwards nothing more when the target has ended its half.
      expect(heard.splice(0)[0]).to.match(/^before/);
      await ended(child);
    });

    it('is told of a refused port, and then or anew reaches the others', async () => {
      const { child, ports, log } = await kubectl.forward('web', 9, 80);
      const socket = net.connect(ports[0] as number);
      socket.on('error', ignore);
      socket.end('hello?');
      expect((await everything(socket)).toString()).to.equal('');
      await until('the reason', () => /ECONNREFUSED|connection refused/i.test(log()));
      const other = await get(ports[1] as number, '/still').catch(() => null);
      if (other === null) {
        // Newer ones give up all of their connections after the failure of one.
        await until('the end of kubectl', () => child.exitCode !== null);
        expect(log()).to.include('lost connection to pod');
      } else {
        expect(other).to.equal('GET /still');
        await ended(child);
      }
      const again = await kubectl.forward('web', 80);
      expect(await get(again.ports[0] as number, '/again')).to.equal('GET /again');
      await ended(again.child);
    });

    it('gets what it asks for first: WebSocket or SPDY', () => {
      // Where WebSocket is refused it asks once more, with POST.
      expect(methods.size).to.equal(1);
      if (variant.again) expect([...methods]).to.deep.equal(['POST']);
    });

    it('leaves no connection to the target when it is killed', async () => {
      const { child, ports } = await kubectl.forward('web', 81);
      const socket = net.connect(ports[0] as number);
      socket.on('error', ignore);
      socket.write('and now');
      await until('connection to the target', () => connections(late) === 1);
      child.kill('SIGKILL');
      await until('nothing is left', () => isEmpty(fake) && connections(late) === 0);
    });
  });
}

/** Open connections of each server. */
const counts = new WeakMap<net.Server, Set<net.Socket>>();

function connections(server: net.Server): number {
  return counts.get(server)?.size ?? 0;
}

function port(server: net.Server): number {
  const sockets = new Set<net.Socket>();
  counts.set(server, sockets);
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return (server.address() as AddressInfo).port;
}

async function closed(server: net.Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  for (const socket of counts.get(server) ?? []) socket.destroy();
  await once(server, 'close');
}

/** What a socket brings until its end; unlike an iterator it lets the other half live. */
function everything(socket: net.Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((done) => {
    const finish = (): void => done(Buffer.concat(chunks));
    socket.once('end', finish);
    socket.once('close', finish);
  });
}

/** A GET on a connection of its own. */
async function get(port: number, path: string): Promise<string> {
  const request = http.get({ host: '127.0.0.1', port, path, agent: false });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return text(response);
}

/** Ends a kubectl as a user does. */
async function ended(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGINT');
  await closed;
}

function ignore(): void {}
