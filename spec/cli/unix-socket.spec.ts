import { once } from 'node:events';
import { existsSync, linkSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { UsageError } from '../../lib/cli/arguments.ts';
import {
  clearSocket,
  showSocketPath,
  socketPathOf,
  withPrivateFiles,
} from '../../lib/cli/unix-socket.ts';
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

  it('stays where another one takes its place while it is asked for', async () => {
    const path = join(folder, 'replaced');
    const former = net.createServer().listen(path);
    const stale = join(folder, 'kept');
    linkSync(path, stale);
    await once(former.close(), 'close');
    const clearing = clearSocket(stale);
    // It was refused already, and does not know that yet.
    unlinkSync(stale);
    const server = net.createServer().listen(stale);
    await clearing;
    expect(existsSync(stale)).to.equal(true);
    await once(server.close(), 'close');
  });

  it('is taken away once where several ask for it', async () => {
    const path = join(folder, 'several');
    const former = net.createServer().listen(path);
    const stale = join(folder, 'stale');
    linkSync(path, stale);
    await once(former.close(), 'close');
    await Promise.all([clearSocket(stale), clearSocket(stale)]);
    expect(existsSync(stale)).to.equal(false);
  });

  it('is of the same user alone from its first moment', async () => {
    const path = join(folder, 'private');
    const former = process.umask(0);
    const server = withPrivateFiles(() => net.createServer().listen(path));
    const mode = statSync(path).mode & 0o777;
    expect(process.umask(former)).to.equal(0);
    expect(mode).to.equal(0o600);
    await once(server.close(), 'close');
  });
});
