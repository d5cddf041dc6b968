import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { readProxyHeader } from '../../../../lib/http/server/connection/proxy-protocol.ts';
import { createServer } from '../../../../lib/http/server/server.ts';
import type { BackOptions } from '../../../../lib/tools/proxy/back/options.ts';
import { createProxy, type SpdyProxy } from '../../../../lib/tools/proxy/proxy.ts';
import { sharedCertificate } from '../../../support/session-pair.ts';
import { BACKS } from '../support/application.ts';

describe('tools/proxy/back/private-connections', () => {
  const ends: (() => unknown)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  /** A server that takes PROXY headers, and tells each. */
  async function serve(
    protocol: string,
    secure: boolean,
    seen: string[],
  ): Promise<Required<Pick<BackOptions, 'url' | 'protocol' | 'tls'>>> {
    const handler = (_request: unknown, response: { end(text: string): void }): void => {
      response.end('fine');
    };
    const { key, cert } = sharedCertificate();
    const target = serverFor(protocol, secure, handler as http.RequestListener, { key, cert });
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      readProxyHeader(socket, 0, (_error, header) => {
        if (header === null) return;
        const { source, alpn, tls, proxied } = header;
        seen.push(`${proxied} ${source?.address} ${source?.port} ${alpn} ${tls}`);
        target.emit('connection', socket);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return {
      url: `${secure ? 'https' : 'http'}://localhost:${port}`,
      protocol: protocol as 'h2',
      tls: { ca: cert },
    };
  }

  async function open(back: BackOptions): Promise<{ proxy: SpdyProxy; port: number }> {
    const proxy = createProxy({ backs: [back] });
    ends.push(() => proxy.destroy());
    const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', tls: false, sniff: true });
    return { proxy, port };
  }

  async function get(agent: http.Agent, port: number): Promise<number> {
    const request = http.get({ host: '127.0.0.1', port, agent });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) body += chunk;
    expect(body).to.equal('fine');
    return (request.socket as net.Socket).localPort as number;
  }

  for (const protocol of BACKS) {
    for (const secure of [false, true]) {
      it(`are those of one client each (${protocol}, TLS: ${secure})`, async () => {
        const seen: string[] = [];
        const { port } = await open({ ...(await serve(protocol, secure, seen)), sendProxy: 2 });
        const agents = [0, 1].map(() => new http.Agent({ keepAlive: true }));
        ends.push(() => agents.forEach((agent) => void agent.destroy()));
        const [one, two] = agents as [http.Agent, http.Agent];
        const ports = [await get(one, port), await get(two, port)];
        expect([await get(one, port), await get(two, port)]).to.deep.equal(ports);
        const spoken = secure ? null : protocol;
        expect(seen).to.deep.equal(
          ports.map((client) => `true 127.0.0.1 ${client} ${spoken} false`),
        );
      });
    }
  }

  it('begin with a line in version 1, and tell of health checks that they are nobody’s', async () => {
    const seen: string[] = [];
    const back = await serve('http/1.1', false, seen);
    const proxy = createProxy({
      backs: [{ ...back, sendProxy: 1 }],
      health: { path: '/', intervalMs: 60_000 },
    });
    ends.push(() => proxy.destroy());
    const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', tls: false, sniff: true });
    const agent = new http.Agent();
    const client = await get(agent, port);
    expect(seen).to.have.members([
      'true undefined undefined null false',
      `true 127.0.0.1 ${client} null false`,
    ]);
  });

  it('are kept for so many clients, and no more', async () => {
    const seen: string[] = [];
    const back = await serve('http/1.1', false, seen);
    const { port } = await open({ ...back, sendProxy: 2 });
    const first = new http.Agent({ keepAlive: true });
    ends.push(() => first.destroy());
    await get(first, port);
    await get(first, port);
    expect(seen.length).to.equal(1);
    // They stay: the port of one that has ended may come again, and would be the same client.
    const others = Array.from({ length: 256 }, () => new http.Agent({ keepAlive: true }));
    ends.push(() => others.forEach((agent) => void agent.destroy()));
    for (const other of others) await get(other, port);
    expect(seen.length).to.equal(257);
    await get(first, port);
    expect(seen.length).to.equal(258);
  });
});

function serverFor(
  protocol: string,
  secure: boolean,
  handler: http.RequestListener,
  tls: { readonly key: string; readonly cert: string },
): net.Server {
  if (protocol === 'http/1.1') {
    return secure ? https.createServer(tls, handler) : http.createServer(handler);
  }
  if (protocol === 'h2') {
    const listener = handler as never;
    return secure ? http2.createSecureServer(tls, listener) : http2.createServer(listener);
  }
  const version = protocol as 'spdy/3.1';
  return createServer(secure ? tls : { tls: false, version }, handler as never).listener;
}
