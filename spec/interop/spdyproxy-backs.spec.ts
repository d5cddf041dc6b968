import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { PROTOCOL_VERSIONS, SpdyAgent } from '../../lib/index.ts';
import {
  type BackOptions,
  type BackProtocol,
  createProxy,
  type SpdyProxy,
} from '../../lib/tools/index.ts';
import { sharedCertificate } from '../support/session-pair.ts';
import { type Client, clientOf, FRONTS } from '../tools/proxy/support/clients.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { ask, pushesOf, replyTo } from './support/http-client.ts';
import { nettyCommand, peerPath, requirePeer } from './support/peers.ts';
import { PeerProcess } from './support/process.ts';
import { type TransportListener, transportListen } from './support/spdy-transport.ts';
import { transportApplication } from './support/transport-app.ts';

/** A proxy in front of one back, with TLS. */
async function open(
  back: BackOptions,
): Promise<{ readonly proxy: SpdyProxy; readonly port: number }> {
  const proxy = createProxy({ backs: [back] });
  const { key, cert } = sharedCertificate();
  const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', key, cert });
  return { proxy, port };
}

/** The options of a back with the certificate of the peers. */
function backAt(protocol: BackProtocol, secure: boolean, port: number | string): BackOptions {
  const ca = readFileSync(peerPath('certificates/cert.pem'));
  const url = `${secure ? 'https' : 'http'}://localhost:${port}`;
  return { url, protocol, ...(secure ? { tls: { ca } } : {}) };
}

async function getBytes(client: Client, size: number): Promise<void> {
  const { status, body, whole } = await client.ask({ path: `/bytes/${size}` });
  expect({ status, whole }).to.deep.equal({ status: 200, whole: true });
  expect(sha256(body)).to.equal(sha256(pattern(size)));
}

/** The same bytes in pieces. */
function* piecesOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += 50_000) yield body.subarray(at, at + 50_000);
}

async function echo(client: Client, size: number): Promise<void> {
  const sent = pattern(size);
  const question = { path: '/echo', method: 'POST', body: [...piecesOf(sent)] };
  const { status, body, whole } = await client.ask(question);
  expect({ status, whole }).to.deep.equal({ status: 200, whole: true });
  expect(sha256(body)).to.equal(sha256(sent));
}

const NETTY = [
  { protocol: 'spdy/3.1', secure: false, printed: 'plain' },
  { protocol: 'spdy', secure: true, printed: 'tls' },
  { protocol: 'h2', secure: false, printed: 'h2' },
  { protocol: 'http/1.1', secure: false, printed: 'h1' },
] as const;

describe("createProxy() and Netty's servers", () => {
  let server: PeerProcess | undefined;

  before(async function () {
    requirePeer(this, 'netty');
    const p12 = peerPath('certificates/server.p12');
    const ports = ['--port', '0', '--tls-port', '0', '--p12', p12, '--h2-port', '0'];
    const rest = ['--h1-port', '0', '--settings', '4=10'];
    server = new PeerProcess(nettyCommand('NettySpdyServer', ...ports, ...rest));
    await server.printed(/h1=\d+/);
  });

  after(() => server?.stop());

  for (const { protocol, secure, printed } of NETTY) {
    for (const front of FRONTS) {
      describe(`${front} to ${protocol}${secure ? ' over TLS' : ''}`, () => {
        let proxy: SpdyProxy;
        let client: Client;

        before(async () => {
          const [, back = ''] = (await server?.printed(new RegExp(`${printed}=(\\d+)`))) ?? [];
          const opened = await open(backAt(protocol, secure, back));
          proxy = opened.proxy;
          client = clientOf(front, opened.port);
        });

        after(async () => {
          await client.close();
          proxy.destroy();
        });

        it('gets bodies of every size, and posts them', async () => {
          for (const size of [0, 1, 65_536, 3 << 20]) {
            await getBytes(client, size);
            await echo(client, size);
          }
        });

        it('sends more requests at once than the server takes', async () => {
          const sizes = Array.from({ length: 60 }, (_, index) => 20_000 + index);
          await Promise.all(sizes.map((size) => getBytes(client, size)));
          expect(proxy.statistics[0]?.failures).to.equal(0);
        });

        it('passes fields, cookies, trailers and statuses on', async () => {
          const headers = { 'x-one': 'a b=c; d', cookie: 'a=b; c=d' };
          const seen = await client.ask({ path: '/headers?q=1', headers });
          const told = JSON.parse(seen.body.toString());
          expect(told).to.include({ method: 'GET', url: '/headers?q=1' });
          expect(told.headers).to.include({ ...headers, 'x-forwarded-for': '127.0.0.1' });
          expect((await client.ask({ path: '/status/404' })).status).to.equal(404);
          // By HTTP/1.1 that server tells no end of these.
          if (protocol === 'http/1.1') return;
          const multi = await client.ask({ path: '/multi' });
          expect(multi.headers['set-cookie']).to.deep.equal(['a=1', 'b=2']);
          const { body, trailers } = await client.ask({ path: '/trailers' });
          expect(body.toString()).to.equal('body\n');
          expect(trailers).to.include({ 'x-trailer': 'one, two' });
        });
      });
    }
  }

  it('answers 503 what Netty refuses as often as it may be tried, and 502 what it cancels', async () => {
    const [, back = ''] = (await server?.printed(/plain=(\d+)/)) ?? [];
    const { proxy, port } = await open(backAt('spdy/3.1', false, back));
    const client = clientOf('h2', port);
    for (const [code, answer, reason] of [
      [3, 503, 'destination_unavailable'],
      [5, 502, 'connection_terminated'],
    ] as const) {
      const { status, headers } = await client.ask({ path: `/rst/${code}` });
      expect(status).to.equal(answer);
      expect(headers['proxy-status']).to.equal(`spdyproxy; error=${reason}`);
    }
    await getBytes(client, 1000);
    await client.close();
    proxy.destroy();
  });

  it('goes on with another connection when Netty ends one', async () => {
    const [, back = ''] = (await server?.printed(/tls=(\d+)/)) ?? [];
    const { proxy, port } = await open(backAt('spdy', true, back));
    const client = clientOf('h2', port);
    for (let i = 0; i < 5; i++) {
      expect((await client.ask({ path: '/goaway' })).body.toString()).to.equal('bye\n');
      await getBytes(client, 1000);
    }
    await client.close();
    proxy.destroy();
  });
});

