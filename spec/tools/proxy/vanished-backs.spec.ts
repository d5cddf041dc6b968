import { once } from 'node:events';
import http from 'node:http';
import { expect } from 'chai';
import { createProxy, type SpdyProxy } from '../../../lib/tools/proxy/proxy.ts';
import { type Application, startApplication } from './support/application.ts';
import { VanishingRelay } from './support/vanishing-relay.ts';

const CASES = [
  ['h2', 'h2', {}, 'GET'],
  ['spdy/3.1', 'spdy/3.1', {}, 'GET'],
  ['spdy/2', 'spdy/2', {}, 'GET'],
  ['http/1.1', 'http/1.1', {}, 'GET'],
  ['http/1.1, requests with bodies', 'http/1.1', {}, 'POST'],
  ['http/1.1, limited connections', 'http/1.1', { maxConnections: 4 }, 'GET'],
] as const;

describe('a back whose host vanishes', () => {
  let application: Application;
  let relay: VanishingRelay;
  let proxy: SpdyProxy;
  let port: number;

  afterEach(async () => {
    proxy.destroy();
    relay.close();
    await application.close();
  });

  async function ask(path: string, method = 'GET'): Promise<number> {
    const request = http.request({ host: '127.0.0.1', port, path, method, agent: false });
    request.end(method === 'POST' ? 'body' : '');
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    await once(response.resume(), 'end');
    return response.statusCode ?? 0;
  }

  for (const [title, protocol, options, method] of CASES) {
    it(`costs one request its time, and the next ones find it where it is now (${title})`, async () => {
      application = await startApplication(protocol);
      relay = await VanishingRelay.to(application.port);
      const url = `http://127.0.0.1:${relay.port}`;
      const given = { backs: [{ url, protocol, connectTimeoutMs: 2000, ...options }] };
      proxy = createProxy(given);
      ({ port } = await proxy.listen({ port: 0, host: '127.0.0.1', tls: false, sniff: true }));
      const both = [ask('/echo', method), ask('/echo', method)];
      expect(await Promise.all(both)).to.deep.equal([200, 200]);
      const before = [...relay.connections];
      const ended = before.map((socket) => once(socket, 'close'));
      relay.vanish();
      // A short time for this one alone: the others may find a slow machine.
      proxy.update({ ...given, responseTimeoutMs: 100 });
      expect(await ask('/echo', method)).to.equal(504);
      proxy.update(given);
      expect(await ask('/echo', method)).to.equal(200);
      expect(relay.connections.length).to.equal(before.length + 1);
      // Nobody waits for TCP to find out.
      await Promise.all(ended);
    });
  }

  it('is in service again when it answers the checks on another connection', async () => {
    application = await startApplication('h2', (_request, response) => response.end());
    relay = await VanishingRelay.to(application.port);
    proxy = createProxy({
      backs: [{ url: `http://127.0.0.1:${relay.port}`, protocol: 'h2', idleTimeoutMs: 0 }],
      health: { path: '/', intervalMs: 20, timeoutMs: 200, fall: 1 },
    });
    ({ port } = await proxy.listen({ port: 0, host: '127.0.0.1', tls: false, sniff: true }));
    const served = async (): Promise<void> => {
      while ((await ask('/')) !== 200) await new Promise(setImmediate);
    };
    await served();
    relay.vanish();
    while (proxy.statistics[0]?.inService === true) await new Promise(setImmediate);
    await served();
  });
});
