import { mkdtempSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LOAD_PROTOCOLS, type LoadOptions } from '../../../lib/tools/load/options.ts';
import type { LoadResult } from '../../../lib/tools/load/results/result.ts';
import { runLoad } from '../../../lib/tools/load/run-load.ts';
import { answer, type Handler, type LoadServer, loadServer } from './load-server.ts';

const NOTHING = { failed: 0, errored: 0, timeout: 0 };
const TRUSTING = { tls: { rejectUnauthorized: false } };

describe('runLoad()', () => {
  let server: LoadServer;

  afterEach(() => server.close());

  async function load(
    path: string | readonly string[],
    options: Partial<LoadOptions> = {},
  ): Promise<LoadResult> {
    const urls = [path].flat().map((path) => `${server.origin}${path}`);
    return await runLoad({ urls, ...TRUSTING, ...options });
  }

  for (const scheme of process.platform === 'win32' ? [] : ['http', 'https']) {
    it(`connects to a unix socket, ${scheme}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'spdylay-spec-'));
      const socketPath = join(folder, 'socket');
      const plain = { tls: false, version: 'spdy/3' } as const;
      server = await loadServer(answer, scheme === 'https' ? {} : plain, socketPath);
      const urls = `${scheme}://a.example/bytes/10`;
      const options = { socketPath, requests: 3, protocol: 'spdy/3', ...TRUSTING } as const;
      const result = await runLoad({ urls, ...options });
      expect(result.requests.succeeded).to.equal(3);
      rmSync(folder, { recursive: true });
    });
  }

  for (const protocol of LOAD_PROTOCOLS) {
    it(`makes a new connection behind so many requests of ${protocol}`, async () => {
      server = await loadServer();
      const options = { protocol, requests: 10, clients: 2, streams: 3, connectionRequests: 2 };
      const result = await load('/', options);
      expect(result.requests).to.include({ ...NOTHING, done: 10, succeeded: 10 });
      // Three for the five requests of each client.
      expect([result.connections, server.connections()]).to.deep.equal([6, 6]);
    });

    it(`counts requests, answers and bytes of ${protocol}`, async () => {
      const version = protocol.startsWith('spdy') ? { version: protocol as 'spdy/3' } : {};
      server = await loadServer(answer, { tls: false, ...version });
      const options = { protocol, requests: 40, clients: 2, streams: 4 };
      const result = await load(['/', '/bytes/1000', '/302', '/404'], options);
      expect(result.protocol).to.equal(protocol);
      expect(result.tls).to.equal(null);
      const counts = { total: 40, started: 40, done: 40, succeeded: 30, ...NOTHING, failed: 10 };
      expect(result.requests).to.deep.equal(counts);
      expect(result.statuses).to.deep.equal({
        '1xx': 0,
        '2xx': 20,
        '3xx': 10,
        '4xx': 10,
        '5xx': 0,
      });
      expect(result.connections).to.equal(2);
      expect(server.connections()).to.equal(2);
      expect(result.traffic.data).to.equal(10 * 1010);
      const { total, headers, headersPlain } = result.traffic;
      expect(headersPlain).to.be.above(40 * 20);
      expect(total).to.be.above(result.traffic.data + (headers ?? 0));
      if (protocol === 'h2') expect(headers).to.equal(null);
      else if (protocol === 'http/1.1') expect(headers).to.equal(headersPlain);
      else expect(headers).to.be.within(1, headersPlain - 1);
      expect(result.errors).to.deep.equal([]);
    });

    it(`speaks ${protocol} over TLS, and no other if it is the only one`, async () => {
      server = await loadServer();
      const result = await load('/', { protocol, requests: 3 });
      expect(result.protocol).to.equal(protocol);
      expect(result.tls).to.match(/^TLSv1\.\d \w+$/);
      expect(result.requests.succeeded).to.equal(3);
    });

    it(`sends a body with each request of ${protocol}`, async () => {
      const bodies: number[] = [];
      server = await loadServer((request, response) => {
        let length = 0;
        request.on('data', (chunk: Buffer) => {
          length += chunk.length;
        });
        request.on('end', () => {
          bodies.push(length, Number(request.headers['content-length']));
          response.writeHead(request.method === 'POST' ? 200 : 500).end();
        });
      });
      const body = Buffer.alloc(200_000, 'body');
      const result = await load('/', { protocol, requests: 4, streams: 2, body });
      expect(result.requests.succeeded).to.equal(4);
      expect(bodies).to.deep.equal(new Array<number>(8).fill(body.length));
    });

    it(`sends requests with methods, headers and bodies of their own by ${protocol}`, async () => {
      const seen: string[] = [];
      server = await loadServer((request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => {
          body += chunk;
        });
        request.on('end', () => {
          const { method, url, headers } = request;
          const { x, y, accept } = headers as Record<string, string>;
          seen.push([method, url, x, y, accept, body].join(' '));
          response.end();
        });
      });
      const tail = [['x', 'own'] as const, ['accept', 'a/b'] as const];
      const result = await runLoad({
        urls: [
          `${server.origin}/1`,
          { url: `${server.origin}/2`, method: 'PUT', headers: tail, body: Buffer.from('body') },
          { url: `${server.origin}/3`, headers: [['y', 'own']] },
          { url: `${server.origin}/4`, body: Buffer.from('text') },
        ],
        headers: [['y', 'all']],
        protocol,
        ...TRUSTING,
      });
      expect(result.requests).to.deep.include({ total: 4, succeeded: 4 });
      expect(seen).to.deep.equal([
        'GET /1  all */* ',
        'PUT /2 own all a/b body',
        'GET /3  all */* ',
        'POST /4  all */* text',
      ]);
    });

    for (const [what, path] of [
      ['no answer', '/reset'],
      ['half an answer', '/half'],
    ] as const) {
      it(`counts requests of ${protocol} that get ${what}, with the reason`, async () => {
        server = await loadServer();
        const options = { protocol, requests: 6, streams: 2 };
        const { requests, errors } = await load(['/', path], options);
        expect(requests.total).to.equal(6);
        expect(requests.succeeded).to.be.within(1, 3);
        expect(requests.errored).to.equal(6 - requests.succeeded);
        expect(requests.failed).to.equal(requests.errored);
        expect(errors).to.have.length.above(0);
      });
    }
  }

  it('measures requests, connections, first replies and the rates of clients', async () => {
    server = await loadServer();
    const result = await load('/', { requests: 60, clients: 3, streams: 5 });
    const { request, connect, firstByte, clientRates } = result;
    expect(request.count).to.equal(60);
    expect([connect.count, firstByte.count, clientRates.count]).to.deep.equal([3, 3, 3]);
    for (const times of [request, connect, firstByte]) {
      const { min, mean, max, sd, withinSd, percentiles } = times;
      expect(min).to.be.above(0);
      expect(mean).to.be.within(min, max);
      expect(sd).to.be.at.least(0);
      expect(withinSd).to.be.within(0.3, 1);
      const inOrder = [min, ...Object.values(percentiles), max];
      expect(inOrder).to.deep.equal([...inOrder].sort((a, b) => a - b));
    }
    expect(firstByte.min).to.be.above(connect.min);
    const { curve, timeline } = result;
    expect(curve[0]?.[0]).to.equal(0);
    expect(curve.at(-1)).to.deep.equal([100, request.max]);
    for (const part of [0, 1] as const) {
      const rising = curve.map((point) => point[part]);
      expect(rising).to.deep.equal([...rising].sort((a, b) => a - b));
    }
    const { intervalMs, intervals } = timeline;
    expect(intervals.reduce((sum, { answers }) => sum + answers, 0)).to.equal(60);
    expect(Math.max(...intervals.map(({ max }) => max))).to.equal(request.max);
    for (const [index, { at }] of intervals.entries()) expect(at).to.equal(index * intervalMs);
    expect(result.durationMs).to.be.above(request.max);
    expect(result.requestsPerSecond).to.be.closeTo(60_000 / result.durationMs, 1e-6);
  });

  it('deals requests out to the clients, and these to workers', async () => {
    const perConnection = new Map<unknown, number>();
    server = await loadServer((request, response) => {
      perConnection.set(
        request.socket.remotePort,
        (perConnection.get(request.socket.remotePort) ?? 0) + 1,
      );
      response.end();
    });
    const progress: number[] = [];
    const result = await load('/', {
      requests: 11,
      clients: 4,
      workers: 2,
      progress: ({ share }) => progress.push(share),
    });
    expect(result.requests.succeeded).to.equal(11);
    expect([...perConnection.values()].sort()).to.deep.equal([2, 3, 3, 3]);
    expect(result.clientRates.count).to.equal(4);
    for (const share of progress) expect(share).to.be.within(0, 1);
  });

  it('counts nothing of the warm-up, and ends when the time is up', async () => {
    let served = 0;
    server = await loadServer((_request, response) => {
      served++;
      response.end();
    });
    const result = await load('/', { durationMs: 200, warmUpMs: 100, streams: 3 });
    const { total, started, done } = result.requests;
    expect(result.durationMs).to.be.at.least(195);
    expect(total).to.equal(done);
    expect(started).to.be.within(done, served);
    expect(result.requests.failed).to.equal(0);
  });

  it('has no more requests under way than it may, by its own limit and that of the server', async () => {
    let most = 0;
    let open = 0;
    const handler: Handler = (_request, response) => {
      most = Math.max(most, ++open);
      setImmediate(() => {
        open--;
        response.end();
      });
    };
    server = await loadServer(handler, { session: { maxConcurrentStreams: 3 } });
    await load('/', { protocol: 'spdy/3.1', requests: 30, streams: 2 });
    expect(most).to.equal(2);
    await load('/', { protocol: 'spdy/3.1', requests: 30, streams: 10 });
    expect(most).to.be.within(3, 10);
  });

  it('sends requests when they are due, and counts from then on when answers stay away', async () => {
    // The first answer takes 300 ms, in which all 20 are due; the others come at once.
    let first = true;
    server = await loadServer((_request, response) => {
      if (first) setTimeout(() => response.end(), 300);
      else response.end();
      first = false;
    });
    const result = await load('/', { requestRate: 100, requests: 20, streams: 1 });
    expect(result.requests.succeeded).to.equal(20);
    expect(result.request.min).to.be.above(90);
    expect(result.request.max).to.be.above(290);
    expect(result.durationMs).to.be.at.least(195);
  });

  it('pauses between the requests of a client, and does not count that as their time', async () => {
    let open = 0;
    let most = 0;
    server = await loadServer((_request, response) => {
      most = Math.max(most, ++open);
      response.on('finish', () => open--);
      response.end();
    });
    for (const protocol of ['spdy/3.1', 'h2', 'http/1.1'] as const) {
      const options = { protocol, requests: 6, streams: 2, thinkMs: 40 };
      const { requests, durationMs } = await load('/', options);
      expect(requests.succeeded).to.equal(6);
      // HTTP/1.1 has one at a time.
      expect(durationMs).to.be.at.least(protocol === 'http/1.1' ? 195 : 78);
    }
    expect(most).to.be.within(1, 2);
  });

  it('connects anew in a pause, and ends in the midst of one', async () => {
    server = await loadServer((_request, response) => {
      response.setHeader('connection', 'close');
      response.end();
    });
    const protocol = 'http/1.1';
    const one = await load('/', { protocol, requests: 3, thinkMs: 50 });
    expect(one.requests).to.deep.include({ total: 3, succeeded: 3, failed: 0 });
    expect(one.connections).to.equal(3);
    const abort = new AbortController();
    const { requests } = await load('/', {
      protocol,
      requests: 5,
      thinkMs: 3_600_000,
      signal: abort.signal,
      progress: ({ done }) => {
        if (done === 1) abort.abort();
      },
    });
    expect(requests).to.deep.include({ started: 1, succeeded: 1, failed: 0 });
  });

  it('reads slowly where it shall, and fast elsewhere', async () => {
    const body = Buffer.alloc(8 << 20);
    server = await loadServer((_request, response) => void response.end(body));
    for (const protocol of ['spdy/3.1', 'h2', 'http/1.1'] as const) {
      const abort = new AbortController();
      const { requests, traffic, request } = await load('/', {
        protocol,
        requests: 2,
        clients: 2,
        readRate: 50_000,
        slowClients: 1,
        signal: abort.signal,
        progress: ({ done }) => {
          if (done === 1) setTimeout(() => abort.abort(), 100);
        },
      });
      expect(requests, protocol).to.deep.include({ started: 2, succeeded: 1, failed: 0 });
      expect(request.count).to.equal(1);
      expect(traffic.total, protocol).to.be.above(body.length);
      expect(traffic.total, protocol).to.be.below(1.5 * body.length);
    }
  });

  for (const protocol of LOAD_PROTOCOLS) {
    it(`gets all of an answer of ${protocol} that it reads slowly, and takes its time`, async () => {
      server = await loadServer();
      const paths = ['/bytes/4000', '/', '/404', '/half'];
      const options = { protocol, requests: 8, readRate: 10_000, workers: 2, clients: 2 };
      const { requests, statuses, traffic, durationMs } = await load(paths, options);
      expect(requests).to.deep.include({ done: 8, succeeded: 4, errored: 2 });
      expect(statuses).to.deep.include({ '2xx': 4, '4xx': 2 });
      expect(traffic.data).to.be.within(2 * 4010, 2 * 4014);
      // 4000 bytes in pieces of 500: a pause behind each but the last one.
      expect(durationMs).to.be.at.least(345);
    });
  }

  it('begins clients at a rate', async () => {
    server = await loadServer();
    const options = { clients: 5, connectionRate: 2, ratePeriodMs: 60 };
    const result = await load('/', options);
    expect(result.requests.succeeded).to.equal(5);
    expect(result.durationMs).to.be.at.least(115);
  });

  it('connects anew when the server takes no more requests on a connection', async () => {
    server = await loadServer((_request, response) => {
      response.setHeader('connection', 'close');
      response.end();
    });
    const result = await load('/', { protocol: 'http/1.1', requests: 5 });
    expect(result.requests.succeeded).to.equal(5);
    expect(result.connections).to.equal(5);
  });

  it('connects anew when a connection is lost that was of use', async () => {
    let count = 0;
    server = await loadServer((_request, response) => {
      count++;
      if (count % 4 === 0) server.disconnect();
      else response.end();
    });
    for (const protocol of LOAD_PROTOCOLS) {
      const { requests, connections } = await load('/', { protocol, requests: 12 });
      const counts = { done: 12, succeeded: 9, errored: 3, timeout: 0 };
      expect(requests, protocol).to.deep.include(counts);
      expect(connections, protocol).to.equal(3);
    }
  });

  it('gives up a client whose connection is of no use', async () => {
    const deaf = net.createServer((socket) => socket.destroy());
    await new Promise<void>((done) => deaf.listen(0, '127.0.0.1', done));
    const { port } = deaf.address() as AddressInfo;
    const urls = `http://127.0.0.1:${port}/`;
    const lost = await runLoad({ urls, requests: 10, clients: 2 });
    expect(lost.requests).to.deep.include({ total: 10, succeeded: 0, failed: 10, errored: 10 });
    await new Promise((done) => deaf.close(done));
    const refused = await runLoad({ urls, requests: 10, clients: 2 });
    expect(refused.requests).to.deep.include({ total: 10, started: 0, errored: 10 });
    expect(refused.protocol).to.equal(null);
    expect(refused.errors).to.have.length(1);
    expect(refused.errors[0]?.message).to.include('ECONNREFUSED');
    expect(refused.errors[0]?.count).to.equal(2);
    server = await loadServer();
  });

  for (const name of ['inactivityTimeoutMs', 'activeTimeoutMs'] as const) {
    it(`gives up what takes longer than ${name}`, async () => {
      server = await loadServer();
      const { requests } = await load('/never', { [name]: 50, requests: 3, streams: 2 });
      expect(requests).to.deep.include({ total: 3, failed: 3, errored: 3, timeout: 3 });
    });
  }

  it('gives up connecting after a while', async () => {
    // Nobody answers the handshake.
    const deaf = net.createServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((done) => deaf.listen(0, '127.0.0.1', done));
    const { port } = deaf.address() as AddressInfo;
    const urls = `https://127.0.0.1:${port}/`;
    const { requests, errors } = await runLoad({ urls, connectTimeoutMs: 50 });
    expect(requests.errored).to.equal(1);
    expect(errors[0]?.message).to.equal('not connected within 50 ms');
    await new Promise((done) => deaf.close(done));
    server = await loadServer();
  });

  it('gives up a server that never begins HTTP/2', async () => {
    // The beginning of SPDY, and nothing further.
    const other = net.createServer((socket) => {
      socket.on('error', () => {}).resume();
      socket.write(Buffer.from('800300040000000c000000010000000400000064', 'hex'));
    });
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const { port } = other.address() as AddressInfo;
    const urls = `http://127.0.0.1:${port}/`;
    const { requests, errors } = await runLoad({ urls, protocol: 'h2', connectTimeoutMs: 200 });
    expect(requests).to.deep.include({ total: 1, failed: 1, errored: 1 });
    expect(errors).to.have.length.above(0);
    await new Promise((done) => other.close(done));
    server = await loadServer();
  });

  it('resolves with what there is when it is aborted, with workers too', async () => {
    for (const workers of [1, 2]) {
      let answers = 0;
      const abort = new AbortController();
      server = await loadServer((_request, response) => {
        if (++answers === 20) abort.abort();
        response.end();
      });
      const options = { requests: 1e9, clients: 2, workers, signal: abort.signal };
      const { requests } = await load('/', options);
      expect(requests.total).to.equal(1e9);
      expect(requests.done).to.be.within(1, 1e8);
      expect(requests.failed).to.equal(0);
      if (workers === 1) await server.close();
    }
  });

  it('resolves although it is aborted before workers have begun', async () => {
    server = await loadServer();
    const signal = AbortSignal.abort();
    for (const workers of [1, 2]) {
      const options = { requests: 1e9, clients: 2, workers, signal };
      const { requests } = await load('/', options);
      expect(requests.total).to.equal(1e9);
      expect(requests.failed).to.equal(0);
    }
  });

  it('does not accept a certificate that nobody vouches for, unless it is told to', async () => {
    server = await loadServer();
    const { requests, errors } = await runLoad({ urls: server.origin });
    expect(requests.errored).to.equal(1);
    expect(errors[0]?.message).to.match(/self-signed certificate/);
  });
});
