import { expect } from 'chai';
import type { LoadProtocol } from '../../lib/tools/load/options.ts';
import { runLoad } from '../../lib/tools/load/run-load.ts';
import { type LoadServer, loadServer } from '../tools/load/load-server.ts';
import { peerPath, requirePeer } from './support/peers.ts';
import { run } from './support/process.ts';

/** What both are told: requests, clients, streams of each. */
const WORK = { requests: 300, clients: 3, streams: 5 };
const PATHS = ['/', '/bytes/1000', '/404'];

describe('h2load and runLoad(), on createServer()', () => {
  let server: LoadServer;

  before(async function () {
    requirePeer(this, 'h2load');
    server = await loadServer();
  });

  after(() => server?.close());

  for (const protocol of ['h2', 'http/1.1'] as const satisfies readonly LoadProtocol[]) {
    it(`count the same over ${protocol}`, async () => {
      const urls = PATHS.map((path) => `${server.origin}${path}`);
      const { requests, clients } = WORK;
      // Nothing is pipelined here.
      const streams = protocol === 'h2' ? WORK.streams : 1;
      const numbers = ['-n', `${requests}`, '-c', `${clients}`, '-m', `${streams}`];
      const command = [peerPath('h2load'), ...numbers, `--npn-list=${protocol}`, ...urls];
      const { code, stdout, stderr } = await run(command);
      expect(code, stderr).to.equal(0);
      const tls = { rejectUnauthorized: false };
      const own = await runLoad({ urls, protocol, requests, clients, streams, tls });

      const lines = new Map(stdout.split('\n').map((line) => line.split(': ') as [string, string]));
      const { total, started, done, succeeded, failed, errored, timeout } = own.requests;
      expect(lines.get('requests')).to.equal(
        `${total} total, ${started} started, ${done} done, ${succeeded} succeeded, ${failed} failed, ${errored} errored, ${timeout} timeout`,
      );
      const { '2xx': ok, '3xx': moved, '4xx': wrong, '5xx': broken } = own.statuses;
      expect(lines.get('status codes')).to.equal(
        `${ok} 2xx, ${moved} 3xx, ${wrong} 4xx, ${broken} 5xx`,
      );
      expect(lines.get('Application protocol')).to.equal(own.protocol);
      const [, all, data] =
        /^\S+ \((\d+)\) total, .* \((\d+)\) data$/.exec(lines.get('traffic') ?? '') ?? [];
      expect(Number(data)).to.equal(own.traffic.data);
      // What is not of the answers differs: SETTINGS, PING, tables of headers.
      expect(Number(all) / own.traffic.total).to.be.within(0.95, 1.05);
    });
  }
});
