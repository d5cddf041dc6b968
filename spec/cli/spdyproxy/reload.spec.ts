import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeCertificate } from '../../../lib/http/server/certificate.ts';
import { runLoad } from '../../../lib/tools/load/run-load.ts';
import { daemon, makeFolder, removeFolder } from '../support/programs.ts';

/** Requests of the load: docs/spdyproxy.md has the command with 100000. */
const { SPDYLAY_RELOAD_REQUESTS = '2000' } = process.env;
const REQUESTS = Number(SPDYLAY_RELOAD_REQUESTS);

describe('spdyproxy under load', () => {
  it(`loses none of ${REQUESTS} requests while it reloads certificates and backs`, async function () {
    this.timeout(60_000 + REQUESTS * 20);
    const folder = makeFolder({});
    const served = [0, 0];
    const backs = await Promise.all(
      served.map(async (_none, i) => {
        const server = http.createServer((_request, response) => {
          served[i] = (served[i] ?? 0) + 1;
          response.end('answer');
        });
        await once(server.listen(0, '127.0.0.1'), 'listening');
        return server;
      }),
    );
    /** Writes a new certificate, and the address of one of the backs. */
    const configure = (turn: number): string => {
      const { key, cert } = makeCertificate(['localhost', `turn${turn}.example`]);
      writeFileSync(join(folder, 'own.key'), key);
      writeFileSync(join(folder, 'own.cert'), cert);
      const { port } = (backs[turn % 2] as http.Server).address() as AddressInfo;
      const file = join(folder, 'proxy.json');
      const front = { port: 0, certificates: [{ key: 'own.key', cert: 'own.cert' }] };
      writeFileSync(file, JSON.stringify({ fronts: [front], backs: [`http://127.0.0.1:${port}`] }));
      return file;
    };
    const proxy = await daemon('spdyproxy', ['--config', configure(0)]);
    const { origin } = proxy;
    let left = 3;
    const loads = (['spdy/3.1', 'h2', 'http/1.1'] as const).map(async (protocol) => {
      const result = await runLoad({
        urls: [`${origin}/`],
        protocol,
        tls: { rejectUnauthorized: false },
        requests: Math.ceil(REQUESTS / 3),
        clients: 4,
        streams: protocol === 'http/1.1' ? 1 : 10,
      });
      left--;
      return result;
    });
    let turns = 0;
    while (left > 0) {
      configure(++turns);
      proxy.signal('SIGHUP');
      await proxy.until(new RegExp(`^(?:(?:(?!Reloaded)[^])*Reloaded){${turns}}`));
    }
    const requests = (await Promise.all(loads)).map((result) => result.requests);
    for (const { total, succeeded, failed } of requests) {
      expect({ succeeded, failed }).to.deep.equal({ succeeded: total, failed: 0 });
    }
    expect(turns).to.be.above(0);
    const sum = requests.reduce((all, { total }) => all + total, 0);
    expect((served[0] ?? 0) + (served[1] ?? 0)).to.equal(sum);
    expect(await proxy.end()).to.equal(0);
    for (const server of backs) {
      server.close();
      server.closeAllConnections();
    }
    removeFolder(folder);
  });
});
