import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { SpdyAgent } from '../../../lib/http/client/agent.ts';
import { startApplication } from '../../tools/proxy/support/application.ts';
import { daemon, makeFolder, removeFolder } from '../support/programs.ts';
import { SlowClients } from '../support/slow-clients.ts';

const { SPDYLAY_SLOW_CLIENTS = '500', SPDYLAY_SLOW_SECONDS = '3' } = process.env;
/** docs/spdyproxy.md has the command for more. */
const CLIENTS = Number(SPDYLAY_SLOW_CLIENTS);
const TIMEOUT_MS = Number(SPDYLAY_SLOW_SECONDS) * 1000;
const STEPS = 20;
/** What they may take of the proxy together, in KiB: what a process takes that begins to work, and their share. */
const MOST_KIB = 96 * 1024 + CLIENTS * 96;

describe('spdyproxy with slow clients', () => {
  const ends: (() => unknown)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  it(`serves others while ${CLIENTS} drip heads and bodies and hardly read answers, and ends all of these in time`, async function () {
    this.timeout(120_000 + CLIENTS * 30 + 5 * TIMEOUT_MS);
    const application = await startApplication('http/1.1');
    ends.push(() => application.close());
    const limits = {
      headersTimeoutMs: TIMEOUT_MS,
      requestTimeoutMs: TIMEOUT_MS,
      idleTimeoutMs: TIMEOUT_MS,
    };
    const folder = makeFolder({
      'proxy.json': JSON.stringify({
        fronts: [{ port: 0, host: '127.0.0.1', tls: false, sniff: true, ...limits }],
        backs: [
          {
            url: `http://127.0.0.1:${application.port}`,
            maxRequests: 65535,
            maxConnections: 65535,
          },
        ],
        idleTimeoutMs: TIMEOUT_MS,
      }),
    });
    ends.push(() => removeFolder(folder));
    const proxy = await daemon('spdyproxy', ['--config', join(folder, 'proxy.json')]);
    ends.push(() => proxy.end('SIGKILL'));
    const agent = new SpdyAgent({ version: 'spdy/3.1' });
    ends.push(() => agent.destroy());

    /** Asks as somebody does who is not slow. */
    async function ask(): Promise<string[]> {
      const url = `http://127.0.0.1:${proxy.port}`;
      const path = '/sized?bytes=3';
      const session = http2.connect(url);
      const asked = [http.get(`${url}${path}`, { agent: false }), agent.get(`${url}${path}`)].map(
        async (request) => text((await once(request, 'response'))[0] as http.IncomingMessage),
      );
      const answers = await Promise.all([...asked, text(session.request({ ':path': path }))]);
      session.close();
      return answers;
    }

    const memory = (): number =>
      process.platform === 'linux'
        ? Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${proxy.pid}/status`, 'utf8'))?.[1])
        : 0;

    const answers = ['aaa', 'aaa', 'aaa'];
    expect(await ask()).to.deep.equal(answers);
    const before = memory();
    const slow = await SlowClients.open(proxy.port, CLIENTS);
    let most = 0;
    let connected = 0;
    for (let step = 0; step < STEPS; step++) {
      slow.step();
      expect(await ask()).to.deep.equal(answers);
      most = Math.max(most, memory());
      connected = Math.max(connected, slow.connected);
    }
    const taken = most - before;
    if (CLIENTS > 500) {
      console.log(`      ${connected} connected: ${before} KiB before, ${taken} KiB more at most`);
    }
    expect(taken).to.be.below(MOST_KIB);
    await slow.ended();
    expect(await ask()).to.deep.equal(answers);
    await agent.close();
    expect(await proxy.end()).to.equal(0);
  });
});
