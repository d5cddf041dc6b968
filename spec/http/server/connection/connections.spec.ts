import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { PassThrough } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import tls from 'node:tls';
import { expect } from 'chai';
import type { SpdyServerOptions } from '../../../../lib/http/server/options.ts';
import { createServer, type SpdyServer } from '../../../../lib/http/server/server.ts';
import { CLIENT } from '../../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../../../lib/protocol/version.ts';
import { Session } from '../../../../lib/session/session.ts';
import { connect } from '../../../../lib/session/transport/connect.ts';
import { closed, RawPeer, sharedCertificate, until } from '../../../support/session-pair.ts';
import {
  ask,
  endAll,
  head,
  listen,
  reply,
  serve,
  shut,
  WAYS,
  type Way,
} from '../../support/http-support.ts';

const PLAIN = WAYS[1] as Way;

/** A TLS client that offers these protocols. */
async function tlsClient(port: number, protocols?: string[]): Promise<tls.TLSSocket> {
  const { cert } = sharedCertificate();
  const alpn = protocols === undefined ? {} : { ALPNProtocols: protocols };
  const socket = tls.connect({ port, host: '127.0.0.1', ca: cert, ...alpn });
  await once(socket, 'secureConnect');
  return socket;
}

/** All that a socket says until it ends. */
async function text(socket: net.Socket): Promise<string> {
  let all = '';
  for await (const chunk of socket) all += (chunk as Buffer).toString();
  return all;
}

/** A request by HTTP/1.1 over TLS. */
async function get(
  port: number,
  options: https.RequestOptions = {},
): Promise<{ status: number; body: string; connection: string | undefined }> {
  const { cert } = sharedCertificate();
  const request = https.get({ port, host: '127.0.0.1', ca: cert, path: '/one', ...options });
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  let body = '';
  for await (const chunk of response) body += chunk;
  return {
    status: response.statusCode ?? 0,
    body,
    connection: response.headers.connection,
  };
}

