import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { SpdyAgent } from '../../../../lib/http/client/agent.ts';
import { SpdyDispatcher } from '../../../../lib/http/client/dispatcher.ts';
import { fetch } from '../../../../lib/http/client/fetch/fetch.ts';
import type { ClientRequest } from '../../../../lib/http/client/request/request.ts';
import type { SpdyResponse } from '../../../../lib/http/server/exchange/response.ts';
import { createServer, type SpdyServer } from '../../../../lib/http/server/server.ts';
import { until } from '../../../support/session-pair.ts';

/** What the channels are told, as far as that is the same everywhere. */
interface Message {
  readonly request: ClientRequest & {
    readonly origin: string;
    readonly headers: string[];
    readonly completed: boolean;
    addHeader(name: string, value: string): unknown;
  };
  readonly response: IncomingMessage & { readonly headers: Buffer[]; readonly statusText: string };
  readonly error: Error & { readonly code?: string };
  readonly headers: string;
  readonly socket: { readonly remotePort?: number };
  readonly trailers: Buffer[];
  readonly chunk: Uint8Array;
}

const HTTP = [
  'http.client.request.created',
  'http.client.request.start',
  'http.client.request.error',
  'http.client.response.finish',
];
const UNDICI = [
  'undici:request:create',
  'undici:client:sendHeaders',
  'undici:request:bodyChunkSent',
  'undici:request:bodySent',
  'undici:request:headers',
  'undici:request:bodyChunkReceived',
  'undici:request:trailers',
  'undici:request:error',
];

