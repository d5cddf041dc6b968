import { once } from 'node:events';
import { expect } from 'chai';
import { SpdyAgent } from '../../../lib/http/client/agent.ts';
import { makeCertificate } from '../../../lib/http/server/certificate.ts';
import { PROTOCOL_VERSIONS } from '../../../lib/protocol/version.ts';
import type { ConformanceResult } from '../../../lib/tools/conformance/result.ts';
import { type RunClient, testClient } from '../../../lib/tools/conformance/test-client.ts';

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
