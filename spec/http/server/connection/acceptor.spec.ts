import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { expect } from 'chai';
import type { SpdyServer } from '../../../../lib/http/server/server.ts';
import { SPDY2, SPDY3_1 } from '../../../../lib/protocol/version.ts';
import { closed, RawPeer } from '../../../support/session-pair.ts';
import { endAll, head, listen, shut } from '../../support/http-support.ts';

/** Connections that a server has. */
function connections(server: SpdyServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

/** A PROXY header of a client that has negotiated a protocol. */
function proxied(protocol: string): Buffer {
  const alpn = Buffer.concat([Buffer.from([1, 0, protocol.length]), Buffer.from(protocol)]);
  const facts = Buffer.from([0x21, 0, 0, alpn.length]);
  return Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'), facts, alpn]);
}

describe('acceptor', () => {
  afterEach(endAll);

  describe('of TLS', () => {
    const leave = {
      'connects and ends': (port: number) => {
        const socket = net.connect(port, '127.0.0.1', () => socket.end());
        return socket;
      },
      'connects, sends the beginning of a handshake and ends': (port: number) => {
        const socket = net.connect(port, '127.0.0.1', () => {
          socket.end(Buffer.from('160301020001000001fc0303', 'hex'));
        });
        return socket;
      },
      'connects and resets': (port: number) => {
        const socket = net.connect(port, '127.0.0.1', () => socket.resetAndDestroy());
        return socket;
      },
      // Without a CA for it.
      'refuses the certificate': (port: number) =>
        tls.connect({ port, host: '127.0.0.1', ALPNProtocols: ['spdy/3.1'] }),
    };
    for (const [title, connect] of Object.entries(leave)) {
      it(`keeps nothing of a client that ${title}`, async () => {
        const { server, port } = await listen({ handshakeTimeoutMs: 0, closeTimeoutMs: 0 });
        let gone = 0;
        server.listener.on('connection', (socket: net.Socket) => socket.on('close', () => gone++));
        const left = Array.from({ length: 10 }, () => {
          const socket = connect(port);
          socket.on('error', () => {});
          socket.resume();
          return closed(socket);
        });
        await Promise.all(left);
        while ((await connections(server)) > 0) await new Promise((next) => setImmediate(next));
        // Nothing is waited for: there is no time limit here at all.
        await new Promise<void>((done) => server.close(() => done()));
      });
    }

    it('answers a client that ends its half behind the handshake', async () => {
      const { server, port } = await listen({}, (_request, response) => {
        setImmediate(() => response.end('answered'));
      });
      const options = { rejectUnauthorized: false, allowHalfOpen: true };
      const socket = tls.connect({
        port,
        host: '127.0.0.1',
        ALPNProtocols: ['spdy/3.1'],
        ...options,
      });
      await once(socket, 'secureConnect');
      const peer = new RawPeer(socket, SPDY3_1);
      peer.send(peer.make.synStream(1, head(), { flags: 1 }));
      socket.end();
      expect((await peer.frame('DATA')).data?.toString()).to.equal('answered');
      await shut(server);
    });
  });

  describe('behind a terminator', () => {
    it('speaks no version that was switched off, whatever the PROXY header names', async () => {
      const options = {
        tls: false,
        proxyProtocol: { allow: ['127.0.0.1'] },
        versions: ['spdy/3.1'],
      } as const;
      const { server, port } = await listen(options, (_request, response) => response.end('3.1'));
      const unknown = once(server, 'unknownProtocol') as Promise<[net.Socket]>;
      const off = net.connect(port, '127.0.0.1');
      off.write(proxied('spdy/2'));
      const peer = new RawPeer(off, SPDY2);
      const [socket] = await unknown;
      expect(server.sessions.size).to.equal(0);
      socket.destroy();
      await closed(off);
      expect(peer.frames).to.deep.equal([]);

      const on = net.connect(port, '127.0.0.1');
      on.write(proxied('spdy/3.1'));
      const speaks = new RawPeer(on, SPDY3_1);
      speaks.send(speaks.make.synStream(1, head(), { flags: 1 }));
      expect((await speaks.frame('DATA')).data?.toString()).to.equal('3.1');
      await shut(server);
    });
  });
});