describe('http/client/exchange/channels', () => {
  let server: SpdyServer;
  let agent: SpdyAgent;
  let url = '';
  let told: [name: string, message: Message][] = [];
  let onMessage = (_message: Message, _name: string): void => {};
  const listener = (message: unknown, name: string | symbol): void => {
    told.push([String(name), message as Message]);
    onMessage(message as Message, String(name));
  };
  const listen = (names: readonly string[]): void => {
    for (const name of names) subscribe(name, listener);
  };
  const names = (): string[] => told.map(([name]) => name.replace(/^.*[.:](?=\w+[.:]\w+$)/, ''));

  beforeEach(async () => {
    told = [];
    onMessage = () => {};
    server = createServer({ tls: false, version: 'spdy/3.1' }, (request, response) => {
      if (request.url === '/reset') {
        response.write('some');
        setImmediate(() => response.destroy());
        return;
      }
      if (request.url === '/never') return;
      request.resume();
      request.on('end', () => {
        response.setHeader('x-got', String(request.headers['x-mine']));
        response.write('body');
        response.addTrailers({ 'x-end': 'yes' });
        response.end();
      });
    });
    server.on('connect', (_request, response) => {
      (response as SpdyResponse).writeHead(200);
      (response as SpdyResponse).flushHeaders();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    agent = new SpdyAgent({ version: 'spdy/3.1' });
  });
  afterEach(async () => {
    for (const name of [...HTTP, ...UNDICI]) unsubscribe(name, listener);
    agent.destroy();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  async function complete(request: ClientRequest): Promise<IncomingMessage> {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    return response;
  }

  describe('those of http', () => {
    it('are told of a request, to which fields may be added, and of the end of its response', async () => {
      listen([...HTTP, ...UNDICI]);
      onMessage = ({ request }, name) => {
        if (name.endsWith('created')) request.setHeader('x-mine', 'added');
      };
      const request = agent.get(url);
      expect(names()).to.deep.equal(['request.created']);
      const response = await complete(request);
      expect(response.headers['x-got']).to.equal('added');
      expect(names()).to.deep.equal(['request.created', 'request.start', 'response.finish']);
      expect(told.every(([, message]) => message.request === request)).to.equal(true);
      expect(told.at(-1)?.[1].response).to.equal(response);
    });

    it('are told of errors, without taking them from anybody', async () => {
      listen(HTTP);
      const request = agent.get(`${url}never`);
      expect(request.listenerCount('error')).to.equal(0);
      request.on('error', () => {});
      await once(request, 'stream');
      request.destroy(new Error('enough'));
      await new Promise<void>((closed) => request.on('close', closed));
      expect(names()).to.deep.equal(['request.created', 'request.start', 'request.error']);
      expect(told.at(-1)?.[1].error.message).to.equal('enough');
    });

    it('are told of CONNECT', async () => {
      listen(HTTP);
      const request = agent.request(url, { method: 'CONNECT', path: 'example.com:443' });
      request.end();
      const [, socket] = await once(request, 'connect');
      expect(names()).to.deep.equal(['request.created', 'request.start', 'response.finish']);
      socket.destroy();
    });

    it("leave what goes by HTTP/1.1 to Node's own request below", async () => {
      const plain = http.createServer((_request, response) => response.end('x'));
      await once(plain.listen(0, '127.0.0.1'), 'listening');
      listen(HTTP.filter((name) => !name.endsWith('created')));
      const { port } = plain.address() as AddressInfo;
      const both = new SpdyAgent();
      const request = both.get(`http://127.0.0.1:${port}/`);
      await complete(request);
      await until(() => told.length === 2);
      expect(names()).to.deep.equal(['request.start', 'response.finish']);
      expect(told.some(([, message]) => message.request === request)).to.equal(false);
      const failing = both.get('http://127.0.0.1:1/');
      await once(failing, 'error');
      both.destroy();
      plain.close();
    });
  });

  describe('those of undici', () => {
    const ways: [string, (path: string, body?: string) => Promise<Response>][] = [
      [
        'fetch()',
        (path, body) => {
          const init = body === undefined ? {} : { method: 'POST', body };
          return fetch(url + path, { agent, ...init });
        },
      ],
      [
        "SpdyDispatcher, below Node's own fetch()",
        (path, body) => {
          const init = body === undefined ? {} : { method: 'POST', body };
          const dispatcher = new SpdyDispatcher(agent);
          return globalThis.fetch(url + path, { dispatcher, ...init } as RequestInit);
        },
      ],
    ];
    for (const [name, get] of ways) {
      it(`are told of each step: ${name}`, async () => {
        listen([...HTTP, ...UNDICI]);
        onMessage = ({ request }, channel) => {
          if (channel.endsWith('create')) request.addHeader('x-mine', 'added');
        };
        const response = await get('path?query', 'question');
        expect(response.headers.get('x-got')).to.equal('added');
        await response.text();
        await until(() => told.length >= 7);
        expect(names().sort()).to.deep.equal([
          'client:sendHeaders',
          'request:bodyChunkReceived',
          'request:bodyChunkSent',
          'request:bodySent',
          'request:create',
          'request:headers',
          'request:trailers',
        ]);
        const [[first, { request }]] = told as [[string, Message]];
        expect(first).to.equal('undici:request:create');
        expect(request).to.include({ method: 'POST', path: '/path?query', completed: true });
        expect(`${request.origin}/`).to.equal(url);
        expect(request).to.include({ contentLength: 8, contentType: 'text/plain;charset=UTF-8' });
        expect(request.headers.join()).to.include('x-mine,added');
        const of = (channel: string): Message =>
          told.find(([name]) => name.endsWith(channel))?.[1] as Message;
        expect(Buffer.from(of('bodyChunkSent').chunk).toString()).to.equal('question');
        expect(Buffer.from(of('bodyChunkReceived').chunk).toString()).to.equal('body');
        const order = names();
        expect(order.indexOf('client:sendHeaders')).to.be.below(
          order.indexOf('request:bodyChunkSent'),
        );
        expect(of('sendHeaders').headers).to.include('x-mine: added\r\n');
        expect(String(of('sendHeaders').socket.remotePort)).to.equal(new URL(url).port);
        const { statusCode, headers } = of('request:headers').response;
        expect([statusCode, headers.map(String).includes('x-got')]).to.deep.equal([200, true]);
        expect(of('trailers').trailers.map(String)).to.deep.equal(['x-end', 'yes']);
      });

      it(`are told of what has failed: ${name}`, async () => {
        listen(UNDICI);
        const response = await get('reset');
        const failure = await response.text().then(
          () => null,
          (error: Error) => error,
        );
        expect(failure).to.be.instanceOf(TypeError);
        await until(() => told.some(([channel]) => channel.endsWith('error')));
        expect(names().filter((channel) => channel === 'request:error')).to.have.length(1);
        expect(names()).to.not.include('request:trailers');
      });
    }

    it('a response that nobody wants to the end is told as an error', async () => {
      listen(UNDICI);
      const response = await fetch(url, { agent });
      await response.body?.cancel();
      await until(() => told.some(([channel]) => /error|trailers/.test(channel)));
      expect(names().filter((channel) => /error|trailers/.test(channel))).to.have.length(1);
    });

    it('are told of request() when nobody listens to those of http', async () => {
      listen(UNDICI);
      onMessage = ({ request }, name) => {
        if (name.endsWith('create')) request.addHeader('x-mine', 'added');
      };
      const response = await complete(agent.get(url));
      expect(response.headers['x-got']).to.equal('added');
      await until(() => names().includes('request:trailers'));
      expect(names()).to.include.members(['request:create', 'client:sendHeaders']);
    });

    it('are told of what goes by HTTP/1.1, without http.request(), which others may have replaced', async () => {
      const plain = http.createServer((_request, response) => response.end('x'));
      await once(plain.listen(0, '127.0.0.1'), 'listening');
      const { port } = plain.address() as AddressInfo;
      const { request } = http;
      let calls = 0;
      http.request = ((...args: Parameters<typeof request>) => {
        calls++;
        return request(...args);
      }) as typeof request;
      const both = new SpdyAgent();
      try {
        await complete(both.get(`http://127.0.0.1:${port}/`));
        expect(calls).to.equal(1);
        listen(UNDICI);
        await complete(both.get(`http://127.0.0.1:${port}/`));
        expect(calls).to.equal(1);
      } finally {
        http.request = request;
      }
      await until(() => names().includes('request:trailers'));
      both.destroy();
      plain.close();
    });

    it('are told of tunnels', async () => {
      listen(UNDICI);
      const { socket } = (await new SpdyDispatcher(agent).connect({
        origin: url,
        path: 'example.com:443',
      })) as { socket: { destroy(): void } };
      expect(names()).to.include.members(['request:create', 'request:headers', 'request:trailers']);
      socket.destroy();
    });
  });
});