describe('connections of an HTTP server', () => {
  afterEach(endAll);

  let server: SpdyServer;
  let port: number;

  async function start(options: SpdyServerOptions = {}): Promise<void> {
    ({ server, port } = await listen(options, (request, response) => {
      const { socket } = request;
      // Undefined without TLS.
      const certificate = (socket as Partial<tls.TLSSocket>).getPeerCertificate?.();
      const common = certificate?.subject?.CN;
      const spdy = request.stream === undefined ? 'http/1.1' : 'spdy';
      response.end([spdy, request.url, common ?? '-', 'push' in response].join(' '));
    }));
  }

  for (const version of PROTOCOL_VERSIONS) {
    it(`speak ${version.name} when ALPN says so`, async () => {
      await start();
      const begun = once(server, 'session');
      const { cert } = sharedCertificate();
      const session = await connect({
        host: '127.0.0.1',
        port,
        tls: { ca: cert },
        protocols: [version.name, 'http/1.1'],
      });
      expect(session.version).to.equal(version);
      expect((await ask(session, '/x')).body.toString()).to.equal('spdy /x - true');
      const [atServer] = (await begun) as [import('../../../../lib/session/session.ts').Session];
      expect(atServer.version).to.equal(version);
      session.destroy();
    });
  }

  it('take requests although others are not read', async () => {
    const way = WAYS.find(({ version, tls }) => version === SPDY3_1 && !tls) as Way;
    const served = await serve(way, (request, response) => {
      if (request.url === '/read') request.pipe(response);
    });
    for (let i = 0; i < 5; i++) {
      const unread = served.session.request(head('/unread', {}, 'POST'));
      unread.on('error', () => {});
      unread.write(Buffer.alloc(200_000));
    }
    const body = Buffer.alloc(200_000, 'b');
    expect((await ask(served.session, '/read', { body })).body.equals(body)).to.equal(true);
    await served.end();
  });

  it('prefer the best version that both speak', async () => {
    await start();
    const offered = ['http/1.1', 'spdy/2', 'spdy/3', 'spdy/3.1', 'h2'];
    const socket = await tlsClient(port, offered);
    expect(socket.alpnProtocol).to.equal('spdy/3.1');
    socket.destroy();
  });

  it('speak HTTP/1.1 with the same handler', async () => {
    await start();
    expect(await get(port)).to.include({ status: 200, body: 'http/1.1 /one - false' });
    const none = await tlsClient(port);
    none.write('GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(await text(none)).to.match(/http\/1\.1 \/none - false$/);
  });

  it('speak a chosen version when nothing is negotiated', async () => {
    await start({ defaultVersion: 'spdy/3' });
    const session = await connect({
      host: '127.0.0.1',
      port,
      tls: { ca: sharedCertificate().cert },
      protocols: [],
      defaultVersion: 'spdy/3',
    });
    expect((await ask(session)).status).to.equal('200 OK');
    session.destroy();
  });

  it('hand h2 to a server of the user', async () => {
    const h2 = http2.createServer((_request, response) => response.end('by h2'));
    await start({ h2 });
    const client = http2.connect(`https://127.0.0.1:${port}`, { ca: sharedCertificate().cert });
    const stream = client.request({ ':path': '/' });
    let body = '';
    for await (const chunk of stream) body += chunk;
    expect(body).to.equal('by h2');
    client.close();
    await once(client, 'close');

    // One that goes without GOAWAY.
    const gone = await tlsClient(port, ['h2']);
    const sessionEnded = once(h2, 'session').then(([session]) => once(session, 'close'));
    gone.end('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
    gone.resume();
    await Promise.all([once(gone, 'close'), sessionEnded]);
    await shut(server);

    let taken: tls.TLSSocket | null = null;
    await start({
      h2: (socket) => {
        taken = socket;
        socket.destroy();
      },
    });
    const socket = await tlsClient(port, ['h2']);
    await until(() => taken !== null);
    socket.destroy();
  });

  it('explain themselves to clients that speak nothing of it', async () => {
    await start({ allowHttp1: false });
    const socket = await tlsClient(port);
    expect(await text(socket)).to.match(/426 Upgrade Required[\s\S]*speaks spdy\/3\.1, spdy\/3/);
    const unknown = once(server, 'unknownProtocol');
    const other = await tlsClient(port);
    ((await unknown)[0] as net.Socket).destroy();
    await closed(other);
  });

  it('are without HTTP/1.1 under the name that http2 has for that; options of HTTP/1.1 reach its server', () => {
    const { key, cert } = sharedCertificate();
    expect(createServer({ key, cert, allowHTTP1: false }).http1).to.equal(null);
    const other = createServer({ key, cert, keepAliveTimeout: 1234 } as SpdyServerOptions);
    expect(other.http1?.keepAliveTimeout).to.equal(1234);
    other.http1?.close();
  });

  it('show the certificate of the client', async () => {
    const { key, cert } = sharedCertificate();
    await start({ requestCert: true, rejectUnauthorized: false, ca: cert });
    const session = await connect({ host: '127.0.0.1', port, tls: { ca: cert, key, cert } });
    const { body } = await ask(session, '/c');
    expect(body.toString()).to.match(/^spdy \/c [^-]/);
    session.destroy();
  });

  it('report failed handshakes', async () => {
    await start({ handshakeTimeoutMs: 30 });
    const failed = once(server, 'tlsClientError');
    const socket = net.connect(port, '127.0.0.1').resume();
    expect((await failed)[0]).to.include({ code: 'ERR_TLS_HANDSHAKE_TIMEOUT' });
    await closed(socket);
  });

  it('take a new certificate and count like those of net', async () => {
    const { key, cert } = sharedCertificate();
    await start();
    server.setSecureContext({ key, cert });
    server.addContext('other', { key, cert });
    server.maxConnections = 5;
    expect(server.maxConnections).to.equal(5);
    expect(server.unref().ref().listening).to.equal(true);
    const socket = await tlsClient(port);
    const count = await new Promise((done) => server.getConnections((_, n) => done(n)));
    expect(count).to.equal(1);
    socket.destroy();
  });

  it('take no certificate where there is no TLS', async () => {
    const { key, cert } = sharedCertificate();
    await start({ tls: false });
    const expected = { code: 'ERR_SPDY_INVALID_STATE' };
    expect(() => server.setSecureContext({ key, cert }))
      .to.throw(/without TLS/)
      .that.includes(expected);
    expect(() => server.addContext('a', { key }))
      .to.throw(/without TLS/)
      .that.includes(expected);
  });
});

describe('the end of an HTTP server', () => {
  afterEach(endAll);

  for (const secure of [true, false]) {
    it(`does not come when a client ends its half of ${secure ? 'TLS' : 'TCP'}`, async () => {
      const { server, port } = await listen({ tls: secure }, (_request, response) =>
        setImmediate(() => response.end('late')),
      );
      const common = { port, host: '127.0.0.1', allowHalfOpen: true };
      const ca = sharedCertificate().cert;
      const socket = secure
        ? tls.connect({ ...common, ca, ALPNProtocols: ['spdy/3.1'] })
        : net.connect(common);
      await once(socket, secure ? 'secureConnect' : 'connect');
      const peer = new RawPeer(socket, SPDY3_1);
      socket.end(peer.make.synStream(1, head(), { flags: 1 }));
      await once(socket, 'end');
      expect(Buffer.concat(peer.frames.map(({ data }) => data)).toString()).to.equal('late');
      socket.destroy();
      await shut(server);
    });
  }

  it('waits for open requests, and refuses new ones', async () => {
    let finish: (() => void) | null = null;
    const { server, session } = await serve(PLAIN, (_request, response) => {
      finish = () => response.end('late');
    });
    const open = session.request(head(), { endStream: true });
    await until(() => finish !== null);
    const goaway = once(session, 'goaway');
    const ended = new Promise((done) => server.close(done));
    await goaway;
    expect(() => session.request(head())).to.throw(/closing/);
    (finish as unknown as () => void)();
    expect((await reply(open)).body.toString()).to.equal('late');
    expect(await ended).to.equal(undefined);
    expect(server.sessions.size).to.equal(0);
  });

  for (const way of WAYS) {
    it(`of one connection: end() on its socket waits for open requests, ${way.title}`, async () => {
      let finish: (() => void) | null = null;
      const { server, session } = await serve(way, (_request, response) => {
        finish = () => response.end('late');
      });
      const gone = once(session, 'close');
      const open = session.request(head(), { endStream: true });
      await until(() => finish !== null);
      const [ending] = [...server.sessions] as [Session];
      const goaway = once(session, 'goaway');
      (ending.socket as net.Socket).end();
      await goaway;
      (finish as unknown as () => void)();
      expect((await reply(open)).body.toString()).to.equal('late');
      await gone;
      await shut(server);
    });
  }

  it('of one connection: end() with data on its socket is no word of the session', async () => {
    const { server, session } = await serve(PLAIN, () => {});
    session.on('error', () => {});
    const open = session.request(head(), { endStream: true });
    open.on('error', () => {});
    await once(server, 'request');
    const [ending] = [...server.sessions] as [Session];
    (ending.socket as net.Socket).end(Buffer.alloc(8));
    await closed(open);
    await shut(server, session);
  });

  it('does not wait longer than closeTimeoutMs', async () => {
    const { server, session } = await serve(PLAIN, undefined, { closeTimeoutMs: 30 });
    const asked = once(server, 'request');
    const open = session.request(head(), { endStream: true });
    open.on('error', () => {});
    session.on('error', () => {});
    await asked;
    await new Promise<void>((done) => server.close(() => done()));
    await closed(open);
  });

  it('comes at once by force', async () => {
    const { server, session } = await serve(PLAIN, () => {});
    const open = session.request(head(), { endStream: true });
    open.on('error', () => {});
    await once(open, 'ready');
    server.close();
    server.closeAllConnections();
    await Promise.all([once(server, 'close'), closed(session)]);
  });

  it('comes for HTTP/1.1 when its requests are answered', async () => {
    const agent = new https.Agent({ keepAlive: true });
    let finish: (() => void) | null = null;
    const { server, port } = await listen({}, (request, response) => {
      if (request.url === '/slow') finish = () => response.end('slow');
      else response.end('quick');
    });
    expect((await get(port, { agent })).body).to.equal('quick');
    const slow = get(port, { agent, path: '/slow' });
    await until(() => finish !== null);
    const ended = new Promise<void>((done) => server.close(() => done()));
    (finish as unknown as () => void)();
    expect((await slow).body).to.equal('slow');
    await ended;
    agent.destroy();
  });

  it('lets a handler of checkContinue finish over HTTP/1.1', async () => {
    let finish: (() => void) | null = null;
    const { server, port } = await listen({});
    server.on('checkContinue', (request, response) => {
      response.writeContinue();
      request.resume();
      response.write('first ');
      finish = () => response.end('last');
    });
    const body = get(port, { method: 'POST', headers: { expect: '100-continue' } });
    await until(() => finish !== null);
    const ended = new Promise<void>((done) => server.close(() => done()));
    await setTimeout(20);
    (finish as unknown as () => void)();
    expect((await body).body).to.equal('first last');
    await ended;
  });

  it('lets requests finish on a connection that was upgraded', async () => {
    let finish: (() => void) | null = null;
    const { server, port } = await listen({}, (_request, response) => {
      finish = () => response.end('late');
    });
    server.http1?.on('upgrade', (request, socket, rest) => {
      server.handleUpgrade(request, socket, rest);
    });
    const socket = await tlsClient(port, ['http/1.1']);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.pause();
    socket.unshift(answer.subarray(answer.indexOf('\r\n\r\n') + 4));
    const session = new Session(CLIENT, 'spdy/3.1').attach(socket);
    const open = session.request(head(), { endStream: true });
    await until(() => finish !== null);
    server.closeIdleConnections();
    const ended = new Promise<void>((done) => server.close(() => done()));
    await setTimeout(20);
    (finish as unknown as () => void)();
    expect((await reply(open)).body.toString()).to.equal('late');
    await ended;
  });

  it('does not wait for a transport that had ended before it was given', async () => {
    const { server } = await listen({ tls: false });
    const transport = new PassThrough();
    transport.destroy();
    await closed(transport);
    server.handle(transport, 'spdy/3.1');
    await new Promise<void>((done) => server.close(() => done()));
  });

  it('leaves sessions that work alone when idle ones are closed', async () => {
    let finish: (() => void) | null = null;
    const { server, session, port, end } = await serve(PLAIN, (_request, response) => {
      finish = () => response.end();
    });
    const idle = await connect({ host: '127.0.0.1', port, tls: false });
    await until(() => server.sessions.size === 2);
    const open = session.request(head(), { endStream: true });
    await until(() => finish !== null);
    server.closeIdleConnections();
    await closed(idle);
    (finish as unknown as () => void)();
    expect((await reply(open)).status).to.equal('200 OK');
    await end();
  });

  it('is told to who closes what never listened, and can be followed by a new beginning', async () => {
    const { server, end } = await serve(PLAIN, (_request, response) => response.end());
    await end();
    const error = await new Promise((done) => server.close(done));
    expect(error).to.include({ code: 'ERR_SERVER_NOT_RUNNING' });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    const session = await connect({ host: '127.0.0.1', port, tls: false });
    expect((await ask(session)).status).to.equal('200 OK');
    await shut(server, session);
  });

  it('is there for await using', async () => {
    const { server } = await listen({});
    await server[Symbol.asyncDispose]();
    expect(server.listening).to.equal(false);
  });

  it('needs options that make sense', () => {
    for (const [options, code] of [
      [{ maxHeaderSize: -1 }, 'ERR_SPDY_INVALID_ARGUMENT'],
      [{ idleTimeoutMs: 1.5 }, 'ERR_SPDY_INVALID_ARGUMENT'],
      [{ versions: ['spdy/4' as 'spdy/3'] }, 'ERR_SPDY_UNSUPPORTED_VERSION'],
    ] as const) {
      expect(() => createServer(options))
        .to.throw()
        .with.property('code', code);
    }
  });
});
