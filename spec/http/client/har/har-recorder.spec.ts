import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { SpdyAgent } from '../../../../lib/http/client/agent.ts';
import { fetch } from '../../../../lib/http/client/fetch/fetch.ts';
import type { HarEntry } from '../../../../lib/http/client/har/har-format.ts';
import { HarRecorder } from '../../../../lib/http/client/har/har-recorder.ts';
import type { SpdyRequest } from '../../../../lib/http/server/exchange/request.ts';
import type { SpdyResponse } from '../../../../lib/http/server/exchange/response.ts';
import { createServer, type SpdyServer } from '../../../../lib/http/server/server.ts';
import { REPOSITORY_ROOT } from '../../../support/corpus-data.ts';

function answer(request: SpdyRequest, response: SpdyResponse): void {
  const { url = '/' } = request;
  if (url === '/moved') {
    response.writeHead(302, { location: '/there', 'set-cookie': ['a=1; Path=/', 'b=2'] }).end();
  } else if (url === '/half') {
    response.write('half');
  } else if (url !== '/never') {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.end('x'.repeat(100_000));
    });
  }
}

/** What har-validator 5 asks of an entry, and more. */
function check(entry: HarEntry): void {
  const { cache, request, response, startedDateTime, time, timings } = entry;
  expect(new Date(startedDateTime).toISOString()).to.equal(startedDateTime);
  expect(cache).to.deep.equal({});
  const { blocked, dns, connect, send, wait, receive } = timings;
  expect([dns, connect]).to.deep.equal([-1, -1]);
  for (const each of [time, blocked, send, wait, receive]) expect(each).to.be.at.least(0);
  expect(time).to.be.closeTo(blocked + send + wait + receive, 0.01);
  expect(new URL(request.url).origin).to.match(/^http:\/\/127/);
  const sizes = [request.headersSize, request.bodySize, response.headersSize, response.bodySize];
  for (const size of [...sizes, response.content.size, response.status])
    expect(Number.isInteger(size)).to.equal(true);
  const { content, httpVersion, redirectURL, statusText } = response;
  const texts = [request.method, request.httpVersion, httpVersion, redirectURL, statusText];
  for (const text of [...texts, content.mimeType]) expect(text).to.be.a('string');
  const lists = [request.headers, request.cookies, request.queryString, response.headers];
  for (const { name, value } of [...lists, response.cookies].flat())
    for (const text of [name, value]) expect(text).to.be.a('string');
  const { connection = '1', serverIPAddress = '127.0.0.1' } = entry;
  expect(connection).to.match(/^\d+$/);
  expect(net.isIP(serverIPAddress)).to.not.equal(0);
}

