import { once } from 'node:events';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { expect } from 'chai';
import { InvalidArgumentError } from '../../../lib/errors.ts';
import { SpdyAgent } from '../../../lib/http/client/agent.ts';
import { makeCertificate } from '../../../lib/http/server/connection/certificate.ts';
import { createFakeApiServer } from '../../../lib/kubernetes/fake/api-server.ts';
import { exec } from '../../../lib/kubernetes/index.ts';
import { PROTOCOL_VERSIONS } from '../../../lib/protocol/version.ts';
import type { ConformanceResult } from '../../../lib/tools/conformance/result.ts';
import {
  type ClientConformanceOptions,
  type RunClient,
  testClient,
} from '../../../lib/tools/conformance/test-client.ts';

const words = ({ id, expected, received }: ConformanceResult): string =>
  `${id}: expected ${expected}, got ${received}`;

describe('testClient()', () => {
  for (const { name } of PROTOCOL_VERSIONS) {
    it(`finds our client without a fault: ${name}`, async () => {
      const run: RunClient = async (url) => {
        const agent = new SpdyAgent({ version: name, maxRetries: 0 });
        const request = agent.get(url, (response) => response.resume().on('error', () => {}));
        request.on('error', () => {});
        await new Promise<void>((closed) => request.on('close', () => closed()));
        await agent.close();
      };
      const wrong: string[] = [];
      let count = 0;
      for await (const result of testClient(
        { port: 0, versions: [name], timeoutMs: 20_000 },
        run,
      )) {
        count++;
        if (result.outcome !== 'passed') wrong.push(words(result));
      }
      expect(wrong).to.deep.equal([]);
      expect(count).to.be.at.least(15);
    });
  }

  it('speaks TLS with ALPN', async () => {
    const run: RunClient = async (url) => {
      const agent = new SpdyAgent({ rejectUnauthorized: false });
      const [response] = await once(agent.get(url), 'response');
      await once(response.resume(), 'end');
      await agent.close();
    };
    const outcomes: string[] = [];
    for await (const { version, outcome } of testClient(
      { port: 0, tls: makeCertificate(), only: ['client/1'] },
      run,
    ))
      outcomes.push(`${version} ${outcome}`);
    expect(outcomes).to.deep.equal(['spdy/2 passed', 'spdy/3 passed', 'spdy/3.1 passed']);
  });

  /** What becomes of tests of SPDY/3.1. */
  async function outcomes(
    options: Partial<ClientConformanceOptions>,
    run: RunClient,
  ): Promise<string[]> {
    const where = { port: 0, versions: ['spdy/3.1' as const], timeoutMs: 20_000, ...options };
    const list: string[] = [];
    for await (const { id, outcome, expected } of testClient(where, run))
      list.push(`${id} ${outcome} ${expected}`.trim());
    return list;
  }

  it('answers upgrades, and passes on what is asked without one', async () => {
    const fake = await createFakeApiServer({ pods: ['p1'] }).listen();
    const run: RunClient = async (url) => {
      const cluster = { server: new URL('/', url).href };
      const known = await fetch(new URL('/api/v1/namespaces/default/pods/p1', url));
      expect(await known.json()).to.nested.include({ 'metadata.name': 'p1' });
      const options = { cluster, pod: 'p1', command: ['true'], transport: 'spdy' as const };
      const command = await exec({ ...options, replyTimeoutMs: 1000 });
      await command.exited.catch(() => {});
    };
    const tests = { only: ['client/1', 'client/5', 'client/8'], api: fake.url };
    expect(await outcomes(tests, run)).to.deep.equal([
      'client/1 passed',
      'client/5 passed',
      'client/8 passed',
    ]);
    await fake.close();
  });

  it('asks nobody else for what a client wants passed on, whatever URL it names', async () => {
    const fake = await createFakeApiServer().listen();
    const answers: string[] = [];
    const run: RunClient = async (url) => {
      for (const target of ['//', 'http://[/', 'http://127.0.0.1:1/']) {
        const socket = net.connect(Number(new URL(url).port)).on('error', () => {});
        socket.write(`GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
        answers.push((await text(socket)).split('\r\n', 1)[0] ?? '');
      }
      throw new Error('done');
    };
    const options = { only: ['client/1'], api: fake.url, timeoutMs: 2000 };
    expect(await outcomes(options, run)).to.have.lengthOf(1);
    expect(answers).to.have.lengthOf(3);
    for (const answer of answers) expect(answer).to.match(/^HTTP\/1\.1 4\d\d /);
    await fake.close();
  });

  it('fails a test whose client cannot be started', async () => {
    const run = (): never => {
      throw new Error('no client');
    };
    const [outcome] = await outcomes({ only: ['client/1'], timeoutMs: 200 }, run);
    expect(outcome).to.match(/^client\/1 failed/);
  });

  it('skips a version that the client does not offer', async () => {
    const run: RunClient = async (url) => {
      const { port } = new URL(url);
      const options = { port: Number(port), ALPNProtocols: ['spdy/3', 'h2'] };
      const socket = tls.connect({ ...options, rejectUnauthorized: false }).on('error', () => {});
      await once(socket, 'close');
    };
    expect(await outcomes({ tls: makeCertificate() }, run)).to.deep.equal([
      'connection skipped the client offers spdy/3, h2',
    ]);
  });

  it('says so of a client that speaks something else', async () => {
    for (const [bytes, message] of [
      [
        'GET /x HTTP/1.1\r\nhost: a\r\n\r\n',
        'the client speaks HTTP/1.1: GET /x HTTP/1.1, not SPDY',
      ],
      [
        'GET /x HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: spdy/2\r\n\r\n',
        'the client speaks an upgrade to spdy/2, not SPDY',
      ],
      ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'the client speaks HTTP/2: PRI * HTTP/2.0, not SPDY'],
    ] as const) {
      const run: RunClient = async (url) => {
        const socket = net.connect(Number(new URL(url).port)).on('error', () => {});
        socket.write(bytes);
        await once(socket.resume(), 'close');
      };
      const end = await outcomes({}, run).catch((error: Error) => error);
      expect(end).to.include({ code: 'ERR_SPDY_NOT_SPDY', message });
    }
  });

  it('ends at once when it is aborted', async () => {
    const controller = new AbortController();
    const run: RunClient = async (_url, _version, _test, over) => {
      setImmediate(() => controller.abort());
      await once(over, 'abort');
    };
    const options = { timeoutMs: 600_000, signal: controller.signal };
    expect(await outcomes(options, run)).to.deep.equal([]);
  });

  it('tells a server for requests that cannot be one at once', () => {
    expect(() => testClient({ port: 0, api: 'https://a/' }, async () => {})).to.throw(
      InvalidArgumentError,
      "api must be a URL of http:, got 'https://a/' (string)",
    );
  });
});
