import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { acceptUpgrade, isSpdyUpgrade } from '../../../../lib/http/server/connection/upgrade.ts';
import { createServer } from '../../../../lib/http/server/server.ts';
import { CLIENT } from '../../../../lib/protocol/constants.ts';
import { SPDY3_1 } from '../../../../lib/protocol/version.ts';
import { Session } from '../../../../lib/session/session.ts';
import { readHead } from '../../../support/kubernetes-peer.ts';
import { closed, RawPeer, until } from '../../../support/session-pair.ts';
import { ask, shut } from '../../support/http-support.ts';

/** An HTTP/1.1 server for upgrades. */
async function plain(
  upgrade: (request: http.IncomingMessage, socket: net.Socket, head: Buffer) => void,
): Promise<{ server: http.Server; port: number }> {
  const server = http.createServer((_request, response) => response.end('http'));
  server.on('upgrade', upgrade);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** Asks for an upgrade by hand, with `rest` behind the request. */
function upgradeRequest(port: number, rest: Buffer, upgrade = 'SPDY/3.1'): net.Socket {
  const socket = net.connect(port, '127.0.0.1');
  const request = `POST /exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`;
  socket.write(Buffer.concat([Buffer.from(request), rest]));
  return socket;
}

describe('Upgrade: SPDY/3.1', () => {
  it('turns a connection into a session of the SPDY server; the request is no stream of it (checklist 289)', async () => {
    const spdy = createServer({ tls: false }, (request, response) => response.end(request.url));
    const { server, port } = await plain((request, socket, rest) => {
      expect(
        spdy.handleUpgrade(request, socket, rest, { headers: { 'x-mine': '1' } }),
      ).to.not.equal(null);
    });
    const request = http.request({
      port,
      host: '127.0.0.1',
      headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1' },
    });
    request.end();
    const [response, socket, rest] = (await once(request, 'upgrade')) as [
      http.IncomingMessage,
      net.Socket,
      Buffer,
    ];
    expect(response.statusCode).to.equal(101);
    expect(response.headers).to.include({ upgrade: 'SPDY/3.1', 'x-mine': '1' });
    if (rest.length > 0) socket.unshift(rest);
    const session = new Session(CLIENT, 'spdy/3.1').attach(socket);
    // The upgrade request is no stream: ids start at 1.
    const { stream, body } = await ask(session, '/over-upgrade');
    expect(stream.id).to.equal(1);
    expect(body.toString()).to.equal('/over-upgrade');
    await shut(spdy, session);
    server.close();
  });

  it('takes bytes that came with the request, and sessions of any kind (checklist 288)', async () => {
    const { server, port } = await plain((request, socket, rest) => {
      expect(rest.length).to.be.greaterThan(0);
      const session = acceptUpgrade(request, socket, rest, {
        headers: [['X-Stream-Protocol-Version', 'v4.channel.k8s.io']],
        session: { settingsTiming: 'afterFirstFrame', flowControl: false, lenientStreams: true },
      });
      session.on('stream', (stream) => {
        stream.respond([]);
        stream.end('raw');
      });
    });
    const client = new RawPeer(new net.Socket(), SPDY3_1);
    const bytes = client.make.synStream(1, [['streamtype', 'error']], { flags: 1 });
    const socket = upgradeRequest(port, bytes, 'x, spdy/3.1');
    const text = await readHead(socket);
    expect(text).to.match(/^HTTP\/1\.1 101 /);
    expect(text.toLowerCase()).to.include('x-stream-protocol-version: v4.channel.k8s.io');
    const peer = new RawPeer(socket, SPDY3_1);
    await until(() => peer.frames.at(-1)?.data.toString() === 'raw' || peer.names.length > 3);
    expect(peer.names.filter((name) => name !== 'SETTINGS')).to.include.members([
      'SYN_REPLY',
      'DATA',
    ]);
    socket.destroy();
    await closed(socket);
    server.close();
  });

  it('is told from others, in any case and place', () => {
    const request = (upgrade: string, connection = 'upgrade'): http.IncomingMessage =>
      ({ headers: { upgrade, connection } }) as unknown as http.IncomingMessage;
    expect(isSpdyUpgrade(request('SPDY/3.1'))).to.equal(true);
    expect(isSpdyUpgrade(request('h2c, spdy/3.1', 'keep-alive, Upgrade'))).to.equal(true);
    expect(isSpdyUpgrade(request('websocket'))).to.equal(false);
    expect(isSpdyUpgrade(request('SPDY/3.1', 'close'))).to.equal(false);
    const spdy = createServer({ tls: false });
    const untouched = new net.Socket();
    expect(spdy.handleUpgrade(request('websocket'), untouched, Buffer.alloc(0))).to.equal(null);
    expect(untouched.destroyed).to.equal(false);
  });

  it('sends no header that would split the answer', async () => {
    let failed: unknown = null;
    const { server, port } = await plain((request, socket, rest) => {
      try {
        acceptUpgrade(request, socket, rest, { headers: { a: 'b\r\nc: d' } });
      } catch (error) {
        failed = error;
        socket.destroy();
      }
    });
    const socket = upgradeRequest(port, Buffer.alloc(0));
    socket.on('error', () => {});
    await closed(socket);
    expect(failed).to.include({ code: 'ERR_INVALID_CHAR' });
    server.close();
  });
});
