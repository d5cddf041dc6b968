import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { SpdyAgent } from '../../../lib/http/client/agent.ts';
import { get, globalAgent, request } from '../../../lib/http/client/client.ts';
import type { PushedRequest } from '../../../lib/http/client/request/push.ts';
import type { ClientResponse } from '../../../lib/http/client/request/response.ts';
import { createServer, type SpdyServer } from '../../../lib/http/server/server.ts';
import { PROTOCOL_VERSIONS } from '../../../lib/protocol/version.ts';
import { sharedCertificate } from '../../support/session-pair.ts';
import { textOf } from '../support/origin-server.ts';

describe('http/client/client', () => {
  for (const version of PROTOCOL_VERSIONS) {
    describe(`${version.name}, with the server of this package`, () => {
      let server: SpdyServer;
      let agent: SpdyAgent;
      let base: string;

      before(async () => {
        const { key, cert } = sharedCertificate();
        server = createServer({ key, cert, versions: [version.name] });
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        base = `https://localhost:${(server.address() as AddressInfo).port}`;
        agent = new SpdyAgent({ tls: { ca: cert } });
      });

      afterEach(() => {
        server.removeAllListeners('request');
      });

      after(async () => {
        agent.destroy();
        server.close();
        await once(server, 'close');
      });

      it('requests and gets with a callback, in every form of the arguments', async () => {
        server.on('request', (incoming, response) => {
          response.end(`${incoming.method} ${incoming.url}`);
        });
        const { port } = new URL(base);
        const answers = [
          await new Promise<IncomingMessage>((done) => get(`${base}/1`, { agent }, done)),
          await new Promise<IncomingMessage>((done) =>
            get({ agent, hostname: 'localhost', port, path: '/2' }, done),
          ),
          await new Promise<IncomingMessage>((done) =>
            request(new URL(`${base}/3`), { agent, method: 'put' }, done).end(),
          ),
        ];
        expect(await Promise.all(answers.map(textOf))).to.deep.equal([
          'GET /1',
          'GET /2',
          'PUT /3',
        ]);
      });

      it('tells the server that a request was cancelled', async () => {
        let closed = 0;
        const begun = new Promise<void>((done) => {
          server.on('request', (_incoming, response) => {
            response.on('close', () => closed++);
            response.write('part');
            done();
          });
        });
        const cancelled = get(base, { agent });
        const [response] = (await once(cancelled, 'response')) as [IncomingMessage];
        await begun;
        response.destroy();
        while (closed === 0) await new Promise((next) => setImmediate(next));
      });

      it('takes what the server pushes', async () => {
        server.on('request', (_incoming, response) => {
          response.push?.('/style.css').end('css');
          response.end('page');
        });
        const page = get(base, { agent });
        const pushed = once(page, 'push') as Promise<[PushedRequest, ClientResponse]>;
        const [response] = (await once(page, 'response')) as [IncomingMessage];
        expect(await textOf(response)).to.equal('page');
        const [{ url }, resource] = await pushed;
        expect(url).to.equal(`${base}/style.css`);
        expect(await textOf(resource)).to.equal('css');
      });
    });
  }

  it('has one agent for all who give none', () => {
    expect(globalAgent()).to.equal(globalAgent());
    expect(() => request('ftp://localhost')).to.throw('protocol');
  });
});
