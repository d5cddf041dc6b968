import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { firstOf } from '../../lib/common/inspection.ts';
import { SpdyAgent } from '../../lib/http/client/agent.ts';
import { SpdyDispatcher } from '../../lib/http/client/dispatcher.ts';
import { createServer } from '../../lib/http/server/server.ts';
import { SPDY3_1 } from '../../lib/protocol/version.ts';
import { memoryConnection, pairOver, requestHeaders, settle } from '../support/session-pair.ts';

/** Lines of a terminal. */
const SCREEN = 24;

/** What the console shows, on a screen at most. */
function shown(value: unknown): string {
  const text = inspect(value);
  expect(text.split('\n')).to.have.length.of.at.most(SCREEN);
  return text;
}

describe('common/inspection', () => {
  it('shows the first of many, and how many more there are', () => {
    expect(firstOf([1, 2])).to.deep.equal([1, 2]);
    expect(firstOf([1, 2, 3, 4, 5, 6, 7])).to.deep.equal([1, 2, 3, 4, 5, '... 2 more']);
  });

  it('sessions, streams and engines are shown on a screen, with what they wait for', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    pair.server.on('stream', () => {});
    const headers = [...requestHeaders('POST', '/path'), ['authorization', 'secret'] as const];
    const stream = pair.client.request(headers);
    for (let i = 0; i < 10; i++) pair.client.request(headers);
    stream.write('some');
    await settle();
    const session = shown(pair.client);
    expect(session).to.match(/^Session \{/);
    for (const fact of [
      "side: 'client'",
      "version: 'spdy/3.1'",
      'openStreams: 11',
      "'1: sending application, receiving peer'",
      "'... 6 more'",
    ])
      expect(session).to.include(fact);
    expect(shown(pair.server)).to.include("side: 'server'");
    const text = shown(stream);
    expect(text).to.match(/^SpdyStream \{/);
    expect(text).to.include("':path': '/path'").and.to.include("sending: 'application'");
    expect(text).to.not.include('secret');
    const { engine } = pair.client as unknown as { engine: object };
    expect(shown(engine))
      .to.match(/^Engine \{/)
      .and.to.include("side: 'client'");
    expect(shown((pair.server as unknown as { engine: object }).engine)).to.include("'server'");
    expect(inspect({ a: { b: { c: stream } } })).to.include('[SpdyStream]');
    stream.on('error', () => {});
    stream.destroy(new Error('enough'));
    await settle();
    expect(shown(stream)).to.include("error: 'enough'").and.to.include("sending: 'ended'");
    await pair.end();
    expect(shown(pair.client)).to.include("phase: 'closed'");
  });

  it('so are streams that were not opened, replies, pushes and resets', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    const waiting = pair.client.request(requestHeaders());
    const { engine } = pair.client as unknown as { engine: object };
    expect(shown(engine)).to.include("'waiting: sending queued, receiving opening'");
    pair.server.on('stream', (stream) => {
      stream.pushStream(requestHeaders()).end();
      stream.respond([
        [':status', '200'],
        [':version', 'HTTP/1.1'],
      ]);
    });
    waiting.on('push', (push) => {
      expect(shown(push)).to.include('associatedId: 1');
      push.close();
      expect(shown(push)).to.include('rstStatus: 5');
    });
    await once(waiting, 'response');
    expect(shown(waiting)).to.include("':status': '200'");
    await pair.end();
  });

  it('servers, agents and dispatchers are shown with their connections', async () => {
    const server = createServer({ tls: false, version: 'spdy/3.1' }, (_request, response) => {
      response.end('x');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const dispatcher = new SpdyDispatcher({ version: 'spdy/3.1' });
    const { agent } = dispatcher;
    const request = agent.get(`http://127.0.0.1:${port}/`);
    await once(request, 'close');
    expect(shown(server))
      .to.match(/^SpdyServer \{/)
      .and.to.include('sessions: 1');
    expect(shown(agent))
      .to.match(/^SpdyAgent \{/)
      .and.to.include(`'http://127.0.0.1:${port}: spdy/3.1, sessions 1, requests 0 of 1'`);
    expect(shown(dispatcher))
      .to.match(/^SpdyDispatcher \{/)
      .and.to.include('SpdyAgent {');
    await agent.close();
    const proxied = new SpdyAgent({ proxy: { url: 'http://127.0.0.1:1/' } });
    expect(shown(proxied)).to.include('proxy: SpdyAgent {');
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
});
