import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { PROTOCOL_VERSIONS } from '../../lib/index.ts';
import {
  type ConformanceResult,
  countResults,
  testClient,
  testServer,
} from '../../lib/tools/index.ts';
import { nettyCommand, requirePeer } from './support/peers.ts';
import { PeerProcess } from './support/process.ts';
import { type TransportStream, transportListen } from './support/spdy-transport.ts';

/** Milliseconds for each answer: those that come are fast, those that do not are waited for. */
const TIMEOUT_MS = 500;

async function all(results: AsyncIterable<ConformanceResult>): Promise<ConformanceResult[]> {
  const list: ConformanceResult[] = [];
  for await (const result of results) list.push(result);
  return list;
}

const failures = (results: readonly ConformanceResult[]): string[] =>
  results.filter(({ outcome }) => outcome === 'failed').map(({ id, level }) => `${id} ${level}`);

describe('conformance of other peers (docs/spdyspec.md)', () => {
  it("Netty's server", async function () {
    requirePeer(this, 'netty');
    const server = new PeerProcess(nettyCommand('NettySpdyServer', '--port', '0'));
    const port = Number((await server.printed(/plain=(\d+)/))[1]);
    const where = { host: '127.0.0.1', port, versions: ['spdy/3.1' as const] };
    const results = await all(testServer({ ...where, timeoutMs: TIMEOUT_MS }));
    await server.stop();
    expect(failures(results)).to.deep.equal([
      'framing/8 robust',
      'settings/5 should',
      'http/6 must',
      'http/8 should',
    ]);
    expect(countResults(results)).to.include({ total: 70, passed: 65, skipped: 1 });
  });

  it("Netty's client", async function () {
    requirePeer(this, 'netty');
    const run = async (url: string): Promise<void> => {
      const { port, pathname } = new URL(url);
      const [command = '', ...args] = nettyCommand('NettySpdyClient', '127.0.0.1', port);
      const child = spawn(command, [...args, '-n', '1', '-m', '1', pathname], { stdio: 'ignore' });
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await once(child, 'exit');
      clearTimeout(timer);
    };
    const where = { port: 0, versions: ['spdy/3.1' as const], timeoutMs: 10_000 };
    expect(failures(await all(testClient(where, run)))).to.deep.equal([]);
  });

  for (const { id, name } of PROTOCOL_VERSIONS) {
    it(`spdy-transport's server, ${name}`, async function () {
      requirePeer(this, 'spdy-transport');
      const listener = await transportListen(id, (stream: TransportStream) => {
        stream.on('error', () => {});
        stream.respond(200, { 'content-type': 'text/plain' });
        stream.resume();
        stream.end('x'.repeat(1000));
      });
      const where = { host: '127.0.0.1', port: listener.port, versions: [name] };
      const results = await all(testServer({ ...where, timeoutMs: TIMEOUT_MS }));
      await listener.close();
      const must = failures(results).filter((line) => line.endsWith(' must'));
      expect(must).to.include.members(['streams/8 must', 'headers/9 must', 'ping/4 must']);
      expect(must.length).to.equal(id === 2 ? 18 : 21);
      expect(failures(results).length).to.equal(id === 2 ? 27 : 33);
    });
  }
});
