import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { PROTOCOL_VERSIONS } from '../../lib/index.ts';
import { createFakeApiServer } from '../../lib/kubernetes/fake/api-server.ts';
import {
  type ConformanceResult,
  countResults,
  type RunClient,
  testClient,
  testServer,
} from '../../lib/tools/index.ts';
import { Kubectl, type KubectlVariant, kubectlVariants } from './support/kubectl.ts';
import { certificate, nettyCommand, peerPath, qtCommand, requirePeer } from './support/peers.ts';
import { PeerProcess } from './support/process.ts';
import { type TransportStream, transportListen } from './support/spdy-transport.ts';

/** Milliseconds for each answer: those that come are fast, those that do not are waited for. */
const TIMEOUT_MS = 500;

async function all(results: AsyncIterable<ConformanceResult>): Promise<ConformanceResult[]> {
  const list: ConformanceResult[] = [];
  for await (const result of results) list.push(result);
  return list;
}

/** Runs a client, however it ends. */
async function toItsEnd([command = '', ...args]: string[]): Promise<void> {
  const child = spawn(command, args, { stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await once(child, 'exit');
  clearTimeout(timer);
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
      'wire/9 should',
      'wire/10 robust',
      'wire/11 should',
      'wire/18 robust',
      'wire/24 robust',
      'wire/26 robust',
      'wire/29 robust',
    ]);
    expect(countResults(results)).to.include({ total: 104, passed: 92, skipped: 1 });
  });

  it("Netty's client", async function () {
    requirePeer(this, 'netty');
    const run = (url: string): Promise<void> => {
      const { port, pathname } = new URL(url);
      const paths = ['-n', '1', '-m', '1', pathname];
      return toItsEnd(nettyCommand('NettySpdyClient', '127.0.0.1', port, ...paths));
    };
    const where = { port: 0, versions: ['spdy/3.1' as const], timeoutMs: 10_000 };
    expect(failures(await all(testClient(where, run)))).to.deep.equal([]);
  });

  it("Qt's client", async function () {
    requirePeer(this, 'qt5');
    const run = (url: string): Promise<void> => toItsEnd(qtCommand('--timeout', '5', url));
    const where = { port: 0, host: '127.0.0.1', tls: certificate(), timeoutMs: 10_000 };
    const only = [
      'client/1',
      'client/2',
      'client/3',
      'client/4',
      'client/5',
      'client/9',
      'client/12',
    ];
    const results = await all(testClient({ ...where, only, versions: ['spdy/3'] }, run));
    expect(failures(results)).to.deep.equal(['client/9 must']);
  });

  it("Debian's kubectl, behind an upgrade", async function () {
    requirePeer(this, 'kubectl');
    const fake = await createFakeApiServer({ pods: ['p1'] }).listen();
    const kubectl = await Kubectl.for(kubectlVariants()[0] as KubectlVariant, fake);
    const run: RunClient = async (url, _version, _test, over) => {
      const child = kubectl.start('-s', new URL('/', url).origin, 'exec', 'p1', '--', 'true');
      // It waits for an end of the command that nobody tells it.
      over.addEventListener('abort', () => child.kill('SIGKILL'));
      await once(child, 'exit');
    };
    // The others are about HTTP, or about what it does now and then.
    const only = [1, 6, 7, 8, 9, 10, 12, 13].map((id) => `client/${id}`);
    const where = { port: 0, versions: ['spdy/3.1' as const], timeoutMs: 4 * TIMEOUT_MS, only };
    const results = await all(testClient({ ...where, api: fake.url }, run));
    await kubectl.close();
    await fake.close();
    expect(failures(results)).to.deep.equal([
      'client/6 must',
      'client/8 must',
      'client/9 must',
      'client/10 must',
      'client/12 must',
      'client/13 must',
    ]);
  });

  it("spdystream's server", async function () {
    requirePeer(this, 'spdystream');
    const server = new PeerProcess([peerPath('gostream'), 'server', '0']);
    const port = Number((await server.printed(/plain=(\d+)/))[1]);
    const only = ['framing', 'streams/5', 'streams/6', 'streams/7', 'ping/1', 'ping/3'];
    const where = { host: '127.0.0.1', port, only, versions: ['spdy/3.1' as const] };
    const results = await all(testServer({ ...where, timeoutMs: TIMEOUT_MS }));
    await server.stop();
    expect(failures(results)).to.include.members(['framing/3 must', 'streams/5 must']);
    expect(failures(results)).to.not.include.members(['ping/1 must', 'ping/3 must']);
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
      expect(must.length).to.equal(id === 2 ? 25 : 29);
    });
  }
});
