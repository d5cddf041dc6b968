import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { expect } from 'chai';
import type { SpdyError } from '../../../../lib/errors.ts';
import { REFUSED_STREAM } from '../../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../../../lib/protocol/version.ts';
import { sharedCertificate, until } from '../../../support/session-pair.ts';
import { answer, fieldOf, reply, Stage, textOf } from '../../support/origin-server.ts';

describe('http/client/connection/tunnel', () => {
  const stage = new Stage();
  let running: net.Server[] = [];
  const sockets = new Set<Duplex>();

  afterEach(async () => {
    await stage.end();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    for (const server of running) {
      server.close();
      await once(server, 'close');
    }
    running = [];
  });

  /** Connects a tunnel to where it shall go. */
  function join(tunnel: Duplex, target: string): void {
    const { hostname, port } = new URL(`http://${target}`);
    const socket = net.connect(Number(port), hostname);
    for (const end of [tunnel, socket]) {
      sockets.add(end);
      end.on('error', () => {});
    }
    socket.pipe(tunnel).pipe(socket);
  }

  /** A proxy that speaks HTTP/1.1. With TLS it tells which of its connections resumed a session. */
  async function http1Proxy(
    secure: boolean,
    requests: http.IncomingMessage[],
    resumed: boolean[] = [],
  ): Promise<string> {
    const proxy = http.createServer();
    proxy.on('connect', (request: http.IncomingMessage, socket: Duplex) => {
      requests.push(request);
      sockets.add(socket);
      if (request.headers['proxy-authorization'] === 'wrong') {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        return;
      }
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      join(socket, request.url ?? '');
    });
    const { key, cert } = sharedCertificate();
    const server = secure
      ? tls.createServer({ key, cert, ALPNProtocols: ['http/1.1'] }, (socket) => {
          resumed.push(socket.isSessionReused());
          proxy.emit('connection', socket);
        })
      : proxy;
    server.on('connection', (socket: net.Socket) => sockets.add(socket));
    running.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http${secure ? 's' : ''}://user:pass%20word@localhost:${(server.address() as AddressInfo).port}`;
  }

  const proxyTls = { ca: sharedCertificate().cert };

  for (const version of PROTOCOL_VERSIONS) {
    describe(version.name, () => {
      const only = { protocols: [version.name] };

      it('reaches an origin through a proxy that speaks HTTP/1.1', async () => {
        const server = await stage.server(only);
        for (const secure of [false, true]) {
          const requests: http.IncomingMessage[] = [];
          const url = await http1Proxy(secure, requests);
          const agent = stage.agent({ proxy: { url, tls: proxyTls, headers: { 'x-own': '1' } } });
          for (let i = 0; i < 3; i++) {
            const [response] = await once(agent.get(server.url()), 'response');
            expect(await textOf(response)).to.equal('hello');
          }
          expect(requests).to.have.length(1);
          const [{ method, url: target, headers } = {} as http.IncomingMessage] = requests;
          expect(method).to.equal('CONNECT');
          expect(target).to.equal(`localhost:${server.port}`);
          expect(headers['proxy-authorization']).to.equal('Basic dXNlcjpwYXNzIHdvcmQ=');
          expect(headers['x-own']).to.equal('1');
          expect(headers.host).to.equal(target);
        }
      });

      it('reaches it through a stream of a proxy that speaks SPDY', async () => {
        const server = await stage.server(only);
        let asked: HeaderList = [];
        const proxy = await stage.server({
          ...only,
          connects: true,
          handler: (stream, headers) => {
            asked = headers;
            stream.respond(reply(200));
            join(stream, fieldOf(headers, ':path'));
          },
        });
        const agent = stage.agent({
          proxy: { url: proxy.url(), tls: proxyTls, authorization: 'x' },
        });
        const bodies = [1, 2, 3].map(async () => {
          const [response] = await once(agent.get(server.url()), 'response');
          return textOf(response);
        });
        expect(await Promise.all(bodies)).to.deep.equal(['hello', 'hello', 'hello']);
        const target = `localhost:${server.port}`;
        expect(fieldOf(asked, ':method')).to.equal('CONNECT');
        expect(fieldOf(asked, ':path')).to.equal(target);
        expect(fieldOf(asked, ':host')).to.equal(target);
        expect(fieldOf(asked, 'proxy-authorization')).to.equal('x');
        agent.destroy();
        await until(() => proxy.sessions.every((session) => session.destroyed));
      });
    });
  }

  it('takes a SPDY proxy over plain TCP, and plain origins behind it', async () => {
    const version = SPDY3_1;
    const server = await stage.server({ plain: version });
    const proxy = await stage.server({
      plain: version,
      connects: true,
      handler: (stream, headers) => {
        stream.respond(reply(200));
        join(stream, fieldOf(headers, ':path'));
      },
    });
    const agent = stage.agent({
      version: version.name,
      proxy: { url: proxy.url(), version: version.name },
    });
    const [response] = await once(agent.get(server.url()), 'response');
    expect(await textOf(response)).to.equal('hello');
  });

  it('goes on with HTTP/1.1 behind the tunnel', async () => {
    const requests: http.IncomingMessage[] = [];
    const proxy = await http1Proxy(false, requests);
    const server = await stage.server({ protocols: ['http/1.1'] });
    const agent = stage.agent({ proxy });
    const bodies = [1, 2, 3].map(async () => {
      const [response] = await once(agent.get(server.url()), 'response');
      return textOf(response);
    });
    expect(await Promise.all(bodies)).to.deep.equal(['one', 'one', 'one']);
    expect(requests.length).to.be.at.least(1);
  });

  it('resumes TLS with the proxy, and in the tunnel', async () => {
    const outside: boolean[] = [];
    const url = await http1Proxy(true, [], outside);
    const server = await stage.server();
    const agent = stage.agent({ keepAlive: false, proxy: { url, tls: proxyTls } });
    const inside: boolean[] = [];
    for (let i = 0; i < 3; i++) {
      const request = agent.get(server.url());
      const closed = once(request, 'close');
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      inside.push((response.socket as tls.TLSSocket).isSessionReused());
      await textOf(response);
      await closed;
    }
    expect(inside).to.deep.equal([false, true, true]);
    expect(outside).to.deep.equal([false, true, true]);
  });

  it('tells why the proxy does not connect', async () => {
    const url = await http1Proxy(false, []);
    const refusing = stage.agent({ proxy: { url, authorization: 'wrong' } });
    const [error] = await once(refusing.get('https://localhost:9/'), 'error');
    expect((error as SpdyError).code).to.equal('ERR_SPDY_NEGOTIATION');
    expect((error as SpdyError).message).to.contain('407 Proxy Authentication Required');

    const proxy = await stage.server({
      connects: true,
      handler: (stream, headers) => {
        if (fieldOf(headers, ':path') === 'localhost:9') stream.close(REFUSED_STREAM);
        else answer(stream, 'no');
      },
    });
    const agent = stage.agent({ proxy: { url: proxy.url(), tls: proxyTls } });
    const [refused] = await once(agent.get('https://localhost:9/'), 'error');
    expect((refused as SpdyError).code).to.equal('ERR_SPDY_STREAM_REFUSED');
    const silent = stage.agent({
      proxy: { url: await http1Proxy(false, []) },
      connectTimeoutMs: 50,
    });
    const mute = net.createServer((socket) => sockets.add(socket));
    running.push(mute);
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const [late] = await once(silent.get(`https://127.0.0.1:${port}/`), 'error');
    expect((late as SpdyError).code).to.equal('ERR_SPDY_TIMEOUT');
  });
});
