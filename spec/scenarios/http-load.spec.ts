import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { SpdyAgent } from '../../lib/http/client/agent.ts';
import { createServer } from '../../lib/http/server/server.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../lib/protocol/version.ts';
import { until } from '../support/session-pair.ts';

/** Bytes without a short period, from which all bodies are cut. */
const PATTERN = Buffer.alloc(1 << 18);
for (let i = 0; i < PATTERN.length; i++) PATTERN[i] = (i * 7 + (i >> 8) * 13) & 255;

/** A body that both sides can make; bodies of other seeds differ. */
function body(seed: number, length: number): Buffer {
  return PATTERN.subarray(seed, seed + length);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Reads a message, now and then with a pause. */
async function digestOf(message: Readable, slow: boolean): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of message) {
    hash.update(chunk as Buffer);
    if (slow) await new Promise((next) => setTimeout(next, 1));
  }
  return hash.digest('hex');
}

type Server = ReturnType<typeof createServer>;

async function listen(server: Server, port = 0): Promise<string> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function response(request: ReturnType<SpdyAgent['request']>): Promise<IncomingMessage> {
  const [message] = await once(request, 'response');
  return message as IncomingMessage;
}

for (const { name: version } of PROTOCOL_VERSIONS) {
  it(`many uploads and downloads of mixed sizes at once, slow and fast readers, ${version}`, async () => {
    // The digest of the upload comes back as a header, a body of the size asked for as the body.
    const server = createServer({ tls: false, version }, async (request, reply) => {
      const [seed, size] = (request.url as string).slice(1).split('/').map(Number);
      const digest = await digestOf(request, (seed as number) % 5 === 0);
      reply.setHeader('x-digest', digest);
      await pipeline(Readable.from([body(seed as number, size as number)]), reply);
    });
    const origin = await listen(server);
    const agent = new SpdyAgent({ version });
    let done = 0;
    const count = 334;
    await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const upload = body(i, (i * 977) % 40_000);
        const size = (i * 1361) % 60_000;
        const request = agent.request(`${origin}/${i}/${size}`, { method: 'POST' });
        request.end(upload);
        const reply = await response(request);
        expect(reply.headers['x-digest']).to.equal(sha256(upload));
        expect(await digestOf(reply, i % 7 === 0)).to.equal(sha256(body(i, size)));
        done++;
      }),
    );
    expect(done).to.equal(count);
    await agent.close();
    await new Promise((closed) => server.close(closed));
  });
}

describe('HTTP over SPDY under load', () => {
  const version = SPDY3_1.name;

  it('a client that goes away in the middle of a body harms no other request', async () => {
    let aborted = 0;
    const server = createServer({ tls: false, version }, async (request, reply) => {
      if (request.url === '/abort') {
        request.on('aborted', () => aborted++);
        request.resume();
        return;
      }
      reply.end(await digestOf(request, false));
    });
    const origin = await listen(server);
    const agent = new SpdyAgent({ version });
    const cut = agent.request(`${origin}/abort`, { method: 'POST' });
    cut.on('error', () => {});
    cut.write(body(1, 10_000));
    const others = Array.from({ length: 20 }, async (_, i) => {
      const upload = body(i, 100_000);
      const request = agent.request(`${origin}/${i}`, { method: 'POST' });
      request.end(upload);
      const reply = await response(request);
      let text = '';
      for await (const chunk of reply) text += chunk;
      expect(text).to.equal(sha256(upload));
    });
    setImmediate(() => cut.destroy());
    await Promise.all(others);
    await until(() => aborted === 1);
    await agent.close();
    await new Promise((closed) => server.close(closed));
  });

  it('a server that is replaced under load loses no request', async () => {
    const make = (mark: string): Server =>
      createServer({ tls: false, version }, (request, reply) => {
        request.resume();
        setTimeout(() => reply.end(mark), 2);
      });
    let server = make('1');
    const origin = await listen(server);
    const { port } = server.address() as AddressInfo;
    const agent = new SpdyAgent({ version, maxRetries: 10 });
    const marks = new Set<string>();
    let failed = 0;
    let answered = 0;
    const one = async (): Promise<void> => {
      try {
        const reply = await response(agent.get(origin));
        let text = '';
        for await (const chunk of reply) text += chunk;
        marks.add(text);
        answered++;
      } catch {
        failed++;
      }
    };
    const load = Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 60; i++) await one();
    });
    for (const mark of ['2', '3']) {
      await until(() => answered > Number(mark) * 60);
      const former = server;
      const gone = new Promise((closed) => former.close(closed));
      server = make(mark);
      await listen(server, port);
      await gone;
    }
    await Promise.all(load);
    expect(failed).to.equal(0);
    expect(answered).to.equal(480);
    expect([...marks].sort()).to.deep.equal(['1', '2', '3']);
    await agent.close();
    await new Promise((closed) => server.close(closed));
  });

  it('both sides that only write are ended by the timeout of the request', async () => {
    const server = createServer(
      { tls: false, version, requestTimeoutMs: 150 },
      (_request, reply) => {
        // Answers without ever reading: legal, but neither side gets on once the windows are full.
        reply.on('error', () => {});
        const more = (): void => {
          while (!reply.destroyed && reply.write(body(0, 16_384)));
          if (!reply.destroyed) reply.once('drain', more);
        };
        more();
      },
    );
    const origin = await listen(server);
    const agent = new SpdyAgent({ version });
    const request = agent.request(origin, { method: 'POST' });
    const ended = new Promise((resolve) => {
      request.on('error', resolve);
      request.on('response', (reply) => reply.on('error', resolve));
    });
    const more = (): void => {
      while (!request.destroyed && request.write(body(0, 16_384)));
      if (!request.destroyed) request.once('drain', more);
    };
    more();
    expect(await ended).to.be.instanceOf(Error);
    agent.destroy();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
});
