import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { makeCertificate } from '../../../lib/http/server/connection/certificate.ts';
import { createServer } from '../../../lib/http/server/server.ts';
import { makeFolder, program, removeFolder, run } from '../support/programs.ts';

/** This file runs as build/spec/cli/spdyproxy/docs.spec.js. */
const DOCS = readFileSync(new URL('../../../../docs/spdyproxy.md', import.meta.url), 'utf8');
const CONFIGURATIONS = [...DOCS.matchAll(/### ([^\n]+)\n[^#]*?```yaml\n([\s\S]*?)```/g)];
const COMMANDS = [...DOCS.matchAll(/\| `shrpx [^`]*` \| `spdyproxy ([^`]*)` \|/g)];

describe('docs/spdyproxy.md', () => {
  let folder: string;
  /** What replaces addresses and files of the document. */
  let places: readonly (readonly [string | RegExp, string])[];
  const answer = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    response.end(`got ${request.url}`);
  };
  const plain = http.createServer(answer);
  const local = http.createServer(answer);
  const { key, cert } = makeCertificate(['localhost', 'device']);
  const secure = createServer({ key, cert }, answer as never);

  before(async () => {
    const names = ['example', 'other', 'key', 'cert', 'device', 'ca'];
    const files = names.flatMap((name) => [
      [`${name}.key`, key],
      [`${name}.pem`, name === 'key' ? key : cert],
      [`${name}.crt`, cert],
    ]);
    folder = makeFolder(Object.fromEntries(files));
    plain.listen(0, '127.0.0.1');
    secure.listen(0, '127.0.0.1');
    local.listen(join(folder, 'app.sock'));
    await Promise.all([plain, secure, local].map((server) => once(server, 'listening')));
    const { port } = plain.address() as AddressInfo;
    const { port: securePort } = secure.address() as AddressInfo;
    places = [
      [/port: \d+/g, 'port: 0'],
      ["'::'", '127.0.0.1'],
      [/127\.0\.0\.1:300\d/g, `127.0.0.1:${port}`],
      [/https:\/\/(?:192\.0\.2\.7|10\.0\.0\.1:6443)/g, `https://localhost:${securePort}`],
      ['/etc/kubernetes/pki/', ''],
      ['/var/log/', ''],
      ['/run/spdyproxy/', ''],
      ['/run/', ''],
    ];
  });

  after(() => {
    for (const server of [plain, secure, local]) {
      server.close();
      server.closeAllConnections();
    }
    removeFolder(folder);
  });

  it('has a command for each mode of shrpx that spdyproxy takes', async () => {
    expect(COMMANDS.length).to.equal(5);
    for (const [, line = ''] of COMMANDS) {
      const args = line
        .split(' ')
        .map((word) => (/^(?:key|cert)$/.test(word) ? `${word}.pem` : word));
      const { status, stderr } = await run('spdyproxy', [...args, '--check'], { cwd: folder });
      expect({ line, status, stderr }).to.deep.equal({ line, status: 0, stderr: '' });
    }
  }).timeout(60_000);

  it('has configurations', () => {
    expect(CONFIGURATIONS.length).to.equal(5);
  });

  for (const [, title, example = ''] of CONFIGURATIONS) {
    it(`has a configuration that works: ${title}`, async () => {
      const file = join(folder, 'proxy.yaml');
      const settled = places.reduce(
        (all, [place, here]) => all.replaceAll(place as string, here),
        example,
      );
      writeFileSync(file, settled);
      const { status, stderr } = await run('spdyproxy', ['--config', file, '--check']);
      expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
      const proxy = program('spdyproxy', ['--config', file]);
      await proxy.until(/Proxy at .*\n/);
      const [, path] = /unix:(.*)\n/.exec(proxy.log()) ?? [];
      const [, port = ''] = /:(\d+)\/\n/.exec(proxy.log()) ?? [];
      if (settled.includes('proxyProtocol')) {
        const socket =
          path === undefined ? net.connect(Number(port), '127.0.0.1') : net.connect(path);
        socket.write('PROXY TCP4 192.0.2.1 192.0.2.2 1000 443\r\n');
        socket.write('GET /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
        expect(await text(socket)).to.match(/got \/page/);
      } else {
        const options = { agent: false, rejectUnauthorized: false };
        const [response] = await once(
          https.get(`https://127.0.0.1:${port}/page`, options),
          'response',
        );
        expect(await text(response)).to.equal('got /page');
      }
      expect(await proxy.end()).to.equal(0);
    });
  }
});
