import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { SpdyAgent } from '../../../lib/http/client/agent.ts';
import { BaseSpdyRequestHandler } from '../../../lib/http/server/request-handler.ts';
import { createServer, type SpdyServer } from '../../../lib/http/server/server.ts';
import { sharedCertificate } from '../../support/session-pair.ts';
import { textOf } from '../support/origin-server.ts';

class Handler extends BaseSpdyRequestHandler {
  doGet(): void {
    if (this.path === '/throw') throw new Error('broken');
    if (this.path === '/forbidden') {
      this.sendError(403, 'Not <for> you');
      return;
    }
    this.sendResponse(200);
    this.sendHeader('set-cookie', 'a=1');
    this.sendHeader('set-cookie', 'b=2');
    const own = this.headers.find(([name]) => name === 'x-own')?.[1] ?? '';
    this.write([this.command, this.path, this.requestVersion, this.clientAddress, own].join(' '));
  }

  async doPost(): Promise<void> {
    const body = await this.readBody(10);
    this.sendResponse(201, 'Made');
    this.write(String(body).toUpperCase());
  }

  async doMSearch(): Promise<void> {
    this.sendResponse(200);
    this.write('part');
    await new Promise((next) => setTimeout(next, 5));
    throw new Error('too late for a status');
  }
}

describe('http/server/request-handler', () => {
  let server: SpdyServer;
  let agent: SpdyAgent;
  let base: string;

  before(async () => {
    const { key, cert } = sharedCertificate();
    server = createServer({ key, cert });
    server.on('request', Handler.listener());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `https://localhost:${(server.address() as AddressInfo).port}`;
    agent = new SpdyAgent({ tls: { ca: cert } });
  });

  after(async () => {
    agent.destroy();
    server.close();
    await once(server, 'close');
  });

  async function ask(
    path: string,
    method = 'GET',
    body?: string,
  ): Promise<[IncomingMessage, string]> {
    const request = agent.request(`${base}${path}`, { method, headers: { 'x-own': 'mine' } });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return [response, await textOf(response)];
  }

  it('calls the method for the request', async () => {
    const [response, text] = await ask('/path?query');
    expect(response.statusCode).to.equal(200);
    expect(response.statusMessage).to.equal('OK');
    expect(response.headers['set-cookie']).to.deep.equal(['a=1', 'b=2']);
    expect(response.headers)
      .to.have.property('server')
      .that.matches(/^spdylay /);
    expect(response.headers.date).to.be.a('string');
    expect(text).to.match(/^GET \/path\?query HTTP\/1\.1 \S*127\.0\.0\.1 mine$/);
  });

  it('collects a body up to a limit', async () => {
    const [response, text] = await ask('/', 'POST', 'ten bytes!');
    expect(`${response.statusCode} ${response.statusMessage} ${text}`).to.equal(
      '201 Made TEN BYTES!',
    );
    const [refused] = await ask('/', 'POST', 'eleven bytes');
    expect(refused.statusCode).to.equal(413);
  });

  it('answers with error pages: its own, 501, 500', async () => {
    const [own, page] = await ask('/forbidden');
    expect(own.statusCode).to.equal(403);
    expect(own.headers['content-type']).to.equal('text/html; charset=UTF-8');
    expect(page).to.contain('Not &lt;for&gt; you');
    for (const method of ['DELETE', 'CONSTRUCTOR']) {
      expect((await ask('/', method))[0].statusCode).to.equal(501);
    }
    expect((await ask('/throw'))[0].statusCode).to.equal(500);
  });

  it('resets a response that cannot be completed', async () => {
    const request = agent.request(base, { method: 'M-SEARCH' }).end();
    const [response] = await once(request, 'response');
    const error = await textOf(response).then(
      () => null,
      (reason: Error) => reason,
    );
    expect(error).to.be.instanceOf(Error);
  });

  it('serves HTTP/1.1 as well', async () => {
    const plain = http.createServer(Handler.listener()).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const { port } = plain.address() as AddressInfo;
    const [response] = await once(agent.get(`http://127.0.0.1:${port}/plain`), 'response');
    expect(await textOf(response)).to.match(/^GET \/plain /);
    plain.close();
    plain.closeAllConnections();
  });
});
