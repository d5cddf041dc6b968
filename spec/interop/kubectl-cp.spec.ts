import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createFakeApiServer, type FakeApiServer } from '../../lib/kubernetes/fake/api-server.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { isEmpty, Kubectl, kubectlVariants, until } from './support/kubectl.ts';
import { requirePeer } from './support/peers.ts';

/** Names that shells, tar and URLs may stumble over. */
const FILES: Readonly<Record<string, Buffer>> = {
  'plain.txt': Buffer.from('plain\n'),
  'two words.txt': Buffer.from('words'),
  'it\'s "quoted".txt': Buffer.from('quotes'),
  '-leading-dash': Buffer.from('dash'),
  'grüße-日本.txt': Buffer.from('unicode'),
  'a&b=c%20?d+e': Buffer.from('query'),
  'line\nbreak': Buffer.from('newline'),
  '$HOME;ls *': Buffer.from('shell'),
  empty: Buffer.alloc(0),
  '.hidden/deep/er/file': Buffer.from('deep'),
  'big.bin': pattern(5_000_001),
};

for (const variant of kubectlVariants().filter(({ again }) => !again)) {
  describe(`cp by ${variant.name}`, () => {
    let fake: FakeApiServer;
    let kubectl: Kubectl;

    before(async function () {
      requirePeer(this, 'kubectl');
      fake = await createFakeApiServer({ pods: ['p1'], tls: true, token: 'secret' }).listen();
      kubectl = await Kubectl.for(variant, fake);
      for (const [name, content] of Object.entries(FILES)) {
        const file = path.join(kubectl.home, 'tree', name);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, content);
      }
      mkdirSync(path.join(kubectl.home, 'tree/empty folder'));
      chmodSync(path.join(kubectl.home, 'tree/plain.txt'), 0o750);
    });

    after(async () => {
      await kubectl?.close();
      await fake?.close();
    });

    it('takes a tree with odd names there and back', async () => {
      const there = await kubectl.run(['cp', 'tree', 'p1:copy']);
      expect([there.code, there.stderr]).to.deep.equal([0, '']);
      const original = contents(path.join(kubectl.home, 'tree'));
      const remote = path.join(fake.directoryOf('p1'), 'copy');
      expect(contents(remote)).to.deep.equal(original);
      expect(statSync(path.join(remote, 'plain.txt')).mode & 0o777).to.equal(0o750);
      const back = await kubectl.run(['cp', 'p1:copy', 'back']);
      expect(back.code, back.stderr).to.equal(0);
      expect(contents(path.join(kubectl.home, 'back'))).to.deep.equal(original);
      await until('nothing is left', () => isEmpty(fake));
    });

    it('ends when there is no such file, and makes none', async () => {
      // What tar says on stderr may or may not be shown: it does not wait for that.
      await kubectl.run(['cp', 'p1:none', 'none']);
      expect(existsSync(path.join(kubectl.home, 'none'))).to.equal(false);
      await until('nothing is left', () => isEmpty(fake));
    });
  });
}

/** Paths of files and folders with what is in them. */
function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names.map((name) => {
      const file = path.join(folder, name);
      if (statSync(file).isDirectory()) return [name, 'folder'];
      return [name, sha256(readFileSync(file))];
    }),
  );
}
