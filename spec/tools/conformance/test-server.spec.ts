import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { expect } from 'chai';
import { InvalidArgumentError } from '../../../lib/errors.ts';
import { makeCertificate } from '../../../lib/http/server/connection/certificate.ts';
import { createServer } from '../../../lib/http/server/server.ts';
import { PROTOCOL_VERSIONS } from '../../../lib/protocol/version.ts';
import type { ConformanceResult } from '../../../lib/tools/conformance/result.ts';
import { testServer } from '../../../lib/tools/conformance/test-server.ts';
import { faultyServer } from './faulty-server.ts';

async function all(results: AsyncIterable<ConformanceResult>): Promise<ConformanceResult[]> {
  const list: ConformanceResult[] = [];
  for await (const result of results) list.push(result);
  return list;
}

const words = ({ id, expected, received }: ConformanceResult): string =>
  `${id}: expected ${expected}, got ${received}`;

describe('testServer()', () => {
  for (const { name } of PROTOCOL_VERSIONS) {
    it(`finds our server without a fault: ${name}`, async () => {
      const server = createServer({ tls: false, version: name }, (request, response) => {
        request.resume();
        request.on('end', () => response.end('x'.repeat(20_000)));
      });
      server.on('sessionError', () => {});
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      const where = { host: '127.0.0.1', port, versions: [name], hostile: true, timeoutMs: 20_000 };
      const results = await all(testServer(where));
      server.closeAllConnections();
      server.close();
      expect(results.filter(({ outcome }) => outcome === 'failed').map(words)).to.deep.equal([]);
      expect(results.length).to.be.greaterThan(60);
      expect(results.every(({ version, sent }) => version === name && sent.length > 0)).to.equal(
        true,
      );
    });
  }

  it('speaks TLS with ALPN', async () => {
    const server = createServer(makeCertificate(), (_request, response) => response.end('hello'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const where = { host: '127.0.0.1', port, only: ['ping/1'] };
    const trusting = await all(testServer({ ...where, tls: { rejectUnauthorized: false } }));
    expect(trusting.map(({ version, outcome }) => `${version} ${outcome}`)).to.deep.equal([
      'spdy/2 passed',
      'spdy/3 passed',
      'spdy/3.1 passed',
    ]);
    const distrusted = await all(testServer({ ...where, tls: true })).catch((error) => error);
    expect(distrusted).to.include({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    server.closeAllConnections();
    server.close();
  });

  it('skips versions over plain TCP whose frames the server answers with others', async () => {
    const server = createServer({ tls: false, version: 'spdy/3.1' }, (_request, response) =>
      response.end('hello'),
    );
    server.on('sessionError', () => {});
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const results = await all(testServer({ host: '127.0.0.1', port, only: ['ping/1'] }));
    expect(
      results.map(({ id, version, outcome, expected }) => [id, version, outcome, expected]),
    ).to.deep.equal([
      ['connection', 'spdy/2', 'skipped', 'the server sends frames of version 3'],
      ['ping/1', 'spdy/3', 'passed', ''],
      ['ping/1', 'spdy/3.1', 'passed', ''],
    ]);
    server.closeAllConnections();
    server.close();
  });

  it('skips versions that the server does not choose', async () => {
    const options = { ...makeCertificate(), versions: ['spdy/3' as const] };
    for (const allowHttp1 of [true, false]) {
      const server = createServer({ ...options, allowHttp1 }, (_request, response) =>
        response.end('hello'),
      );
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      const where = { host: '127.0.0.1', port, only: ['ping/1'] };
      const results = await all(testServer({ ...where, tls: { rejectUnauthorized: false } }));
      expect(results.map(({ id, outcome }) => `${id} ${outcome}`)).to.deep.equal([
        'connection skipped',
        'ping/1 passed',
        'connection skipped',
      ]);
      expect(results[0]?.expected).to.be.a('string').and.not.equal('');
      server.closeAllConnections();
      server.close();
    }
  });

  it('makes the tests that were chosen', async () => {
    const { port, end } = await faultyServer({});
    const where = { host: '127.0.0.1', port, timeoutMs: 10, versions: ['spdy/3.1' as const] };
    const ids = async (options: object): Promise<string[]> =>
      (await all(testServer({ ...where, ...options }))).map(({ id }) => id);
    expect(await ids({ only: ['ping', 'goaway/1'] })).to.deep.equal([
      ...['ping/1', 'ping/2', 'ping/3', 'ping/4'],
      'goaway/1',
    ]);
    expect(await ids({ only: ['goaway'], levels: ['should'] })).to.deep.equal(['goaway/3']);
    expect(await ids({ only: ['hostile'] })).to.deep.equal([]);
    expect(await ids({ only: ['ping'], signal: AbortSignal.abort() })).to.deep.equal([]);
    await end();
  });

  it('tells what makes no sense at once', () => {
    for (const [options, message] of [
      [{ port: 1, only: ['pong'] }, "only: there is no test 'pong' (string)"],
      [{ port: 1, levels: ['may'] }, "levels must be of must, should, robust, got 'may' (string)"],
      [
        { port: 1, timeout: 5 },
        "conformance: there is no option 'timeout', did you mean timeoutMs?",
      ],
      [{ socketPath: '' }, "socketPath must be a path, got '' (string)"],
      [{ socketPath: '/a', port: 1 }, 'port and socketPath exclude each other'],
      [{ port: -1 }, 'port must be an integer from 0 to 65535, got -1'],
    ] as const)
      expect(() => testServer(options as never)).to.throw(InvalidArgumentError, message);
  });

  describe('of a server that speaks something else', () => {
    /** How it ends, of a server that is made for it. */
    async function endOf(
      server: net.Server,
      secure: boolean,
      timeoutMs = 1000,
      further: object = {},
    ): Promise<NodeJS.ErrnoException> {
      const sockets = new Set<net.Socket>();
      server.on('connection', (socket: net.Socket) => {
        sockets.add(socket);
        socket.on('error', () => {});
      });
      server.on('tlsClientError', () => {});
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      const where = { host: '127.0.0.1', port, only: ['ping/1'], timeoutMs, ...further };
      const options = { ...where, tls: secure ? { rejectUnauthorized: false } : false };
      const end = await all(testServer(options)).then(
        (results) => new Error(results.map(words).join()),
        (error: NodeJS.ErrnoException) => error,
      );
      for (const socket of sockets) socket.destroy();
      server.close();
      return end;
    }

    it('says so of HTTP/1.1', async () => {
      expect(await endOf(http.createServer(), false)).to.include({
        code: 'ERR_SPDY_NOT_SPDY',
        message: 'the server speaks HTTP/1.1: HTTP/1.1 400 Bad Request, not SPDY',
      });
    });

    it('says so of what answers HTTP alone, with TLS and without', async () => {
      const answer = (socket: net.Socket): void => {
        let asked = '';
        socket.on('error', () => {});
        socket.on('data', (chunk: Buffer) => {
          asked += chunk.toString('latin1');
          if (asked.includes('HTTP/1.0\r\n\r\n')) socket.end('HTTP/1.0 501 No\r\n\r\n');
        });
      };
      const message = 'the server speaks HTTP/1.0: HTTP/1.0 501 No, not SPDY';
      expect(await endOf(net.createServer(answer), false)).to.include({ message });
      expect(await endOf(tls.createServer(makeCertificate(), answer), true)).to.include({
        message,
      });
    });

    it('says so of TLS where plain TCP was to be tested', async () => {
      expect(await endOf(tls.createServer(makeCertificate()), false)).to.include({
        code: 'ERR_SPDY_NOT_SPDY',
        message: 'the server speaks TLS, not SPDY',
      });
      const refusing = tls.createServer({ ...makeCertificate(), ALPNCallback: () => undefined });
      expect(await endOf(refusing, false)).to.include({ code: 'ERR_SPDY_NOT_SPDY' });
    });

    it('says so of plain TCP where TLS was to be tested', async () => {
      const { message } = await endOf(http.createServer(), true);
      expect(message).to.match(/^TLS: the other side does not speak TLS/);
    });

    it('ends at once when it is aborted, with nothing of what was broken off', async () => {
      for (const count of [1, 4]) {
        const controller = new AbortController();
        let connections = 0;
        // Three tell what is there, the fourth is for the test.
        const server = net.createServer((socket) => {
          socket.on('error', () => {}).resume();
          if (++connections === count) controller.abort();
        });
        const { signal } = controller;
        const { message } = await endOf(server, false, count === 1 ? 600_000 : 1000, { signal });
        expect([message, connections]).to.deep.equal(['', count]);
      }
    });

    it('tests what says nothing at all', async () => {
      const server = net.createServer((socket) => socket.on('error', () => {}).resume());
      const { message } = await endOf(server, false, 1000, { versions: ['spdy/3'] });
      expect(message).to.match(/^ping\/1: expected .*, got nothing$/);
    });
  });

  if (process.platform !== 'win32')
    it('finds a server at a unix socket', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'spdylay-spec-'));
      const socketPath = join(folder, 'socket');
      const server = createServer({ tls: false, version: 'spdy/3' }, (_request, response) =>
        response.end('hello'),
      );
      await once(server.listen(socketPath), 'listening');
      const where = { socketPath, versions: ['spdy/3' as const], only: ['streams/1'] };
      const results = await all(testServer(where));
      expect(results.map(({ outcome }) => outcome)).to.deep.equal(['passed']);
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    });

  it('says that nobody is there', async () => {
    const { port, end } = await faultyServer({});
    await end();
    const where = { host: '127.0.0.1', port, only: ['ping/1'], versions: ['spdy/3' as const] };
    const failure = await all(testServer(where)).catch((error: NodeJS.ErrnoException) => error);
    expect(failure).to.include({ code: 'ECONNREFUSED' });
  });
});
