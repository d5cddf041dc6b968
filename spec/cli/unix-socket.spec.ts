import { once } from 'node:events';
import { existsSync, linkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { UsageError } from '../../lib/cli/arguments.ts';
import { clearSocket, showSocketPath, socketPathOf } from '../../lib/cli/unix-socket.ts';
import { makeFolder, removeFolder } from './support/programs.ts';

describe('cli/unix-socket', () => {
  let folder: string;

  before(() => {
    folder = makeFolder({});
  });

  after(() => removeFolder(folder));

  it('is relative to a folder, unless it has no file', () => {
    expect(socketPathOf('a.sock', '/run/x')).to.equal('/run/x/a.sock');
    expect(socketPathOf('/tmp/a.sock', '/run/x')).to.equal('/tmp/a.sock');
    expect(socketPathOf('@name', '/run/x')).to.equal('\0name');
    expect(['/tmp/a', '\0name'].map(showSocketPath)).to.deep.equal(['/tmp/a', '@name']);
  });

  it('has a name, and one that the system takes whole', () => {
    expect(socketPathOf(`/${'x'.repeat(106)}`)).to.have.length(107);
    for (const text of ['', '@', `/${'x'.repeat(107)}`, `/${'\u00fc'.repeat(54)}`]) {
      expect(() => socketPathOf(text), text).to.throw(UsageError, /unix socket/);
    }
  });

  it('is taken away where nobody listens, and nothing else is', async () => {
    const path = join(folder, 'live');
    const server = net.createServer().listen(path);
    await once(server, 'listening');
    // A second name keeps what Node takes away at the end.
    const stale = join(folder, 'stale');
    linkSync(path, stale);
    await clearSocket(path);
    expect(existsSync(path)).to.equal(true);
    await once(server.close(), 'close');
    expect(existsSync(stale)).to.equal(true);
    await clearSocket(stale);
    expect(existsSync(stale)).to.equal(false);
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const other of [file, folder, join(folder, 'none'), '\0none']) await clearSocket(other);
    expect([file, folder].map((it) => existsSync(it))).to.deep.equal([true, true]);
  });
});
