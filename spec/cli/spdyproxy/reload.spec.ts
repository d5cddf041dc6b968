import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeCertificate } from '../../../lib/http/server/connection/certificate.ts';
import { runLoad } from '../../../lib/tools/load/run-load.ts';
import { daemon, makeFolder, removeFolder } from '../support/programs.ts';

const { SPDYLAY_RELOAD_REQUESTS = '300' } = process.env;
/** Requests of each protocol: docs/spdyproxy.md has the command for more. */
const REQUESTS = Number(SPDYLAY_RELOAD_REQUESTS);
const PROTOCOLS = ['spdy/3.1', 'h2', 'http/1.1'] as const;

for (const workers of [0, 2])
  describe(`spdyproxy under load, ${workers} workers`, () => {
    it(`loses none of ${PROTOCOLS.length * REQUESTS} requests while certificates and backs change`, async function () {
      this.timeout(60_000 + REQUESTS * 50);
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
      /** Writes another certificate, and the address of the other back. */
      const configure = (turn: number): string => {
        const { key, cert } = makeCertificate(['localhost', `turn${turn}.example`]);
        writeFileSync(join(folder, 'own.key'), key);
        writeFileSync(join(folder, 'own.cert'), cert);
        const { port } = (backs[turn % 2] as http.Server).address() as AddressInfo;
        const file = join(folder, 'proxy.json');
        const front = { port: 0, certificates: [{ key: 'own.key', cert: 'own.cert' }] };
        writeFileSync(
          file,
          JSON.stringify({ fronts: [front], backs: [`http://127.0.0.1:${port}`], workers }),
        );
        return file;
      };
      const proxy = await daemon('spdyproxy', ['--config', configure(0)]);
      const reloads = (): number => proxy.log().split('Reloaded').length - 1;
      let left = PROTOCOLS.length;
      const loads = PROTOCOLS.map(async (protocol) => {
        const result = await runLoad({
          urls: [`${proxy.origin}/`],
          protocol,
          tls: { rejectUnauthorized: false },
          requests: REQUESTS,
          clients: 4,
          streams: protocol === 'http/1.1' ? 1 : 10,
        });
        left--;
        return result.requests;
      });
      let turns = 0;
      while (left > 0) {
        configure(++turns);
        proxy.signal('SIGHUP');
        await proxy.until({ test: (log) => reloads() >= turns || log.includes('not reloaded') });
        expect(proxy.log()).not.to.include('not reloaded');
      }
      for (const { succeeded, failed } of await Promise.all(loads)) {
        expect({ succeeded, failed }).to.deep.equal({ succeeded: REQUESTS, failed: 0 });
      }
      expect(served.map((count) => count > 0)).to.deep.equal([true, true]);
      expect((served[0] ?? 0) + (served[1] ?? 0)).to.equal(PROTOCOLS.length * REQUESTS);
      expect(await proxy.end()).to.equal(0);
      for (const server of backs) {
        server.close();
        server.closeAllConnections();
      }
      removeFolder(folder);
    });
  });
