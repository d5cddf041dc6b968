import { expect } from 'chai';
import { InvalidStateError } from '../../../lib/errors.ts';
import type { ProxyOptions } from '../../../lib/tools/proxy/options.ts';
import { createProxy, type ProxyOutcome, type SpdyProxy } from '../../../lib/tools/proxy/proxy.ts';
import { sharedCertificate } from '../../support/session-pair.ts';
import { type Application, BACKS, startApplication } from './support/application.ts';
import { type Client, clientOf, FRONTS } from './support/clients.ts';

async function open(
  options: ProxyOptions,
): Promise<{ readonly proxy: SpdyProxy; readonly port: number }> {
  const proxy = createProxy(options);
  const { key, cert } = sharedCertificate();
  const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', key, cert });
  return { proxy, port };
}

/** The next exchange that ends. */
function nextOutcome(proxy: SpdyProxy): Promise<ProxyOutcome> {
  return new Promise((resolve) => proxy.once('exchange', resolve));
}

for (const back of BACKS) {
  for (const front of FRONTS) {
    describe(`tools/proxy/proxy: ${front} to ${back}`, () => {
      let application: Application;
      let proxy: SpdyProxy;
      let client: Client;

      before(async () => {
        application = await startApplication(back);
        const opened = await open({ backs: [application.back] });
        proxy = opened.proxy;
        client = clientOf(front, opened.port);
      });

      after(async () => {
        await client.close();
        proxy.destroy();
        await application.close();
      });

      it('passes requests and answers on', async () => {
        const { status, body, headers } = await client.ask({
          path: '/facts?a=b',
          headers: { 'x-mine': 'yes', cookie: 'a=1; b=2' },
        });
        expect(status).to.equal(200);
        expect(headers['content-type']).to.equal('application/json');
        const facts = JSON.parse(body.toString());
        expect(facts).to.include({ method: 'GET', url: '/facts?a=b' });
        expect(facts.host).to.match(/^(?:127\.0\.0\.1|localhost):\d+$/);
        expect(facts.headers).to.include({
          'x-mine': 'yes',
          cookie: 'a=1; b=2',
          'x-forwarded-for': '127.0.0.1',
          'x-forwarded-proto': 'https',
        });
      });

      it('streams bodies both ways at once', async () => {
        async function* pieces(): AsyncGenerator<Buffer> {
          for (let i = 0; i < 20; i++) yield Buffer.alloc(10_000, i);
        }
        const { body, whole } = await client.ask({
          method: 'POST',
          path: '/echo',
          body: pieces(),
        });
        expect(whole).to.equal(true);
        expect(body.length).to.equal(200_000);
        expect(body[199_999]).to.equal(19);
      });

      it('keeps lengths', async () => {
        const { body, headers, whole } = await client.ask({ path: '/sized?bytes=70000' });
        expect(whole).to.equal(true);
        expect(body.length).to.equal(70_000);
        expect(headers['content-length']).to.equal('70000');
      });

      it('answers HEAD, 204 and 304 without a body', async () => {
        const heads = await client.ask({ method: 'HEAD', path: '/sized?bytes=10' });
        expect(heads).to.deep.include({ status: 200, body: Buffer.alloc(0), whole: true });
        for (const code of [204, 304]) {
          const answer = await client.ask({ path: `/status?code=${code}` });
          expect(answer).to.deep.include({ status: code, body: Buffer.alloc(0), whole: true });
          expect(answer.headers['x-own']).to.equal('yes');
        }
      });

      it('passes an empty POST on', async () => {
        // The length is told, or it is not: HTTP/2 knows the end of the head and the end of the body.
        for (const question of [{}, { body: [] }]) {
          const { status, body, whole } = await client.ask({
            ...question,
            method: 'POST',
            path: '/echo',
          });
          expect({ status, whole }).to.deep.equal({ status: 200, whole: true });
          expect(body.length).to.equal(0);
        }
      });

      it('passes trailers on', async () => {
        const { trailers, body } = await client.ask({ path: '/trailers' });
        expect(body.toString()).to.equal('body');
        expect(trailers).to.include({ 'x-sum': '42' });
      });

      it('passes repeated fields on', async () => {
        const { headers } = await client.ask({ path: '/fields' });
        expect(headers['set-cookie']).to.deep.equal(['a=1', 'b=2']);
        expect(headers['x-two']).to.equal('1, 2');
      });

      for (const path of ['/cut', '/cut?sized']) {
        it(`resets what is cut off (${path})`, async () => {
          const outcome = nextOutcome(proxy);
          const { status, whole } = await client.ask({ path });
          expect(status).to.equal(200);
          expect(whole).to.equal(false);
          expect((await outcome).error).to.be.an('error');
        });
      }

      it('tells the back at once that the client has gone', async () => {
        const aborted = application.onceAborted();
        const outcome = nextOutcome(proxy);
        await client.askAndLeave({ path: '/slow' });
        expect(await aborted).to.equal('GET /slow');
        expect((await outcome).error).to.be.an('error');
        expect(proxy.active).to.equal(0);
      });
    });
  }
}

describe('tools/proxy/proxy', () => {
  const { key, cert } = sharedCertificate();
  const front = { port: 0, host: '127.0.0.1', key, cert };
  const options = { backs: ['http://127.0.0.1:1'] };

  for (const end of ['close', 'destroy'] as const) {
    it(`neither listens nor takes options behind ${end}()`, async () => {
      const proxy = createProxy(options);
      await proxy[end]();
      const error = await proxy.listen(front).catch((reason: unknown) => reason);
      expect(error).to.include({ code: 'ERR_SPDY_INVALID_STATE', message: 'the proxy is closed' });
      expect(() => proxy.update(options)).to.throw(InvalidStateError, 'the proxy is closed');
    });

    it(`leaves nothing that listens when ${end}() comes before it does`, async () => {
      const proxy = createProxy(options);
      const listening = proxy.listen(front).catch((reason: unknown) => reason);
      await proxy[end]();
      expect(await listening).to.include({ code: 'ERR_SPDY_INVALID_STATE' });
    });
  }
});
