import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { sharedCertificate } from '../../support/session-pair.ts';
import { clientOf } from '../../tools/proxy/support/clients.ts';
import { daemon, makeFolder, removeFolder } from '../support/programs.ts';

const PROTOCOLS = ['spdy/3.1', 'h2', 'http/1.1'] as const;
/** Requests of each client at once. */
const AT_ONCE = 8;
/** Answers of each protocol before the signal. */
const BEFORE = 50;

describe('spdyproxy under load', () => {
  for (const workers of [0, 2]) {
    it(`answers all at SIGTERM that has reached a back (--workers ${workers})`, async () => {
      const folder = makeFolder({});
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const shared = sharedCertificate();
      writeFileSync(key, shared.key);
      writeFileSync(cert, shared.cert);
      const reached = new Set<string>();
      const application = http.createServer((request, response) => {
        reached.add(request.url ?? '');
        response.write('begun ');
        setTimeout(() => response.end('ended'), 5);
      });
      await once(application.listen(0, '127.0.0.1'), 'listening');
      const back = `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
      const args = ['-b', back, '--workers', String(workers), '0', key, cert];
      const proxy = await daemon('spdyproxy', args);
      const clients = PROTOCOLS.flatMap((protocol) => {
        const client = () => ({ protocol, client: clientOf(protocol, proxy.port) });
        return [client(), client()];
      });
      const answered = new Set<string>();
      const counts = new Map<string, number>(PROTOCOLS.map((protocol) => [protocol, 0]));
      let signalled = false;
      let next = 0;
      const over = proxy.ended();
      await Promise.all(
        clients.flatMap(({ protocol, client }) =>
          Array.from({ length: AT_ONCE }, async () => {
            for (;;) {
              const path = `/${next++}`;
              // One that was not taken any more may hang in the client, which does not know that the process is gone.
              const answer = await Promise.race([client.ask({ path }).catch(() => null), over]);
              if (answer === null || typeof answer === 'number') return;
              if (!answer.whole || answer.body.toString() !== 'begun ended') return;
              answered.add(path);
              counts.set(protocol, (counts.get(protocol) ?? 0) + 1);
              if (signalled || [...counts.values()].some((count) => count < BEFORE)) continue;
              signalled = true;
              proxy.signal('SIGTERM');
            }
          }),
        ),
      );
      expect(await over).to.equal(0);
      expect([...reached].filter((path) => !answered.has(path))).to.deep.equal([]);
      await Promise.all(clients.map(({ client }) => client.close()));
      application.close();
      application.closeAllConnections();
      removeFolder(folder);
    });
  }
});

describe('spdyproxy that drains', () => {
  it('opens nothing any more that a configuration names that is read again', async () => {
    let held: http.ServerResponse | null = null;
    const application = http.createServer((_request, response) => {
      held = response;
      response.write('begun ');
    });
    await once(application.listen(0, '127.0.0.1'), 'listening');
    const back = `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
    const folder = makeFolder({});
    const file = join(folder, 'proxy.json');
    const front = { host: '127.0.0.1', tls: false, sniff: true };
    const path = join(folder, 'other.sock');
    const write = (fronts: readonly object[]): void =>
      writeFileSync(file, JSON.stringify({ fronts, backs: [back] }));
    write([{ ...front, port: 0 }]);
    const proxy = await daemon('spdyproxy', ['--config', file]);
    const request = http.get({ host: '127.0.0.1', port: proxy.port, agent: false });
    const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
    proxy.signal('SIGTERM');
    while (await listens(proxy.port)) await new Promise((done) => setImmediate(done));
    write([
      { ...front, port: 0 },
      { path, tls: false, sniff: true },
    ]);
    proxy.signal('SIGHUP');
    (held as http.ServerResponse | null)?.end('ended');
    expect(await text(answer)).to.equal('begun ended');
    expect(await proxy.ended()).to.equal(0);
    expect(proxy.log()).not.to.include('Reloaded');
    application.close();
    application.closeAllConnections();
    removeFolder(folder);
  });
});

/** Whether a port takes connections. */
async function listens(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
