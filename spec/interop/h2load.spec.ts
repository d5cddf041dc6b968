import { expect } from 'chai';
import type { LoadResult } from '../../lib/tools/load/results/result.ts';
import { runLoad } from '../../lib/tools/load/run-load.ts';
import { type LoadServer, loadServer } from '../tools/load/load-server.ts';
import { nettyCommand, peerPath, requirePeer } from './support/peers.ts';
import { PeerProcess, run } from './support/process.ts';

/** What both are told: requests and clients. */
const WORK = { requests: 300, clients: 3 };
const PATHS = ['/', '/bytes/1000', '/404'];

type Protocol = 'h2' | 'http/1.1';

/** Requests at once: nothing is pipelined here. */
const streamsOf = (protocol: string): number => (protocol === 'http/1.1' ? 1 : 5);

const urlsOn = (origin: string): string[] => PATHS.map((path) => `${origin}${path}`);

/** The lines of h2load's report, by what stands before the colon. */
async function h2load(origin: string, protocol: Protocol): Promise<Map<string, string>> {
  const { requests, clients } = WORK;
  const numbers = ['-n', `${requests}`, '-c', `${clients}`, '-m', `${streamsOf(protocol)}`];
  const plain = origin.startsWith('http:') && protocol === 'http/1.1' ? ['--h1'] : [];
  const choice = origin.startsWith('https:') ? [`--npn-list=${protocol}`] : plain;
  const { code, stdout, stderr } = await run([
    peerPath('h2load'),
    ...numbers,
    ...choice,
    ...urlsOn(origin),
  ]);
  expect(code, stderr).to.equal(0);
  return new Map(stdout.split('\n').map((line) => line.split(': ') as [string, string]));
}

function ownLoad(origin: string, protocol: Protocol | 'spdy/3.1'): Promise<LoadResult> {
  const tls = { rejectUnauthorized: false };
  return runLoad({
    ...{ urls: urlsOn(origin), protocol, tls },
    ...{ ...WORK, streams: streamsOf(protocol) },
  });
}

/** Requests and statuses are the same; bodies to the byte. */
function expectSameCounts(lines: ReadonlyMap<string, string>, own: LoadResult): void {
  const { total, started, done, succeeded, failed, errored, timeout } = own.requests;
  expect(lines.get('requests')).to.equal(
    `${total} total, ${started} started, ${done} done, ${succeeded} succeeded, ${failed} failed, ${errored} errored, ${timeout} timeout`,
  );
  const { '2xx': ok, '3xx': moved, '4xx': wrong, '5xx': broken } = own.statuses;
  expect(lines.get('status codes')).to.equal(
    `${ok} 2xx, ${moved} 3xx, ${wrong} 4xx, ${broken} 5xx`,
  );
  expect(trafficOf(lines).data).to.equal(own.traffic.data);
}

function trafficOf(lines: ReadonlyMap<string, string>): { total: number; data: number } {
  const [, total, data] =
    /^\S+ \((\d+)\) total, .* \((\d+)\) data$/.exec(lines.get('traffic') ?? '') ?? [];
  return { total: Number(total), data: Number(data) };
}

describe('h2load and runLoad()', () => {
  describe('on createServer()', () => {
    let server: LoadServer;

    before(async function () {
      requirePeer(this, 'h2load');
      server = await loadServer();
    });

    after(() => server?.close());

    for (const protocol of ['h2', 'http/1.1'] as const) {
      it(`count the same over ${protocol}`, async () => {
        const lines = await h2load(server.origin, protocol);
        const own = await ownLoad(server.origin, protocol);
        expectSameCounts(lines, own);
        expect(lines.get('Application protocol')).to.equal(own.protocol);
        // What is not of the answers differs: SETTINGS, PING, tables of headers.
        expect(trafficOf(lines).total / own.traffic.total).to.be.within(0.95, 1.05);
      });
    }
  });

  describe("on Netty's server", () => {
    let server: PeerProcess | undefined;
    const origins = { 'spdy/3.1': '', h2: '', 'http/1.1': '' };

    before(async function () {
      requirePeer(this, 'h2load');
      requirePeer(this, 'netty');
      const ports = ['--port', '0', '--h2-port', '0', '--h1-port', '0'];
      server = new PeerProcess(nettyCommand('NettySpdyServer', ...ports));
      const [, ...found] = await server.printed(/plain=(\d+) h2=(\d+) h1=(\d+)/);
      for (const [index, protocol] of (['spdy/3.1', 'h2', 'http/1.1'] as const).entries())
        origins[protocol] = `http://127.0.0.1:${found[index]}`;
    });

    after(() => server?.stop());

    for (const protocol of ['h2', 'http/1.1'] as const) {
      it(`count the same over ${protocol}, and as runLoad() does over SPDY/3.1`, async () => {
        const lines = await h2load(origins[protocol], protocol);
        const own = await ownLoad(origins[protocol], protocol);
        const spdy = await ownLoad(origins['spdy/3.1'], 'spdy/3.1');
        expectSameCounts(lines, own);
        expectSameCounts(lines, spdy);
        expect(trafficOf(lines).total / own.traffic.total).to.be.within(0.99, 1.01);
      });
    }
  });
});