describe('http/client/har/har-recorder', () => {
  let server: SpdyServer;
  let har: HarRecorder;
  let agent: SpdyAgent;
  let url = '';
  /** What was recorded, as a file has it. */
  const entries = (from = har): HarEntry[] => {
    const { log } = JSON.parse(JSON.stringify(from));
    for (const entry of log.entries) check(entry);
    return log.entries;
  };

  beforeEach(async () => {
    server = createServer({ tls: false, version: 'spdy/3.1' }, answer);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    har = new HarRecorder();
    agent = new SpdyAgent({ version: 'spdy/3.1', har });
  });

  afterEach(async () => {
    agent.destroy();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  it('records a request with its fields, sizes and times, but no secrets', async () => {
    const headers = { cookie: 'id=secret; x=y', authorization: 'secret', accept: 'text/plain' };
    const init = { method: 'POST', body: 'y'.repeat(50_000), headers, agent };
    await (await fetch(`${url}/a?q=1&r=a%20b`, init)).text();
    const [entry, ...more] = entries() as [HarEntry];
    expect(more).to.deep.equal([]);
    const { request, response } = entry;
    expect(request).to.deep.include({
      method: 'POST',
      url: `${url}/a?q=1&r=a%20b`,
      httpVersion: 'spdy/3.1',
      bodySize: 50_000,
      queryString: [
        { name: 'q', value: '1' },
        { name: 'r', value: 'a b' },
      ],
      cookies: [
        { name: 'id', value: '***' },
        { name: 'x', value: '***' },
      ],
    });
    expect(request.headers).to.deep.include.members([
      { name: 'accept', value: 'text/plain' },
      { name: 'authorization', value: '***' },
      { name: 'cookie', value: '***' },
    ]);
    expect(response).to.deep.include({ status: 200, httpVersion: 'spdy/3.1', bodySize: 100_000 });
    expect(response.content).to.deep.equal({ size: 100_000, mimeType: 'text/plain' });
    expect(entry).to.include({ serverIPAddress: '127.0.0.1' });
    expect(entry).not.to.have.any.keys('_error', '_unfinished');
    expect(JSON.stringify(har)).not.to.include('secret');
  });

  it('names the package and its version', () => {
    const file = readFileSync(new URL('package.json', REPOSITORY_ROOT), 'utf8');
    const { name, version } = JSON.parse(file);
    expect(har.toJSON()).to.deep.equal({
      log: { version: '1.2', creator: { name, version }, entries: [] },
    });
  });

  it('records each redirect, and secrets where they are asked for', async () => {
    const open = new HarRecorder({ secrets: true });
    const other = new SpdyAgent({ version: 'spdy/3.1', har: open });
    const headers = { authorization: 'secret' };
    await (await fetch(`${url}/moved`, { agent: other, headers })).text();
    other.destroy();
    const [first, second] = entries(open) as [HarEntry, HarEntry];
    expect(first.request.headers).to.deep.include({ name: 'authorization', value: 'secret' });
    expect(first.response).to.deep.include({
      status: 302,
      redirectURL: '/there',
      cookies: [
        { name: 'a', value: '1' },
        { name: 'b', value: '2' },
      ],
    });
    expect(second.request.url).to.equal(`${url}/there`);
    expect(second.connection).to.equal(first.connection);
  });

  it('tells why a request failed, and what came of a response that broke off', async () => {
    const refused = net.createServer();
    await once(refused.listen(0, '127.0.0.1'), 'listening');
    const { port } = refused.address() as AddressInfo;
    await new Promise((closed) => refused.close(closed));
    const failing = agent.get(`http://127.0.0.1:${port}/none`);
    const [error] = await once(failing, 'error');
    const half = agent.get(`${url}/half`);
    const [response] = await once(half, 'response');
    response.on('error', () => {});
    response.once('data', () => server.closeAllConnections());
    await new Promise<void>((closed) => response.on('close', closed));
    const [first, second] = entries() as [HarEntry, HarEntry];
    expect(first._error).to.equal(error.message);
    expect(first.request).to.include({ httpVersion: 'unknown', bodySize: 0 });
    expect(first.response).to.include({ status: 0, httpVersion: 'unknown', bodySize: -1 });
    expect(second._error).to.be.a('string').that.is.not.equal('');
    expect(second.response).to.include({ status: 200, bodySize: 4 });
  });

  it('shows requests that are under way, or were given up', async () => {
    const request = agent.get(`${url}/never`);
    await once(request, 'stream');
    expect(entries()[0]).to.include({ _unfinished: true });
    request.destroy();
    await new Promise<void>((closed) => request.on('close', closed));
    expect(entries()[0]).not.to.have.property('_unfinished');
    expect(entries()[0]?._error).to.equal('the request was destroyed before a response came');
  });

  it('records CONNECT', async () => {
    server.on('connect', (_request, response) => {
      (response as SpdyResponse).writeHead(200);
      (response as SpdyResponse).flushHeaders();
    });
    const request = agent.request(url, { method: 'CONNECT', path: 'example.com:443' });
    request.end();
    const [, socket] = await once(request, 'connect');
    socket.destroy();
    const [entry] = har.toJSON().log.entries;
    expect(entry?.request.url).to.equal('http://example.com:443');
    expect(entry?.response.status).to.equal(200);
    expect(entry).not.to.have.any.keys('_error', '_unfinished');
  });

  it('records HTTP/1.1 as such', async () => {
    const plain = http.createServer((request, response) => {
      request.resume();
      request.on('end', () => response.writeHead(200, { 'Content-Encoding': 'x' }).end('abc'));
    });
    await once(plain.listen(0, '127.0.0.1'), 'listening');
    const other = new SpdyAgent({ har });
    const { port } = plain.address() as AddressInfo;
    const request = other.request(`http://127.0.0.1:${port}/`, { method: 'PUT' }).end('12345');
    const [response] = await once(request, 'response');
    response.resume();
    await once(response, 'end');
    other.destroy();
    plain.close();
    const [entry] = entries() as [HarEntry];
    expect(entry.request).to.include({ httpVersion: 'HTTP/1.1', bodySize: 5 });
    expect(entry.response).to.include({ httpVersion: 'HTTP/1.1', bodySize: 3 });
    expect(entry.response.content.comment).to.equal('size as transferred, in x');
  });

  it('keeps the latest requests only, and forgets when it is told to', async () => {
    const few = new HarRecorder({ maxEntries: 2 });
    const other = new SpdyAgent({ version: 'spdy/3.1', har: few });
    for (const path of ['/1', '/2', '/3'])
      await (await fetch(`${url}${path}`, { agent: other })).text();
    other.destroy();
    const paths = entries(few).map(({ request }) => new URL(request.url).pathname);
    expect(paths).to.deep.equal(['/2', '/3']);
    expect(few.toJSON().log.comment).to.equal('1 earlier requests are left out');
    few.clear();
    expect(few.toJSON().log).not.to.have.property('comment');
    expect(entries(few)).to.deep.equal([]);
  });

  it('is checked, and so are its options', () => {
    const wrong = { har: {} as HarRecorder };
    expect(() => new SpdyAgent(wrong)).to.throw('har must be a HarRecorder, got an object');
    expect(() => new HarRecorder({ maxEntries: 0 })).to.throw('maxEntries must be an integer');
    expect(() => new HarRecorder({ secrets: 1 as never })).to.throw('secrets must be true or');
  });
});
