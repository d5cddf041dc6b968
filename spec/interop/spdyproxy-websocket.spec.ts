import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { WebSocket, WebSocketServer } from 'ws';
import { createProxy, type SpdyProxy } from '../../lib/tools/index.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { Nghttpx } from './support/nghttpx.ts';
import { requirePeer } from './support/peers.ts';

describe('WebSockets through createProxy() and nghttpx', () => {
  let application: WebSocketServer;
  let port: number;
  const ends: (() => unknown)[] = [];

  before(async function () {
    requirePeer(this, 'nghttpx');
    const handleProtocols = (): string => 'chat';
    application = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols });
    application.on('connection', (socket) => {
      socket.on('message', (data, binary) => socket.send(data, { binary }));
    });
    await once(application, 'listening');
    ({ port } = application.address() as AddressInfo);
  });

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  after(() => application?.close());

  async function proxyTo(
    back: string,
  ): Promise<{ readonly proxy: SpdyProxy; readonly at: number }> {
    const proxy = createProxy({ backs: [back] });
    ends.push(() => proxy.destroy());
    const front = { port: 0, host: '127.0.0.1', tls: false, sniff: true } as const;
    return { proxy, at: (await proxy.listen(front)).port };
  }

  async function nghttpxTo(back: number, protocol: 'http/1.1' | 'h2'): Promise<number> {
    const nghttpx = await Nghttpx.start(back, protocol);
    ends.push(() => nghttpx.stop());
    return nghttpx.port;
  }

  /** Sends messages at a WebSocket there, and gets them again. */
  async function talk(at: number): Promise<void> {
    const socket = new WebSocket(`ws://127.0.0.1:${at}/chat`, ['chat']);
    await once(socket, 'open');
    expect(socket.protocol).to.equal('chat');
    for (const size of [0, 1, 70_000, 3 << 20]) {
      socket.send(pattern(size));
      const [data] = (await once(socket, 'message')) as [Buffer];
      expect(sha256(data)).to.equal(sha256(pattern(size)));
    }
    socket.close(4000, 'enough');
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
    expect([code, String(reason)]).to.deep.equal([4000, 'enough']);
  }

  it('goes by HTTP/2 to an nghttpx behind it', async () => {
    const back = await nghttpxTo(port, 'http/1.1');
    const { proxy, at } = await proxyTo(`h2+http://127.0.0.1:${back}`);
    await talk(at);
    await talk(at);
    expect(proxy.statistics[0]).to.include({ requests: 2, failures: 0 });
  });

  it('comes by HTTP/2 from an nghttpx in front', async () => {
    const { proxy, at } = await proxyTo(`http://127.0.0.1:${port}`);
    const seen: string[] = [];
    proxy.on('exchange', ({ request, status }) => seen.push(`${request.protocol} ${status}`));
    await talk(await nghttpxTo(at, 'h2'));
    expect(seen).to.deep.equal(['h2 101']);
  });

  it('goes by HTTP/2 all the way', async () => {
    const back = await nghttpxTo(port, 'http/1.1');
    const { at } = await proxyTo(`h2+http://127.0.0.1:${back}`);
    await talk(await nghttpxTo(at, 'h2'));
  });
});
