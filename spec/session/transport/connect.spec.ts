import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { expect } from 'chai';
import type { SpdyError } from '../../../lib/errors.ts';
import { SERVER } from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS } from '../../../lib/protocol/version.ts';
import { Session } from '../../../lib/session/session.ts';
import { MemorySettingsStore } from '../../../lib/session/settings-store.ts';
import { type ConnectOptions, connect } from '../../../lib/session/transport/connect.ts';
import { npnGetVersion } from '../../../lib/session/transport/negotiate.ts';
import {
  closed,
  memoryConnection,
  RESPONSE,
  requestHeaders,
  sharedCertificate,
  until,
} from '../../support/session-pair.ts';

async function failure(options: ConnectOptions): Promise<SpdyError> {
  try {
    (await connect(options)).destroy();
  } catch (error) {
    return error as SpdyError;
  }
  throw new Error('connect() did not reject');
}

describe('session/transport/connect', () => {
  const servers: net.Server[] = [];
  const sockets = new Set<net.Socket>();

  /** Starts a server; gives its port. */
  async function listen(server: net.Server): Promise<number> {
    servers.push(server);
    server.on('connection', (socket: net.Socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** A TLS server that speaks SPDY where ALPN or `fallback` says so. */
  function tlsServer(protocols: string[] | null, fallback: 0 | 2 | 3 | 4 = 0): tls.Server {
    const { key, cert } = sharedCertificate();
    const alpn = protocols === null ? {} : { ALPNProtocols: protocols };
    const server = tls.createServer({ key, cert, ...alpn }, (socket) => {
      socket.on('error', () => {});
      const version = npnGetVersion(socket.alpnProtocol) || fallback;
      if (version === 0) return;
      const session = new Session(SERVER, version, { settings: { currentCwnd: 5 } });
      session.attach(socket);
      session.on('requestRecv', (id) => session.submitResponse(id, RESPONSE, version.toString()));
    });
    server.on('tlsClientError', () => {});
    return server;
  }

  async function get(session: Session): Promise<string> {
    session.submitRequest(0, requestHeaders());
    const [, , chunk] = await once(session, 'dataChunkRecv');
    await session.close();
    return String(chunk);
  }

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    for (const server of servers.splice(0)) {
      server.close();
      await once(server, 'close');
    }
  });

  const ca = (): tls.ConnectionOptions => ({ ca: sharedCertificate().cert });

  for (const version of PROTOCOL_VERSIONS) {
    it(`speaks ${version.name} where ALPN chooses it, to a name or an address`, async () => {
      const port = await listen(tlsServer([version.name]));
      for (const host of ['localhost', '127.0.0.1']) {
        const session = await connect({ host, port, tls: { ...ca(), family: 4 } as never });
        expect(session.version).to.equal(version);
        expect(await get(session)).to.equal(String(version.id));
      }
    });

    it(`takes TLS options that are undefined for not given, in ${version.name}`, async () => {
      const names: (string | false)[] = [];
      const server = tlsServer([version.name]);
      server.on('secureConnection', ({ servername }) => names.push(servername as string));
      const port = await listen(server);
      const unset = ['checkServerIdentity', 'servername', 'ciphers', 'minDHSize', 'host', 'ca'];
      const options = Object.fromEntries(unset.map((name) => [name, undefined]));
      const session = await connect({
        host: 'localhost',
        port,
        ca: sharedCertificate().cert,
        tls: { family: 4, ...options } as never,
      });
      expect(await get(session)).to.equal(String(version.id));
      expect(names).to.deep.equal(['localhost']);
    });

    it(`speaks ${version.name} over plain TCP by agreement`, async () => {
      const port = await listen(
        net.createServer((socket) => {
          const session = new Session(SERVER, version.id).attach(socket);
          session.on('requestRecv', (id) => session.submitResponse(id, RESPONSE, 'plain'));
        }),
      );
      const host = '127.0.0.1';
      const session = await connect({ host, port, tls: false, version: version.name });
      expect(session.version).to.equal(version);
      expect(await get(session)).to.equal('plain');
    });
  }

  it('speaks SPDY/3.1 over plain TCP by default, or what defaultVersion says', async () => {
    const port = await listen(net.createServer());
    const at = { host: '127.0.0.1', port, tls: false };
    const [first, second] = [await connect(at), await connect({ ...at, defaultVersion: 2 })];
    expect([first.version.name, second.version.name]).to.deep.equal(['spdy/3.1', 'spdy/2']);
    first.destroy();
    second.destroy();
  });

  it('sends the name of the server (SNI), unless it is an address', async () => {
    const names: unknown[] = [];
    const server = tlsServer(['spdy/3']);
    server.on('secureConnection', (socket) => names.push(socket.servername));
    const port = await listen(server);
    const sessions = [
      await connect({ port, host: '127.0.0.1', tls: ca() }),
      await connect({ port, host: '127.0.0.1', tls: { ...ca(), servername: 'other' } }).catch(
        (error) => error as NodeJS.ErrnoException,
      ),
      await connect({ port, host: 'localhost', tls: { ...ca(), family: 4 } as never }),
    ];
    await until(() => names.length >= 2 && names.includes('localhost'));
    for (const session of sessions) if (session instanceof Session) session.destroy();
    expect(sessions[1]).to.have.property('code', 'ERR_TLS_CERT_ALTNAME_INVALID');
    expect(names.filter((name) => name !== 'other')).to.deep.equal([false, 'localhost']);
  });

  it('offers the best of what both speak, or only what was asked for', async () => {
    const port = await listen(tlsServer(['spdy/2', 'spdy/3', 'spdy/3.1']));
    const options = { host: '127.0.0.1', port, tls: ca() };
    const names: string[] = [];
    for (const more of [
      {},
      { version: 'spdy/3.1' as const },
      { protocols: ['spdy/3'] },
      { version: 2 as const },
    ]) {
      const session = await connect({ ...options, ...more });
      names.push(session.version.name);
      session.destroy();
    }
    expect(names).to.deep.equal(['spdy/2', 'spdy/3.1', 'spdy/3', 'spdy/2']);
  });

  it('explains when ALPN negotiates nothing, and speaks defaultVersion where there is one', async () => {
    const port = await listen(tlsServer(null, 3));
    const options = { host: '127.0.0.1', port, tls: ca() };
    const error = await failure(options);
    expect([error.code, error.by]).to.deep.equal(['ERR_SPDY_NEGOTIATION', 'peer']);
    expect(error.message).to.include('spdy/3.1, spdy/3, spdy/2').and.include('defaultVersion');
    const session = await connect({ ...options, defaultVersion: 'spdy/3' });
    expect(await get(session)).to.equal('3');
  });

  it('explains when the server chooses another protocol, or ends the handshake', async () => {
    const port = await listen(tlsServer(['http/1.1']));
    const options = { host: '127.0.0.1', port, tls: ca(), defaultVersion: 4 } as const;
    const chosen = await failure({ ...options, protocols: ['spdy/3.1', 'http/1.1'] });
    expect(chosen.code).to.equal('ERR_SPDY_NEGOTIATION');
    expect(chosen.message).to.include('it chose http/1.1');
    const alert = await failure(options);
    expect(alert.code).to.equal('ERR_SPDY_NEGOTIATION');
    expect(alert.cause).to.have.property('code', 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
  });

  it('rejects with the error of the socket', async () => {
    const server = net.createServer();
    const port = await listen(server);
    servers.pop();
    server.close();
    await once(server, 'close');
    expect(await failure({ host: '127.0.0.1', port })).to.have.property('code', 'ECONNREFUSED');
    expect(await failure({ host: '127.0.0.1', port, tls: false })).to.have.property(
      'code',
      'ECONNREFUSED',
    );
  });

  it('takes options of TLS and TCP beside its own, and hostname before host', async () => {
    const port = await listen(tlsServer(['spdy/3.1']));
    const session = await connect({
      hostname: 'localhost',
      host: 'somewhere.invalid',
      port,
      family: 4,
      ca: sharedCertificate().cert,
      tls: { servername: 'localhost' },
    });
    expect(session.version.name).to.equal('spdy/3.1');
    expect(await get(session)).to.equal('4');
    const named = await failure({ hostname: 'somewhere.invalid', host: '127.0.0.1', port });
    expect(named).to.have.property('syscall', 'getaddrinfo');
  });

  it('says in a sentence what OpenSSL means', async () => {
    const port = await listen(net.createServer((socket) => socket.end('HTTP/1.1 400 No\r\n\r\n')));
    const error = await failure({ host: '127.0.0.1', port });
    expect(error.code).to.equal('ERR_SSL_WRONG_VERSION_NUMBER');
    expect(error.message).to.match(/^TLS: the other side does not speak TLS \([a-z ]+\)$/);
  });

  for (const { name } of PROTOCOL_VERSIONS) {
    it(`says of a server without SPDY what it speaks: ${name}`, async () => {
      const answer = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';
      const port = await listen(net.createServer((socket) => socket.end(answer)));
      const session = await connect({ host: '127.0.0.1', port, tls: false, version: name });
      const stream = session.request(requestHeaders(), { endStream: true });
      const failures = await Promise.all([once(session, 'error'), once(stream, 'error')]);
      for (const [error] of failures) {
        expect(error).to.include({
          code: 'ERR_SPDY_NOT_SPDY',
          message: 'the peer speaks HTTP/1.1: HTTP/1.1 400 Bad Request',
        });
      }
    });
  }

  it('rejects a certificate that is not trusted', async () => {
    const port = await listen(tlsServer(['spdy/3.1']));
    expect(await failure({ host: '127.0.0.1', port })).to.have.property(
      'code',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    );
  });

  it('gives up after timeoutMs, or when the signal is fired', async () => {
    const port = await listen(net.createServer());
    const options = { host: '127.0.0.1', port };
    expect((await failure({ ...options, timeoutMs: 20 })).code).to.equal('ERR_SPDY_TIMEOUT');
    const abort = new AbortController();
    setTimeout(() => abort.abort('because'), 10);
    const error = await failure({ ...options, timeoutMs: 0, signal: abort.signal });
    expect([error.code, error.cause]).to.deep.equal(['ERR_SPDY_ABORTED', 'because']);
    const before = await failure({ ...options, signal: AbortSignal.abort() });
    expect(before.code).to.equal('ERR_SPDY_ABORTED');
  });

  it('rejects options of the session that are wrong, and closes the socket', async () => {
    const port = await listen(net.createServer());
    const options = { host: '127.0.0.1', port, tls: false, session: { highWaterMark: 0 } };
    expect((await failure(options)).code).to.equal('ERR_SPDY_INVALID_ARGUMENT');
    expect((await failure({ port, version: 9 as never })).code).to.equal(
      'ERR_SPDY_UNSUPPORTED_VERSION',
    );
    await until(() => [...sockets].length === 1);
    await Promise.all([...sockets].map((socket) => closed(socket.resume())));
  });

  it('uses a connection that is there, plain or below TLS', async () => {
    const { client, server } = memoryConnection();
    const peer = new Session(SERVER, 4).attach(server);
    peer.on('requestRecv', (id) => peer.submitResponse(id, RESPONSE, 'memory'));
    expect(await get(await connect({ socket: client, tls: false }))).to.equal('memory');

    const port = await listen(tlsServer(['spdy/3']));
    const socket = net.connect(port, '127.0.0.1');
    const session = await connect({ socket, tls: ca() });
    expect(await get(session)).to.equal('3');

    const plainPort = await listen(
      net.createServer((other) => new Session(SERVER, 4).attach(other)),
    );
    const connecting = net.connect(plainPort, '127.0.0.1');
    const plain = await connect({ socket: connecting, tls: false });
    await plain.ping();
    plain.destroy();

    const gone = memoryConnection().client.destroy();
    expect((await failure({ socket: gone, tls: false })).code).to.equal(
      'ERR_SPDY_TRANSPORT_CLOSED',
    );
  });

  it('names the origin and its address for the settings store', async () => {
    const keys: string[] = [];
    const settingsStore = new (class extends MemorySettingsStore {
      override load(key: string): ReturnType<MemorySettingsStore['load']> {
        keys.push(key);
        return super.load(key);
      }
    })();
    const port = await listen(tlsServer(['spdy/3.1']));
    const session = { settingsStore };
    (await connect({ host: '127.0.0.1', port, tls: ca(), session })).destroy();
    const plainPort = await listen(net.createServer());
    const plain = { host: '127.0.0.1', port: plainPort, tls: false };
    (await connect({ ...plain, session })).destroy();
    (await connect({ ...plain, session: { settingsStore, settingsKey: 'mine' } })).destroy();
    (await connect({ socket: memoryConnection().client, tls: false, session })).destroy();
    (await connect({ socket: net.connect(port, '127.0.0.1'), tls: ca(), session })).destroy();
    expect(keys).to.deep.equal([
      `https://127.0.0.1:${port} 127.0.0.1 ${port}`,
      `http://127.0.0.1:${plainPort} 127.0.0.1 ${plainPort}`,
      'mine',
      'http://localhost:80  ',
      `https://localhost:443 127.0.0.1 ${port}`,
    ]);
  });
});
