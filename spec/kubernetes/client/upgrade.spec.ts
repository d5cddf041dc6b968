import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { acceptUpgrade } from '../../../lib/http/server/connection/upgrade.ts';
import { type UpgradeRequest, upgradeToSpdy } from '../../../lib/kubernetes/client/upgrade.ts';
import { UpgradeRefusedError } from '../../../lib/kubernetes/errors.ts';
import { kubernetesSession } from '../../../lib/kubernetes/wire/session-options.ts';
import { httpFailure } from '../../../lib/kubernetes/wire/status.ts';
import { closed, sharedCertificate, until } from '../../support/session-pair.ts';

type Failure = Error & { readonly code?: string };

const PROTOCOLS = ['v4.channel.k8s.io', 'v3.channel.k8s.io'];
const closers: (() => Promise<unknown>)[] = [];

async function listen(server: net.Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that answers every request in this way. */
async function answering(answer: (response: ServerResponse) => void): Promise<string> {
  return `http://${await listen(http.createServer((_, response) => answer(response)))}`;
}

/** A server that sends these bytes to whoever connects, once the request is there. */
async function saying(bytes: string): Promise<string> {
  return `http://${await listen(
    net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.write(bytes, 'latin1'));
    }),
  )}`;
}

async function failureOf(server: string, more: Partial<UpgradeRequest> = {}): Promise<Failure> {
  const request = { cluster: { server }, path: '/exec', protocols: PROTOCOLS, ...more };
  return upgradeToSpdy(request).then(
    () => expect.fail('it resolved'),
    (error: Failure) => error,
  );
}

describe('upgradeToSpdy()', () => {
  afterEach(async () => {
    await Promise.all(closers.splice(0).map((close) => close()));
  });

  for (const [name, status, body, words] of [
    [
      'a metav1.Status',
      403,
      JSON.stringify(httpFailure(403, 'Forbidden', 'pods "p" is forbidden')),
      '403 Forbidden: pods "p" is forbidden',
    ],
    ['text', 400, 'Upgrade request\n required\u0000', '400 Bad Request: Upgrade request required'],
    [
      'a status with commands for a terminal',
      409,
      JSON.stringify(httpFailure(409, 'Conflict', 'no\u001b[2J\nway')),
      '409 Conflict: no [2J way',
    ],
    ['nothing', 404, '', '404 Not Found'],
    [
      'no status but JSON',
      500,
      '{"status":"Maybe"}',
      '500 Internal Server Error: {"status":"Maybe"}',
    ],
    ['a redirect', 302, 'elsewhere', '302 Found: elsewhere'],
    ['a success that is none', 200, 'hello', '200 OK: hello'],
    ['endless text', 502, 'x'.repeat(200_000), `502 Bad Gateway: ${'x'.repeat(1000)}...`],
  ] as const) {
    it(`rejects with what the server says: ${name}`, async () => {
      const server = await answering((response) => response.writeHead(status).end(body));
      const error = await failureOf(server);
      expect(error).to.be.instanceOf(UpgradeRefusedError);
      expect(error).to.include({
        code: 'ERR_SPDY_UPGRADE_REFUSED',
        statusCode: status,
        message: `the server refused the upgrade: ${words}`,
      });
      const reason = { 403: 'Forbidden', 409: 'Conflict' }[status as number];
      expect((error as UpgradeRefusedError).status?.reason).to.equal(reason);
    });
  }

  it('shows no control characters of the status line', async () => {
    const server = await saying('HTTP/1.1 403 For\x1b[31mbidden\r\nContent-Length: 0\r\n\r\n');
    expect((await failureOf(server)).message).to.match(/: 403 For \[31mbidden$/);
  });

  it('reads a refusal that is cut short as far as it goes', async () => {
    const server = await answering((response) => {
      response.writeHead(503, { 'content-length': 100 });
      response.write('half', () => response.destroy());
    });
    expect(await failureOf(server)).to.include({ code: 'ECONNRESET' });
  });

  for (const [name, head] of [
    ['another protocol', 'Upgrade: websocket\r\n'],
    [
      'a sub-protocol that was not offered',
      'Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v9.channel.k8s.io\r\n',
    ],
    [
      'two sub-protocols',
      'Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io, v3.channel.k8s.io\r\n',
    ],
  ] as const) {
    it(`rejects a switch to ${name}`, async () => {
      const server = await saying(`HTTP/1.1 101 S\r\nConnection: Upgrade\r\n${head}\r\n`);
      const error = await failureOf(server);
      expect(error).to.be.instanceOf(UpgradeRefusedError);
      expect(error).to.include({ statusCode: 101 });
    });
  }

  for (const [fields, protocol] of [
    [
      'connection: upgrade\r\nupgrade: spdy/3.1\r\nx-stream-protocol-version: v3.channel.k8s.io',
      'v3.channel.k8s.io',
    ],
    ['Connection: keep-alive, Upgrade\r\nUpgrade: SPDY/3.1', null],
    [
      'Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v5.channel.k8s.io',
      'v5.channel.k8s.io',
    ],
  ] as const) {
    it(`understands ${JSON.stringify(fields)}`, async () => {
      const server = await saying(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\r\n`);
      const upgraded = await upgradeToSpdy({
        cluster: { server },
        path: '/',
        protocols: PROTOCOLS,
      });
      expect(upgraded.protocol).to.equal(protocol);
      upgraded.session.destroy();
      await closed(upgraded.session);
    });
  }

  it('feeds the session what came with the 101', async () => {
    // PING with id 2.
    const ping = '\x80\x03\x00\x06\x00\x00\x00\x04\x00\x00\x00\x02';
    const head = 'HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n';
    const server = await saying(head + ping);
    const { session } = await upgradeToSpdy({ cluster: { server }, path: '/', protocols: [] });
    await until(() => session.statistics.framesReceived === 1);
    session.destroy();
    await closed(session);
  });

  it('rejects with the error of the socket', async () => {
    const unused = net.createServer();
    unused.listen(0, '127.0.0.1');
    await once(unused, 'listening');
    const { port } = unused.address() as AddressInfo;
    unused.close();
    await once(unused, 'close');
    expect(await failureOf(`http://127.0.0.1:${port}`)).to.include({ code: 'ECONNREFUSED' });
  });

  it('rejects when the server hangs up', async () => {
    const server = `http://${await listen(net.createServer((socket) => socket.destroy()))}`;
    expect((await failureOf(server)).code).to.be.oneOf(['ECONNRESET', 'EPIPE']);
  });

  it('rejects when the server says nothing for too long', async () => {
    const server = await saying('');
    const error = await failureOf(server, { timeoutMs: 20 });
    expect(error).to.include({ code: 'ERR_SPDY_TIMEOUT' });
  });

  it('is given up by its signal, before and while it waits', async () => {
    const server = await saying('');
    const reason = new Error('enough');
    const early = await failureOf(server, { signal: AbortSignal.abort(reason) });
    const controller = new AbortController();
    const late = failureOf(server, { signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    for (const error of [early, await late]) {
      expect(error).to.include({ code: 'ERR_SPDY_ABORTED', cause: reason });
    }
  });

  it('is given up by its signal while a token is fetched', async () => {
    const controller = new AbortController();
    const token = (): Promise<string> => {
      setImmediate(() => controller.abort());
      return new Promise(() => {});
    };
    const cluster = { server: 'https://127.0.0.1:1', token };
    const error = await failureOf('', { cluster, signal: controller.signal });
    expect(error).to.include({ code: 'ERR_SPDY_ABORTED' });
  });

  it('keeps the prefix of the server in the path, and sends the fields of the cluster', async () => {
    let seen: IncomingMessage | null = null;
    const plain = http.createServer((request, response) => {
      seen = request;
      response.writeHead(400).end();
    });
    const server = `http://${await listen(plain)}/clusters/c1/`;
    const headers = { 'Impersonate-User': 'jane' };
    await failureOf(server, {
      cluster: { server, headers, token: 'secret' },
      path: '/api/v1?a=b%20c',
    });
    const { method, url, headers: sent } = seen as unknown as IncomingMessage;
    expect([method, url]).to.deep.equal(['POST', '/clusters/c1/api/v1?a=b%20c']);
    expect(sent).to.include({
      connection: 'Upgrade',
      upgrade: 'SPDY/3.1',
      'content-length': '0',
      'impersonate-user': 'jane',
      'x-stream-protocol-version': PROTOCOLS.join(', '),
    });
    // As kubectl: no secrets over plain text.
    expect(sent).to.not.have.property('authorization');
  });

  describe('over TLS', () => {
    const { key, cert } = sharedCertificate();

    async function secure(): Promise<{ server: string; seen: IncomingMessage[] }> {
      const seen: IncomingMessage[] = [];
      const server = https.createServer({
        key,
        cert,
        requestCert: true,
        rejectUnauthorized: false,
        ca: cert,
      });
      server.on('upgrade', (request: IncomingMessage, socket, head) => {
        seen.push(request);
        acceptUpgrade(request, socket, head, { session: kubernetesSession() }).on(
          'error',
          () => {},
        );
      });
      return { server: `https://${await listen(server)}`, seen };
    }

    it('sends a client certificate and a bearer token, which may be a fresh one each time', async () => {
      const { server, seen } = await secure();
      let count = 0;
      const cluster = { server, ca: cert, cert, key, token: async () => `t${++count}\n` };
      for (let i = 0; i < 2; i++) {
        const { session } = await upgradeToSpdy({ cluster, path: '/', protocols: [] });
        await session.close();
      }
      expect(seen.map(({ headers }) => headers.authorization)).to.deep.equal([
        'Bearer t1',
        'Bearer t2',
      ]);
      const { socket } = seen[0] as IncomingMessage;
      expect((socket as import('node:tls').TLSSocket).authorized).to.equal(true);
    });

    it('rejects a server that it does not know', async () => {
      const { server } = await secure();
      const error = await failureOf(server);
      expect(error.code).to.be.oneOf(['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN']);
    });

    it('rejects when no token can be had', async () => {
      const { server } = await secure();
      const token = async (): Promise<string> => {
        throw new Error('no token');
      };
      expect(await failureOf(server, { cluster: { server, ca: cert, token } })).to.include({
        message: 'no token',
      });
    });
  });

  it('takes the connection of an agent', async () => {
    const server = await saying(
      'HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n',
    );
    let made = 0;
    const agent = new http.Agent();
    const { createConnection } = agent as unknown as {
      createConnection(...args: unknown[]): net.Socket;
    };
    Object.assign(agent, {
      createConnection(...args: unknown[]) {
        made++;
        return createConnection.apply(agent, args);
      },
    });
    const { session } = await upgradeToSpdy({
      cluster: { server, agent },
      path: '/',
      protocols: [],
    });
    expect(made).to.equal(1);
    session.destroy();
    await closed(session);
  });
});
