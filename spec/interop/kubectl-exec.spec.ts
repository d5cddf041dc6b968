import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { createFakeApiServer, type FakeApiServer } from '../../lib/kubernetes/fake/api-server.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { digest, isEmpty, Kubectl, kubectlVariants, until } from './support/kubectl.ts';
import { requirePeer } from './support/peers.ts';

for (const variant of kubectlVariants()) {
  describe(`exec and attach by ${variant.name}`, () => {
    let fake: FakeApiServer;
    let kubectl: Kubectl;

    before(async function () {
      requirePeer(this, 'kubectl');
      const main = 'while read -r line; do echo "main: $line"; done; echo over >&2; exit 4';
      fake = await createFakeApiServer({
        pods: [
          'p1',
          { name: 'reader', containers: { sh: { command: ['sh', '-c', main] } } },
          {
            name: 'terminal',
            containers: {
              sh: { tty: true, command: ['sh', '-c', 'read -r line; echo "got $line"'] },
            },
          },
        ],
        tls: true,
        token: 'secret',
      }).listen();
      kubectl = await Kubectl.for(variant, fake);
    });

    after(async () => {
      await kubectl?.close();
      await fake?.close();
    });

    afterEach(() => until('nothing is left', () => isEmpty(fake)));

    it('gets the exit codes 0, 3, 126, 127 and 137', async () => {
      const setUp = '[ -e not-executable ] || echo text > not-executable';
      const commands = ['true', 'exit 3', './not-executable', './none', 'kill -9 $$'];
      const results = await Promise.all(
        commands.map((command) =>
          kubectl.run(['exec', 'p1', '--', 'sh', '-c', `${setUp}; ${command}`]),
        ),
      );
      expect(results.map(({ code }) => code)).to.deep.equal([0, 3, 126, 127, 137]);
    });

    for (const [title, bytes] of [
      ['0 bytes', 0],
      ['1 MiB', 1 << 20],
      ['100 MiB', 100 << 20],
    ] as const) {
      it(`sends ${title} through cat and back`, async () => {
        const child = kubectl.start('exec', '-i', 'p1', '--', 'cat');
        const piece = pattern(1 << 20);
        const pieces = Array.from({ length: Math.ceil(bytes / piece.length) }, () => piece);
        Readable.from(pieces).pipe(child.stdin);
        const [seen] = await Promise.all([digest(child.stdout), once(child, 'close')]);
        const expected = await digest(Readable.from(pieces));
        expect(child.exitCode).to.equal(0);
        expect(seen).to.deep.equal(expected);
        expect(seen.bytes).to.equal(bytes);
      });
    }

    // What follows does not depend on what it asks for first.
    if (variant.again) return;

    it('gets 127 and 126 of what is no program as well', async () => {
      const none = await kubectl.run(['exec', 'p1', '--', 'no-such-program']);
      expect(none.code).to.equal(127);
      expect(none.stderr).to.include('no-such-program');
      const { code } = await kubectl.run(['exec', 'p1', '--', '/etc/passwd']);
      expect(code).to.equal(126);
    });

    it('keeps stdout and stderr apart, and hands over arguments as they are', async () => {
      const script = 'printf "%s|" "$@"; echo problem >&2';
      const words = ['two words', "it's", '', '*', 'ü&=%20?'];
      const args = ['exec', 'p1', '--', 'sh', '-c', script, 'sh', ...words];
      const { code, stdout, stderr } = await kubectl.run(args);
      expect([code, stdout.toString(), stderr]).to.deep.equal([
        0,
        words.map((word) => `${word}|`).join(''),
        'problem\n',
      ]);
    });

    it('ends when the command does, though its stdin is open and unread', async () => {
      const child = kubectl.start('exec', '-i', 'p1', '--', 'sh', '-c', 'head -c 3; exit 9');
      child.stdin.write(pattern(1 << 20));
      const [seen] = await Promise.all([digest(child.stdout), once(child, 'close')]);
      expect([child.exitCode, seen.sha256]).to.deep.equal([9, sha256(pattern(3))]);
    });

    it('is told why when there is no such pod or container, and when it has no token', async () => {
      const pod = await kubectl.run(['exec', 'p9', '--', 'true']);
      expect([pod.code, pod.stderr]).to.deep.equal([
        1,
        'Error from server (NotFound): pods "p9" not found\n',
      ]);
      const container = await kubectl.run(['exec', 'p1', '-c', 'c9', '--', 'true']);
      expect(container.code).to.equal(1);
      expect(container.stderr).to.include('container c9 is not valid for pod p1');
      const stranger = await kubectl.run(['exec', 'p1', '--token', 'wrong', '--', 'true']);
      expect(stranger.code).to.equal(1);
      expect(stranger.stderr).to.match(/Unauthorized|logged in/);
    });

    it('shows the size of its terminal to the command, and each change', async () => {
      const script =
        "trap 'stty size' WINCH; stty size; until [ -e quit ]; do sleep 0.1; done; exit 7";
      const size = { cols: 91, rows: 33 };
      const terminal = kubectl.startOnTerminal(size, 'exec', '-it', 'p1', '--', 'sh', '-c', script);
      await terminal.shows('33 91');
      terminal.resize(120, 45);
      await terminal.shows('45 120');
      const quit = path.join(fake.directoryOf('p1'), 'quit');
      writeFileSync(quit, '');
      expect(await terminal.ended).to.equal(7);
      rmSync(quit);
    });

    it('types at a command on a terminal, and shows its last words', async () => {
      const script = 'printf "name? "; read -r name; seq 5000; echo "bye $name"; exit 5';
      const size = { cols: 80, rows: 24 };
      const terminal = kubectl.startOnTerminal(size, 'exec', '-it', 'p1', '--', 'sh', '-c', script);
      await terminal.shows('name? ');
      terminal.type('Ann\r');
      expect(await terminal.ended).to.equal(5);
      expect(terminal.screen).to.include('4999\r\n5000\r\nbye Ann\r\n');
    });

    it('attaches to the main process of a container', async () => {
      const result = await kubectl.run(['attach', '-i', 'reader'], 'one\ntwo\n');
      expect(result.stdout.toString()).to.equal('main: one\nmain: two\n');
      expect(result.stderr).to.include('over\n');
      expect(result.code).to.equal(0);
    });

    it('attaches to a terminal', async () => {
      const terminal = kubectl.startOnTerminal({ cols: 80, rows: 24 }, 'attach', '-it', 'terminal');
      await until('process', () => fake.open.processes === 1);
      terminal.type('hello\r');
      expect(await terminal.ended).to.equal(0);
      expect(terminal.screen).to.include('got hello\r\n');
    });

    it('leaves no process and no connection when it is killed', async () => {
      const script = 'echo $$ > pid; exec sleep 300';
      const child = kubectl.start('exec', '-i', 'p1', '--', 'sh', '-c', script);
      const file = path.join(fake.directoryOf('p1'), 'pid');
      await until('process', () => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
      expect(fake.open).to.include({ sessions: 1, processes: 1 });
      child.kill('SIGKILL');
      await until('nothing is left', () => isEmpty(fake));
      const pid = Number(readFileSync(file, 'utf8'));
      expect(() => process.kill(pid, 0)).to.throw('ESRCH');
    });

    it('leaves nothing when it is killed while much comes its way', async () => {
      const child = kubectl.start('exec', 'p1', '--', 'cat', '/dev/zero');
      await once(child.stdout, 'data');
      child.stdout.pause();
      child.kill('SIGKILL');
      await until('nothing is left', () => isEmpty(fake));
    });
  });
}