/** It applies windows to SPDY/2, where no WINDOW_UPDATE exists: larger bodies would stall there. */
const SIZES = { 2: [0, 1, 30_000], 3: [0, 1, 65_536], 4: [0, 1, 65_536] };

for (const { id, name } of PROTOCOL_VERSIONS) {
  describe(`createProxy() and a spdy-transport server, ${name} over TLS`, () => {
    let listener: TransportListener | undefined;
    let proxy: SpdyProxy;
    let port: number;

    before(async function () {
      requirePeer(this, 'spdy-transport');
      listener = await transportListen(id, (stream) => void transportApplication(stream), true);
      ({ proxy, port } = await open(backAt(name as BackProtocol, true, listener.port)));
    });

    after(async () => {
      proxy?.destroy();
      await listener?.close();
    });

    for (const front of FRONTS) {
      it(`${front}: bodies of every size and 50 requests at once`, async () => {
        const client = clientOf(front, port);
        for (const size of SIZES[id]) {
          await getBytes(client, size);
          await echo(client, size);
        }
        const sizes = Array.from({ length: 50 }, (_, index) => 300 + index);
        await Promise.all(sizes.map((size) => getBytes(client, size)));
        await client.close();
      });

      it(`${front}: an answer that is cut off is not whole`, async () => {
        const client = clientOf(front, port);
        const { status, whole } = await client.ask({ path: '/cut' });
        expect({ status, whole }).to.deep.equal({ status: 200, whole: false });
        await client.close();
      });
    }

    it('passes pushed resources on', async () => {
      const agent = new SpdyAgent({ tls: { ca: sharedCertificate().cert } });
      const request = agent.request(`https://localhost:${port}/push`);
      const pushes = pushesOf(request);
      expect((await replyTo(request)).body.toString()).to.equal('pusher\n');
      // What was pushed has been told of by the time of another answer.
      await ask(agent, `https://localhost:${port}/bytes/1`);
      const [pushed] = await Promise.all(pushes);
      expect(pushed?.request.url).to.match(/\/pushed$/);
      expect(pushed?.reply.body.toString()).to.equal('pushed\n');
      agent.destroy();
    });

    it('goes on after its GOAWAY', async () => {
      const client = clientOf('h2', port);
      await getBytes(client, 1);
      const before = listener?.endpoints.length ?? 0;
      const last = listener?.endpoints.at(-1);
      last?.connection.end();
      if (last !== undefined && !last.socket.destroyed) await once(last.socket, 'close');
      await getBytes(client, 5);
      expect(listener?.endpoints.length).to.equal(before + 1);
      await client.close();
    });
  });
}
