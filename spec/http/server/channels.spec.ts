import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { SpdyAgent } from '../../../lib/http/client/agent.ts';
import { createServer, type SpdyServer } from '../../../lib/http/server/server.ts';
import { until } from '../../support/session-pair.ts';

const NAMES = ['http.server.request.start', 'http.server.response.finish'];

describe('http/server/channels', () => {
  let server: SpdyServer;
  let agent: SpdyAgent;
  let url = '';
  let told: [name: string, message: Record<string, unknown>][] = [];
  const listener = (message: unknown, name: string | symbol): void => {
    told.push([String(name), message as Record<string, unknown>]);
  };

  beforeEach(async () => {
    told = [];
    server = createServer({ tls: false, version: 'spdy/3.1' }, (_request, response) => {
      told.push(['handler', {}]);
      response.end('x');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    agent = new SpdyAgent({ version: 'spdy/3.1' });
  });
  afterEach(async () => {
    for (const name of NAMES) unsubscribe(name, listener);
    agent.destroy();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  const names = (): string[] => told.map(([name]) => name.replace('http.server.', ''));

  it('are told of a request before its handler, and of the end of its response', async () => {
    for (const name of NAMES) subscribe(name, listener);
    await once(agent.get(url), 'close');
    await until(() => told.length === 3);
    expect(names()).to.deep.equal(['request.start', 'handler', 'response.finish']);
    const [, { request, response, socket, server: told1 }] = told[0] as (typeof told)[0];
    expect(request).to.be.instanceOf(http.IncomingMessage);
    expect(response).to.have.property('req', request);
    expect(socket).to.equal((request as http.IncomingMessage).socket);
    expect(told1).to.equal(server);
  });

  it('are told of CONNECT', async () => {
    for (const name of NAMES) subscribe(name, listener);
    const request = agent.request(url, { method: 'CONNECT', path: 'example.com:443' });
    request.end();
    await once(request, 'connect');
    expect(names()).to.include('request.start');
  });

  it('a function in place of emit() of all servers of http is called for requests', async () => {
    const emitted: string[] = [];
    const { prototype } = http.Server as unknown as {
      prototype: { emit?: (event: string, ...args: unknown[]) => boolean };
    };
    const original = prototype.emit as (event: string, ...args: unknown[]) => boolean;
    prototype.emit = function (this: unknown, event, ...args) {
      emitted.push(`${event} of ${this === server}`);
      return original.call(this, event, ...args);
    };
    try {
      await once(agent.get(url), 'close');
    } finally {
      delete prototype.emit;
    }
    expect(prototype.emit).to.equal(original);
    expect(emitted).to.deep.equal(['request of true']);
    expect(names()).to.deep.equal(['handler']);
  });
});
