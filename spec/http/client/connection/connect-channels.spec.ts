import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import type { SpdyAgent } from '../../../../lib/http/client/agent.ts';
import { Stage, textOf } from '../../support/origin-server.ts';

const NAMES = ['beforeConnect', 'connected', 'connectError'].map((name) => `undici:client:${name}`);

/** What came: `any` is what subscribers have. */
// biome-ignore lint/suspicious/noExplicitAny: messages are whatever undici makes them
type Message = any;

describe('channels of connections', () => {
  const stage = new Stage();
  const told: [name: string, message: Message][] = [];
  const listener = (message: unknown, name: string | symbol): void => {
    told.push([String(name).replace('undici:client:', ''), message]);
  };
  const names = (): string[] => told.map(([name]) => name);

  beforeEach(() => {
    told.length = 0;
    for (const name of NAMES) subscribe(name, listener);
  });
  afterEach(async () => {
    for (const name of NAMES) unsubscribe(name, listener);
    await stage.end();
  });

  const get = (agent: SpdyAgent, url: string): Promise<string> =>
    new Promise((resolve, reject) => {
      agent.get(url, (response) => resolve(textOf(response))).once('error', reject);
    });

  it('are told of each connection in the words of undici', async () => {
    const server = await stage.server({ protocols: ['spdy/3'] });
    const agent = stage.agent();
    await Promise.all([get(agent, server.url()), get(agent, server.url())]);
    expect(names()).to.deep.equal(['beforeConnect', 'connected']);
    const [before, connected] = told.map(([, message]) => message);
    const params = {
      host: `localhost:${server.port}`,
      hostname: 'localhost',
      protocol: 'https:',
      port: String(server.port),
      servername: 'localhost',
    };
    expect(before.connectParams).to.deep.equal(params);
    expect(connected.connectParams).to.deep.equal({ ...params, version: 'spdy/3' });
    expect(connected.socket.remotePort).to.equal(server.port);
    expect(connected.connector).to.equal(before.connector).and.to.be.a('function');
  });

  it('are told what failed', async () => {
    const server = await stage.server({ protocols: ['spdy/3'] });
    const url = server.url();
    const failed = await get(stage.agent({ tls: {} }), url).catch((error: Error) => error);
    expect(names()).to.deep.equal(['beforeConnect', 'connectError']);
    expect(told[1]?.[1].error).to.equal(failed);
  });

  it('are told of HTTP/1.1, and of an address without a name', async () => {
    const server = await stage.server({ protocols: ['http/1.1'] });
    await get(stage.agent({ rejectUnauthorized: false }), `https://127.0.0.1:${server.port}/`);
    expect(names()).to.deep.equal(['beforeConnect', 'connected']);
    const { version, servername } = told[1]?.[1].connectParams ?? {};
    expect([version, servername]).to.deep.equal(['http/1.1', null]);
  });
});
