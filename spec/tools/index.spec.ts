import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { createServer, fetch, SpdyAgent, type SpdyServer } from '../../lib/index.ts';
import { serveFiles } from '../../lib/tools/index.ts';
import { makeFolder, removeFolder } from '../cli/support/programs.ts';

describe('spdylay/tools', () => {
  const long = Buffer.alloc(3 << 20, 'long');
  const middle = Buffer.alloc(300_000, 'middle');
  let folder: string;
  let server: SpdyServer;
  let agent: SpdyAgent;

  before(async () => {
    folder = makeFolder({
      'www/index.html': '<p>home',
      'www/long.txt': long,
      'www/middle.txt': middle,
      'www/style.css': 'body {}',
      'www/style.css.gz': gzipSync('body {}'),
    });
    const push = new Map([['/', ['/style.css', '/long.txt', '/none']]]);
    server = createServer({ tls: false }, serveFiles({ root: join(folder, 'www'), push }));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    agent = new SpdyAgent({ version: 'spdy/3.1' });
  });

  after(async () => {
    agent.destroy();
    server.close();
    await once(server, 'close');
    removeFolder(folder);
  });

  function url(path: string): string {
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  }

  async function bytesOf(path: string, headers: Record<string, string> = {}): Promise<Buffer> {
    return Buffer.from(await (await fetch(url(path), { agent, headers })).arrayBuffer());
  }

  it('serveFiles() serves files over SPDY, from memory and piece by piece', async () => {
    for (let round = 0; round < 3; round++) {
      const [small, half, whole, part] = await Promise.all([
        bytesOf('/style.css'),
        bytesOf('/middle.txt'),
        bytesOf('/long.txt'),
        bytesOf('/long.txt', { range: 'bytes=1048570-2097160' }),
      ]);
      expect(small.toString()).to.equal('body {}');
      expect(half.equals(middle)).to.equal(true);
      expect(whole.equals(long)).to.equal(true);
      expect(part.equals(long.subarray(1048570, 2097161))).to.equal(true);
    }
  });

  it('serveFiles() pushes along with a path, whether it is in memory or not', async () => {
    for (let round = 0; round < 2; round++) {
      const pushes = new Map<string, number>();
      const request = agent.get(url('/'), { headers: { 'accept-encoding': 'gzip' } });
      const ended: Promise<unknown>[] = [];
      request.on('push', ({ url: pushed }, response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        const { pathname } = new URL(pushed);
        ended.push(once(response, 'end').then(() => pushes.set(pathname, bytes)));
      });
      const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
      response.resume();
      await once(response, 'end');
      await Promise.all(ended);
      expect([...pushes]).to.have.deep.members([
        ['/style.css', gzipSync('body {}').length],
        ['/long.txt', long.length],
      ]);
    }
  });
});
