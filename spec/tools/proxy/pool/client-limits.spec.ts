import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { expect } from 'chai';
import type { FrontOptions } from '../../../../lib/tools/proxy/front/front.ts';
import {
  type ClientLimits,
  ClientTable,
  clientKey,
} from '../../../../lib/tools/proxy/pool/client-limits.ts';
import { createProxy, type SpdyProxy } from '../../../../lib/tools/proxy/proxy.ts';
import { sharedCertificate } from '../../../support/session-pair.ts';
import { type Application, startApplication } from '../support/application.ts';
import { clientOf, FRONTS } from '../support/clients.ts';

const NO_LIMITS = { requestsPerSecond: null, burst: 1, maxConnections: null };

describe('tools/proxy/pool/client-limits', () => {
  it('takes a network of IPv6 with 64 bits for one client', () => {
    for (const [address, key] of [
      ['192.0.2.1', '192.0.2.1'],
      ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
      ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
      ['2001:0DB8::1:2:3:4:5', '2001:db8:0:1::/64'],
      ['2001:db8::', '2001:db8:0:0::/64'],
      ['::1', '0:0:0:0::/64'],
      ['1::2:3:4:192.0.2.1', '1:0:0:2::/64'],
      ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ] as const) {
      expect(clientKey(address), address).to.equal(key);
    }
  });

  describe('requests', () => {
    it('may come as fast as they may, after a burst', () => {
      const table = new ClientTable({ ...NO_LIMITS, requestsPerSecond: 10, burst: 3 });
      const ask = (now: number): number => table.request('a', now);
      expect([ask(0), ask(0), ask(0), ask(0)]).to.deep.equal([0, 0, 0, 100]);
      expect([ask(40), ask(100), ask(100)]).to.deep.equal([60, 0, 100]);
      // Who has asked for nothing has no more than the burst.
      expect([ask(9000), ask(9000), ask(9000), ask(9000)]).to.deep.equal([0, 0, 0, 100]);
    });

    it('of one client are nothing to the others, nor to those without an address', () => {
      const table = new ClientTable({ ...NO_LIMITS, requestsPerSecond: 1, burst: 1 });
      expect([table.request('a', 0), table.request('b', 0)]).to.deep.equal([0, 0]);
      expect([table.request('a', 0), table.request(null, 0)]).to.deep.equal([1000, 0]);
      table.limits = NO_LIMITS;
      expect(table.request('a', 0)).to.equal(0);
    });

    it('of ever more clients need no more memory: who asked first is forgotten', () => {
      const table = new ClientTable({ ...NO_LIMITS, requestsPerSecond: 1, burst: 1 }, 10);
      for (let i = 0; i < 1000; i++) {
        table.request(`client ${i}`, 0);
        expect(table.request('steady', 0)).to.equal(i === 0 ? 0 : 1000);
      }
      expect(table.size).to.equal(10);
      expect(table.request('client 999', 0)).to.equal(1000);
      expect(table.request('client 1', 0)).to.equal(0);
    });
  });

  it('counts connections until they end', () => {
    const table = new ClientTable({ ...NO_LIMITS, maxConnections: 2 });
    const ends = [table.connection('a'), table.connection('a')];
    expect(table.connection('a')).to.equal(null);
    expect(table.connection(null)).to.be.a('function');
    ends[0]?.();
    expect(table.connection('a')).to.be.a('function');
    ends[1]?.();
    table.connection('b')?.();
    expect(table.size).to.equal(1);
  });

  describe('proxy', () => {
    let application: Application;
    let proxy: SpdyProxy;
    let port: number;

    before(async () => {
      application = await startApplication('http/1.1');
    });

    afterEach(() => proxy.destroy());

    after(() => application.close());

    async function start(clientLimits: ClientLimits, front: FrontOptions): Promise<void> {
      proxy = createProxy({ backs: [application.back], clientLimits });
      ({ port } = await proxy.listen({ port: 0, host: '127.0.0.1', ...front }));
    }

    for (const front of FRONTS) {
      it(`answers 429 to what is beyond the rate (${front})`, async () => {
        await start({ requestsPerSecond: 1, burst: 2 }, sharedCertificate());
        const client = clientOf(front, port);
        const statuses: number[] = [];
        for (let i = 0; i < 2; i++) {
          statuses.push((await client.ask({ path: '/sized?bytes=1' })).status);
        }
        let answer = await client.ask({
          method: 'POST',
          path: '/echo',
          body: [Buffer.from('body')],
        });
        // On a machine that stands still a second is over soon.
        while (answer.status === 200) answer = await client.ask({ path: '/sized?bytes=1' });
        expect(statuses).to.deep.equal([200, 200]);
        expect(answer.status).to.equal(429);
        expect(answer.headers['retry-after']).to.equal('1');
        expect(answer.headers['proxy-status']).to.equal('spdyproxy; error=http_request_denied');
        await client.close();
      });
    }

    function open(): net.Socket {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => {});
      return socket;
    }

    async function status(): Promise<number> {
      const request = http.get({ host: '127.0.0.1', port, path: '/sized?bytes=1', agent: false });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      response.resume();
      return response.statusCode ?? 0;
    }

    it('closes connections that are too many, until others end', async () => {
      await start({ maxConnections: 1 }, { tls: false, sniff: true });
      const first = open();
      await once(first, 'connect');
      const refused = once(proxy, 'refused');
      const second = open();
      await once(second, 'close');
      expect(await refused).to.deep.equal(['127.0.0.1 has as many connections as it may have']);
      first.destroy();
      expect(await retry(status)).to.equal(200);
    });

    it('closes connections beyond those that a front takes of all clients together', async () => {
      await start({}, { tls: false, sniff: true, maxConnections: 1 });
      const first = open();
      await once(first, 'connect');
      const second = open();
      await once(second.resume(), 'close');
      first.destroy();
      expect(await retry(status)).to.equal(200);
      await proxy.listen({ port: 0, tls: false, maxConnections: 0 }).then(
        () => expect.fail('accepted'),
        (error) => expect(String(error)).to.include('maxConnections'),
      );
    });

    it('counts requests that are malformed', async () => {
      await start({ requestsPerSecond: 1, burst: 1 }, { tls: false, sniff: true });
      const answers: string[] = [];
      // On a machine that stands still a second is over soon.
      while (!answers.at(-1)?.includes(' 429 ')) {
        const socket = open();
        socket.write('GET / HTTP/1.1\r\n\r\n');
        let text = '';
        for await (const chunk of socket) text += chunk;
        answers.push(text);
      }
      expect(answers[0]).to.match(/^HTTP\/1\.1 400 /);
      expect(answers.at(-1)).to.match(/\r\nretry-after: 1\r\n/);
    });

    it('counts those that a PROXY header names before TLS', async () => {
      const proxyProtocol = { allow: ['127.0.0.1'] };
      const { key, cert } = sharedCertificate();
      await start({ maxConnections: 1 }, { key, cert, proxyProtocol });
      const begin = (client: string): tls.TLSSocket => {
        const socket = open();
        socket.write(`PROXY TCP4 ${client} 127.0.0.1 1 2\r\n`);
        return tls.connect({ socket, ca: cert, servername: 'localhost' }).on('error', () => {});
      };
      const told = new Promise<string | null>((resolve) =>
        proxy.once('exchange', ({ request }) => resolve(request.client.address)),
      );
      const one = begin('192.0.2.1');
      one.write('GET /sized?bytes=1 HTTP/1.1\r\nhost: a\r\n\r\n');
      expect(await told).to.equal('192.0.2.1');
      const refused = once(proxy, 'refused');
      const two = begin('192.0.2.1');
      expect(String(await refused)).to.match(/^192\.0\.2\.1 has/);
      await new Promise((gone) => two.once('close', gone));
      one.destroy();
    });

    it('counts those that a PROXY header names', async () => {
      const proxyProtocol = { allow: ['127.0.0.1'] };
      await start({ maxConnections: 1 }, { tls: false, sniff: true, proxyProtocol });
      const line = (client: string): string => `PROXY TCP4 ${client} 127.0.0.1 1 2\r\n`;
      const request = 'GET /sized?bytes=1 HTTP/1.1\r\nhost: a\r\n\r\n';
      const one = open();
      one.write(line('192.0.2.1') + request);
      await once(one, 'data');
      const two = open();
      two.write(line('192.0.2.2') + request);
      await once(two, 'data');
      const refused = once(proxy, 'refused');
      const three = open();
      three.write(line('192.0.2.1') + request);
      expect(String(await refused)).to.match(/^192\.0\.2\.1 has/);
      await once(three.resume(), 'close');
      for (const socket of [one, two]) socket.destroy();
    });
  });
});

/** Asks until there is an answer. */
async function retry(ask: () => Promise<number>): Promise<number> {
  for (;;) {
    try {
      return await ask();
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
