import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'chai';
import { FrameDecoder } from '../../../lib/engine/frame-decoder.ts';
import { FrameEncoder } from '../../../lib/engine/frame-encoder.ts';
import { SpdyAgent } from '../../../lib/http/client/agent.ts';
import { makeCertificate } from '../../../lib/http/server/certificate.ts';
import type { Header } from '../../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS } from '../../../lib/protocol/version.ts';
import type { ConformanceResult } from '../../../lib/tools/conformance/result.ts';
import { type RunClient, testClient } from '../../../lib/tools/conformance/test-client.ts';
import { CLIENT_TESTS } from '../../../lib/tools/conformance/tests.ts';
import { CollectingSink } from '../../support/collecting-sink.ts';

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
});

describe('each test of a client', () => {
  const headers: Header[] = [
    ['connection', 'keep-alive'],
    [':method', 'GET'],
  ];

  /** A client that sends this, and answers everything that comes so. */
  function client(
    first: (make: FrameEncoder) => Buffer,
    then: (make: FrameEncoder) => Buffer = () => Buffer.alloc(0),
  ): RunClient {
    return async (url) => {
      const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
      const make = new FrameEncoder('spdy/3.1');
      const decoder = new FrameDecoder('spdy/3.1', new CollectingSink());
      socket.on('error', () => {});
      socket.write(first(make));
      socket.on('data', (chunk) => {
        if (!decoder.stopped) decoder.read(chunk);
        socket.write(then(make));
      });
      await once(socket, 'close');
    };
  }

  const FAULTY: readonly RunClient[] = [
    async () => {},
    client((make) => make.synStream({ streamId: 2 }, headers)),
    client((make) => make.synStream({ streamId: 1, flags: 1 }, headers)),
    client(
      (make) => make.synStream({ streamId: 1, flags: 1 }, headers),
      (make) => make.rstStream(1, 6),
    ),
    client(
      (make) => make.synStream({ streamId: 1, flags: 1 }, headers),
      (make) => Buffer.concat([3, 5, 7].map((streamId) => make.synStream({ streamId }, headers))),
    ),
  ];
  const failed = new Set<string>();

  before(async () => {
    for (const run of FAULTY) {
      const only = CLIENT_TESTS.map(({ id }) => id).filter((id) => !failed.has(id));
      if (only.length === 0) continue;
      const where = { port: 0, timeoutMs: 100, only, versions: ['spdy/3.1' as const] };
      for await (const { id, outcome } of testClient(where, run))
        if (outcome === 'failed' && run !== FAULTY[0]) failed.add(id);
    }
  });

  for (const { id, title } of CLIENT_TESTS) {
    it(`can fail: ${id} ${title}`, () => {
      expect(failed.has(id)).to.equal(true);
    });
  }
});
