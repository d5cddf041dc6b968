import { once } from 'node:events';
import http from 'node:http';
import { expect } from 'chai';
import type { HealthOptions } from '../../../../lib/tools/proxy/pool/health.ts';
import { createProxy, type SpdyProxy } from '../../../../lib/tools/proxy/proxy.ts';
import { type Application, BACKS, startApplication } from '../support/application.ts';

/** Waits for what a back comes to. */
async function until(proxy: SpdyProxy, inService: boolean): Promise<void> {
  while (proxy.statistics[0]?.inService !== inService) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describe('tools/proxy/pool/health', () => {
  let proxy: SpdyProxy | undefined;
  let application: Application | undefined;

  afterEach(async () => {
    proxy?.destroy();
    await application?.close();
  });

  async function start(
    protocol: Parameters<typeof startApplication>[0],
    handler: http.RequestListener,
    health: Partial<HealthOptions> = {},
  ): Promise<SpdyProxy> {
    application = await startApplication(protocol, handler);
    const rules = { path: '/health', intervalMs: 1, timeoutMs: 1000, ...health };
    proxy = createProxy({ backs: [application.back], health: rules });
    return proxy;
  }

  for (const protocol of BACKS) {
    it(`takes a back out of service and in again, by what it answers (${protocol})`, async () => {
      let status = 200;
      const checked = await start(protocol, (_request, response) => {
        response.statusCode = status;
        response.end('fine');
      });
      expect(checked.statistics[0]).to.include({ inService: true });
      status = 500;
      await until(checked, false);
      status = 204;
      await until(checked, true);
      expect(application?.seen[0]).to.equal('GET /health');
      expect(checked.statistics[0]).to.include({ requests: 0, failures: 0, active: 0 });
    });
  }

  it('takes silence for illness', async () => {
    const silent = await start('http/1.1', () => {}, { timeoutMs: 5, fall: 1 });
    await until(silent, false);
  });

  for (const protocol of BACKS) {
    it(`ends an answer that has no end (${protocol})`, async () => {
      const endless = await start(
        protocol,
        (_request, response) => {
          let open = true;
          // A response of node:http2 does not say that it is destroyed.
          response.once('close', () => {
            open = false;
          });
          const more = (): void => {
            if (open) response.write('more', () => setImmediate(more));
          };
          more();
        },
        { timeoutMs: 5, intervalMs: 60_000 },
      );
      expect(await application?.onceAborted()).to.equal('GET /health');
      expect(endless.statistics[0]).to.include({ inService: true });
    });
  }

  it('takes the status that it was told', async () => {
    const strict = await start('http/1.1', (_request, response) => response.end(), { status: 204 });
    await until(strict, false);
  });

  it('answers 503 while no back is well, and forgets that when nobody asks any more', async () => {
    const ill = await start('http/1.1', (request, response) => {
      response.statusCode = request.url === '/health' ? 500 : 200;
      response.end();
    });
    await until(ill, false);
    const { port } = await ill.listen({ port: 0, host: '127.0.0.1', tls: false, sniff: true });
    const status = async (): Promise<number> => {
      const request = http.get({ host: '127.0.0.1', port, agent: false });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      response.resume();
      return response.statusCode ?? 0;
    };
    expect(await status()).to.equal(503);
    ill.update({ backs: [application?.back ?? ''] });
    expect(await status()).to.equal(200);
  });
});
