import { once } from 'node:events';
import http from 'node:http';
import net, { type LookupFunction } from 'node:net';
import { expect } from 'chai';
import type { BackProtocol } from '../../../../lib/tools/proxy/back/options.ts';
import type { ProxyOptions } from '../../../../lib/tools/proxy/options.ts';
import { type BackStatistics, createProxy } from '../../../../lib/tools/proxy/proxy.ts';
import { type Application, startApplication } from '../support/application.ts';

describe('tools/proxy/back/connect', () => {
  const ends: (() => unknown)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  /** Addresses that a name has now; an error where it has none. */
  class Names {
    readonly asked: string[] = [];
    addresses: string[] | Error = Object.assign(new Error('too many'), { code: 'EMFILE' });

    readonly lookup: LookupFunction = (hostname, _options, done) => {
      this.asked.push(hostname);
      const { addresses } = this;
      process.nextTick(() => {
        if (addresses instanceof Error) done(addresses, []);
        else
          done(
            null,
            addresses.map((address) => ({ address, family: 4 })),
          );
      });
    };
  }

  /** A proxy before a server by name, and what asks it. */
  async function open(
    protocol: BackProtocol,
    more: Partial<ProxyOptions> = { maxFailures: 0 },
  ): Promise<{
    names: Names;
    application: Application;
    get: () => Promise<string>;
    statistics: () => BackStatistics | undefined;
  }> {
    const application = await startApplication(protocol, (_request, response) => {
      if (protocol === 'http/1.1') response.setHeader('connection', 'close');
      response.end('answer');
    });
    ends.push(() => application.close());
    const names = new Names();
    const url = `http://app.example:${application.port}`;
    const { lookup } = names;
    const proxy = createProxy({ backs: [{ url, protocol, lookup }], ...more });
    ends.push(() => proxy.destroy());
    const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', tls: false, sniff: true });
    const get = async (): Promise<string> => {
      const request = http.get({ host: '127.0.0.1', port, agent: false });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      return `${response.statusCode} ${text}`;
    };
    return { names, application, get, statistics: () => proxy.statistics[0] };
  }

  it('looks a name up for each new connection, so that a server may move', async () => {
    const { names, get } = await open('http/1.1');
    names.addresses = ['127.0.0.1'];
    expect(await get()).to.equal('200 answer');
    // Nobody listens there.
    names.addresses = ['127.0.0.2'];
    expect(await get()).to.match(/^502 .*ECONNREFUSED/);
    names.addresses = ['127.0.0.1'];
    expect(await get()).to.equal('200 answer');
    expect(names.asked).to.deep.equal(Array(3).fill('app.example'));
  });

  it('takes the next address of a name where one takes no connection', async () => {
    const { names, get } = await open('http/1.1');
    names.addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.1'];
    expect(await get()).to.equal('200 answer');
    names.addresses = ['127.0.0.2', '127.0.0.3'];
    expect(await get()).to.match(/^502 /);
  });

  for (const protocol of ['http/1.1', 'h2', 'spdy/3.1'] as const) {
    it(`is 502 where the name is not known, and asks again for the next request (${protocol})`, async () => {
      const { names, get } = await open(protocol);
      names.addresses = Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
      expect(await get()).to.match(/^502 .*the name of the server is not known \(ENOTFOUND\)/);
      names.addresses = ['127.0.0.1'];
      expect(await get()).to.equal('200 answer');
      expect(names.asked).to.have.length(2);
    });
  }

  for (const protocol of ['http/1.1', 'h2', 'spdy/3.1'] as const) {
    it(`takes no back for ill when this process has no descriptors left (${protocol})`, async () => {
      const { names, get, statistics } = await open(protocol, {
        maxFailures: 1,
        health: { path: '/', intervalMs: 1, fall: 1 },
      });
      const { length } = names.asked;
      while (names.asked.length < length + 3) {
        const [status, text] = (await get()).split(' 503 Service Unavailable: ');
        expect(status).to.equal('503');
        expect(text).to.equal('there is no room for another connection here (EMFILE)\n');
      }
      expect(statistics()).to.include({ inService: true, failures: 0, active: 0 });
      names.addresses = ['127.0.0.1'];
      expect(await get()).to.equal('200 answer');
    });
  }

  it('looks nothing up for an address', async () => {
    const application = await startApplication('http/1.1');
    ends.push(() => application.close());
    const lookup: LookupFunction = () => expect.fail('asked');
    const url = `http://127.0.0.1:${application.port}`;
    const proxy = createProxy({ backs: [{ url, lookup }] });
    ends.push(() => proxy.destroy());
    const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', tls: false, sniff: true });
    const socket = net.connect(port, '127.0.0.1');
    socket.write('GET /sized?bytes=2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).to.match(/^HTTP\/1\.1 200 /);
  });
});
