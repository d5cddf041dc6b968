import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { SpdyAgent } from '../../lib/http/client/agent.ts';
import { fetch } from '../../lib/http/client/fetch/fetch.ts';
import { createServer } from '../../lib/http/server/server.ts';
import { SERVER } from '../../lib/protocol/constants.ts';
import { Session } from '../../lib/session/session.ts';
import { connect } from '../../lib/session/transport/connect.ts';

/** What test tools replace when timers are faked. Of `queueMicrotask` and `process.nextTick` Node itself takes the global ones. */
const REPLACED = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'performance',
] as const;

describe('timers that a test has replaced', () => {
  const originals = REPLACED.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));

  beforeEach(() => {
    for (const name of REPLACED) {
      const value = name === 'performance' ? { now: () => 0 } : () => null;
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
  });

  afterEach(() => {
    for (const [index, name] of REPLACED.entries()) {
      const original = originals[index];
      if (original !== undefined) Object.defineProperty(globalThis, name, original);
    }
  });

  it('do not hold up requests, bodies and the ends of agent and server', async () => {
    const server = createServer({ tls: false }, async (request, response) => {
      response.end(await text(request));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/`;
    const agent = new SpdyAgent({ version: 'spdy/3.1' });
    for (const body of ['text', new Blob(['of a stream']).stream()]) {
      const response = await fetch(url, { agent, method: 'POST', body });
      expect(await response.text()).to.be.oneOf(['text', 'of a stream']);
    }
    const request = agent.request(url, { method: 'PUT', timeout: 60_000 });
    request.end('of a request');
    const answer = await new Promise<NodeJS.ReadableStream>((done) => request.on('response', done));
    expect(await text(answer)).to.equal('of a request');
    await agent.close();
    await new Promise((done) => server.close(done));
  });

  it('do not hold up a session, its PING and its end', async () => {
    const server = net.createServer((socket) => {
      const session = new Session(SERVER, 'spdy/3.1', { idleTimeoutMs: 60_000 }).attach(socket);
      session.on('stream', (stream) => stream.pipe(stream));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const session = await connect({ host: '127.0.0.1', port, tls: false });
    const stream = session.request([['name', 'value']]).setTimeout(60_000);
    stream.end('echo');
    expect(await text(stream)).to.equal('echo');
    expect(await session.ping()).to.be.above(0);
    const given = session.request([['name', 'value']]);
    given.destroy();
    await once(given, 'close');
    await session.close();
    await new Promise((done) => server.close(done));
  });
});
