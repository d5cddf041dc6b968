import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { copyFromPod } from '../../../lib/kubernetes/copy/from-pod.ts';
import type { CopyProgress } from '../../../lib/kubernetes/copy/options.ts';
import { linkStaysInside, segmentsOf } from '../../../lib/kubernetes/copy/tar/tar-names.ts';
import { copyToPod } from '../../../lib/kubernetes/copy/to-pod.ts';
import { ConnectionLostError, RemoteFailureError } from '../../../lib/kubernetes/errors.ts';
import type { CommandHandler } from '../../../lib/kubernetes/server/command-outcome.ts';
import { runProcess } from '../../../lib/kubernetes/server/run-process.ts';
import { createStreamingServer } from '../../../lib/kubernetes/server/streaming-server.ts';
import { exitStatus } from '../../../lib/kubernetes/wire/status.ts';
import { scriptedServer } from '../../support/scripted-kubernetes.ts';

/** What a test has opened, and its folders: `local` is here, `pod` is the container's working directory. */
let local = '';
let pod = '';
let cluster = { server: '' };
let commands: (readonly string[])[] = [];
const cleanups: (() => unknown)[] = [];

/** An API server whose containers are the folder `pod`, or whatever a handler does. */
async function serve(
  exec: CommandHandler = (command) => runProcess(command, { cwd: pod }),
): Promise<void> {
  const server = http.createServer();
  const streaming = createStreamingServer({
    exec: (command) => {
      commands.push(command.command);
      return exec(command);
    },
  }).attach(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    await streaming.close();
    server.close();
  });
  cluster = { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

type More = Partial<Parameters<typeof copyFromPod>[0]>;

const up = (from: string, to: string, more: More = {}): ReturnType<typeof copyToPod> =>
  copyToPod({ cluster, pod: 'p1', container: 'c1', ...more, from: path.join(local, from), to });

const down = (from: string, to: string, more: More = {}): ReturnType<typeof copyFromPod> =>
  copyFromPod({ cluster, pod: 'p1', container: 'c1', ...more, from, to: path.join(local, to) });

/** Writes a file below a folder. */
function write(folder: string, name: string, content: string | Buffer, mode = 0o644): void {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content, { mode });
}

/** Everything below a folder: names with their content, links with their target. */
function tree(folder: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(path.join(folder, below)).sort()) {
    const key = path.join(below, name);
    const file = path.join(folder, key);
    const status = lstatSync(file);
    if (status.isSymbolicLink()) found[key] = `-> ${readlinkSync(file)}`;
    else found[key] = status.isDirectory() ? 'directory' : readFileSync(file, 'latin1');
    if (status.isDirectory()) Object.assign(found, tree(folder, key));
  }
  return found;
}

async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  return promise.then(
    (value) => expect.fail(`it resolved: ${JSON.stringify(value)}`),
    (error: Error) => error,
  );
}

/** How many files below a folder this process has open. */
function openFiles(folder: string): number {
  const found = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return found.filter((file) => file.startsWith(folder)).length;
}

/** One entry of a hand-made archive. */
function entry(
  name: string,
  type = '0',
  content = '',
  linkname = '',
  size = content.length,
): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(linkname, 157);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padded = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  padded.write(content);
  return Buffer.concat([header, padded]);
}

const END = Buffer.alloc(1024);

/** A pod whose tar writes these pieces. */
async function serveArchive(pieces: readonly Buffer[], exitCode = 0): Promise<void> {
  await serve(({ stdout }) => {
    for (const piece of pieces) stdout?.write(piece);
    return exitCode;
  });
}

describe('cp', () => {
  beforeEach(() => {
    local = mkdtempSync(path.join(os.tmpdir(), 'spdylay-cp-local-'));
    pod = mkdtempSync(path.join(os.tmpdir(), 'spdylay-cp-pod-'));
    commands = [];
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    for (const folder of [local, pod]) rmSync(folder, { recursive: true, force: true });
  });

  /** Names that make trouble in shells, options and archives. */
  const ODD = [
    'with space',
    '-rf',
    '--checkpoint-action=exec=sh',
    '@at',
    'quote"\'`$HOME`',
    'new\nline',
    'Grüße 日本',
    '*',
    '{a,b}',
    ' ',
    '.hidden',
    'x'.repeat(200),
  ];

  /** A tree with something of everything. */
  const plant = (folder: string): void => {
    write(folder, 'a.txt', 'text');
    write(folder, 'empty', '');
    write(folder, 'run.sh', '#!/bin/sh', 0o755);
    write(folder, 'deep/er/and/deeper/file', 'deep');
    mkdirSync(path.join(folder, 'nothing here'));
    for (const name of ODD) write(folder, name, name);
    symlinkSync('a.txt', path.join(folder, 'link'));
    symlinkSync('../a.txt', path.join(folder, 'deep/up'));
  };

  describe('to a pod', () => {
    it('copies a file to a new name, and into an existing directory', async () => {
      await serve();
      write(local, 'one.txt', 'content', 0o640);
      const result = await up('one.txt', 'two.txt');
      expect(readFileSync(path.join(pod, 'two.txt'), 'utf8')).to.equal('content');
      expect(result.files).to.equal(1);
      mkdirSync(path.join(pod, 'there'));
      await up('one.txt', 'there');
      await up('one.txt', path.join(pod, 'there/'));
      await up('one.txt', path.join(pod, 'there/other'));
      await up('one.txt', 'new/');
      await up('one.txt', '.');
      expect(tree(pod)).to.deep.equal({
        new: 'directory',
        'new/one.txt': 'content',
        'one.txt': 'content',
        there: 'directory',
        'there/one.txt': 'content',
        'there/other': 'content',
        'two.txt': 'content',
      });
      expect(commands[0]).to.deep.equal(['test', '-d', './two.txt']);
      expect(commands[1]).to.deep.equal(['tar', '-xmf', '-', '-C', '.']);
      expect(commands.at(-1)).to.deep.equal(['tar', '-xmf', '-', '-C', '.']);
    });

    it('copies a directory as it is, to a new name and into an existing one', async () => {
      await serve();
      plant(path.join(local, 'src'));
      await up('src', 'dst');
      expect(tree(path.join(pod, 'dst'))).to.deep.equal(tree(path.join(local, 'src')));
      expect(statSync(path.join(pod, 'dst/run.sh')).mode & 0o777).to.equal(0o755);
      await up('src/', 'dst');
      expect(tree(path.join(pod, 'dst/src'))).to.deep.equal(tree(path.join(local, 'src')));
    });

    it('takes any name', async () => {
      await serve();
      await Promise.all(
        ODD.map(async (name) => {
          write(local, name, name);
          await up(name, `-new ${name}`);
          expect(readFileSync(path.join(pod, `-new ${name}`), 'utf8')).to.equal(name);
        }),
      );
      mkdirSync(path.join(pod, '-d'));
      await up(ODD[1] as string, '-d');
      expect(tree(path.join(pod, '-d'))).to.deep.equal({ '-rf': '-rf' });
    });

    it('follows a link that it is given, and keeps those below as links, hard ones too', async () => {
      await serve();
      write(local, 'dir/f', 'x');
      linkSync(path.join(local, 'dir/f'), path.join(local, 'dir/g'));
      symlinkSync('/nowhere', path.join(local, 'dir/l'));
      symlinkSync('dir', path.join(local, 'way'));
      await up('way', 'out');
      expect(tree(path.join(pod, 'out'))).to.deep.equal({ f: 'x', g: 'x', l: '-> /nowhere' });
      expect(statSync(path.join(pod, 'out/f')).nlink).to.equal(2);
    });

    it('keeps the time of change if that is wanted', async () => {
      await serve();
      write(local, 'f', 'x');
      utimesSync(path.join(local, 'f'), 1e9, 1e9);
      await up('f', 'kept', { preserveMtime: true });
      expect(statSync(path.join(pod, 'kept')).mtimeMs).to.equal(1e12);
      await up('f', 'new');
      expect(statSync(path.join(pod, 'new')).mtimeMs).to.be.above(1e12);
    });

    it('tells of its progress, and leaves out what is no file', async () => {
      await serve();
      const socket = net.createServer().listen(path.join(local, 's'));
      await once(socket, 'listening');
      write(local, 'd/f', Buffer.alloc(300_000));
      write(local, 'd/g', '');
      socket.close();
      const other = net.createServer().listen(path.join(local, 'd/socket'));
      await once(other, 'listening');
      const told: CopyProgress[] = [];
      const result = await up('d', 'd', { onProgress: (progress) => told.push(progress) });
      other.close();
      expect(result.files).to.equal(2);
      expect(result.skipped.map(({ path: name }) => name)).to.deep.equal(['d/socket']);
      const last = told.at(-1) as CopyProgress;
      expect(last.files).to.equal(2);
      expect(last.bytes).to.equal(result.bytes).and.be.above(300_000);
      for (const [i, { bytes }] of told.entries())
        expect(bytes).to.be.at.least(told[i - 1]?.bytes ?? 0);
      expect(tree(path.join(pod, 'd'))).to.have.keys('f', 'g');
    });

    it('fails with the words of tar', async () => {
      await serve();
      write(local, 'f', Buffer.alloc(1 << 20));
      const error = await rejection(up('f', 'no/such/dir/f'));
      expect(error).to.be.instanceOf(RemoteFailureError);
      expect(error.message).to.match(/tar failed with exit code \d+: .*no\/such\/dir/);
    });

    it('fails when tar reads only a part and calls that success', async () => {
      await serve(({ command }) => (command[0] === 'test' ? 1 : 0));
      write(local, 'f', Buffer.alloc(4 << 20));
      expect(await rejection(up('f', 'f'))).to.be.instanceOf(RemoteFailureError);
    });

    it('fails when tar ends well before the only piece of a small archive has left', async () => {
      // Input has to wait for the server to accept all streams, which it never does.
      const server = await scriptedServer(async (connection) => {
        const [error, stdout, stderr] = await Promise.all(
          ['error', 'stdout', 'stderr'].map((type) => connection.accept(type)),
        );
        const code = connection.request.url?.includes('command=test') ? 1 : 0;
        stdout?.end();
        stderr?.end();
        error?.end(JSON.stringify(exitStatus(code)));
      });
      cleanups.push(() => server.close());
      cluster = { server: server.url };
      write(local, 'f', 'small');
      expect((await rejection(up('f', 'f'))).message).to.match(/without reading the whole/);
    });

    it('closes its files however early it ends', async () => {
      await serve();
      for (let i = 0; i < 8; i++) write(local, `d/${i}`, Buffer.alloc(1_000_000));
      symlinkSync('0', path.join(local, 'd/link'));
      const ends: More[] = [
        {
          onProgress: () => {
            throw new Error('enough');
          },
        },
        {
          onProgress: ({ path: name }) => {
            if (name.endsWith('link')) throw new Error('enough');
          },
        },
        {
          onProgress: ({ bytes }) => {
            if (bytes > 2_000_000) throw new Error('enough');
          },
        },
      ];
      for (const more of ends)
        expect((await rejection(up('d', 'd', more))).message).to.equal('enough');
      if (!existsSync('/proc/self/fd')) return;
      while (openFiles(local) > 0) await new Promise((done) => setImmediate(done));
    });

    it('fails with a local error, before anything is sent', async () => {
      await serve();
      expect(await rejection(up('missing', 'x'))).to.include({ code: 'ENOENT' });
      expect(
        await rejection(copyToPod({ cluster, pod: 'p', from: '/dev/null', to: 'x' })),
      ).to.include({
        code: 'ERR_SPDY_INVALID_ARGUMENT',
      });
      expect(commands).to.deep.equal([]);
    });
  });

  describe('from a pod', () => {
    it('copies a file to a new name, and into an existing directory', async () => {
      await serve();
      write(pod, 'dir/one.txt', 'content', 0o750);
      const result = await down('dir/one.txt', 'a/b/two.txt');
      expect(result).to.include({ files: 1 });
      expect(statSync(path.join(local, 'a/b/two.txt')).mode & 0o777).to.equal(0o750);
      await down(path.join(pod, 'dir/one.txt'), 'a');
      await down('dir/one.txt', 'new/');
      await down('dir/one.txt', 'a');
      expect(tree(local)).to.deep.equal({
        a: 'directory',
        'a/b': 'directory',
        'a/b/two.txt': 'content',
        'a/one.txt': 'content',
        new: 'directory',
        'new/one.txt': 'content',
      });
      expect(commands[0]).to.deep.equal(['tar', 'cf', '-', '-C', './dir', './one.txt']);
    });

    it('copies a directory as it is; an existing one gets what it has not', async () => {
      await serve();
      plant(path.join(pod, 'src'));
      await down('src', 'dst');
      expect(tree(path.join(local, 'dst'))).to.deep.equal(tree(path.join(pod, 'src')));
      write(local, 'dst/mine', 'mine');
      write(local, 'dst/a.txt', 'older');
      rmSync(path.join(local, 'dst/link'));
      write(local, 'dst/link', 'was a file');
      await down('src/', 'dst');
      expect(tree(path.join(local, 'dst'))).to.deep.equal({
        ...tree(path.join(pod, 'src')),
        mine: 'mine',
      });
      await down('.', 'all');
      expect(tree(path.join(local, 'all'))).to.deep.equal(tree(pod));
    });

    it('takes any name', async () => {
      await serve();
      await Promise.all(
        ODD.map(async (name) => {
          write(pod, name, name);
          await down(name, `got ${name}`);
          expect(readFileSync(path.join(local, `got ${name}`), 'utf8')).to.equal(name);
          write(pod, `-d${name}/f`, name);
          await down(`-d${name}`, `dir ${name}`);
          expect(readFileSync(path.join(local, `dir ${name}`, 'f'), 'utf8')).to.equal(name);
        }),
      );
    });

    it('follows a link with a slash at its end, and says so without', async () => {
      await serve();
      write(pod, 'dir/f', 'x');
      symlinkSync('dir', path.join(pod, 'way'));
      await down('way/', 'out');
      expect(tree(path.join(local, 'out'))).to.deep.equal({ f: 'x' });
      expect((await rejection(down('way', 'not'))).message).to.match(
        /way is a link to a directory: with a slash/,
      );
    });

    it('makes hard links, and skips links that lead outside and what is no file', async () => {
      await serve();
      write(pod, 'd/f', 'x');
      linkSync(path.join(pod, 'd/f'), path.join(pod, 'd/g'));
      symlinkSync('/etc/passwd', path.join(pod, 'd/absolute'));
      symlinkSync('../outside', path.join(pod, 'd/out'));
      execFileSync('mkfifo', [path.join(pod, 'd/fifo')]);
      const { skipped } = await down('d', 'd');
      expect(tree(path.join(local, 'd'))).to.deep.equal({ f: 'x', g: 'x' });
      expect(statSync(path.join(local, 'd/f')).nlink).to.equal(2);
      expect(skipped.map(({ path: name }) => path.basename(name)).sort()).to.deep.equal([
        'absolute',
        'fifo',
        'out',
      ]);
    });

    it('keeps the time of change if that is wanted, of directories too', async () => {
      await serve();
      write(pod, 'd/f', 'x');
      for (const name of ['d/f', 'd']) utimesSync(path.join(pod, name), 1e9, 1e9);
      await down('d', 'kept', { preserveMtime: true });
      for (const name of ['kept/f', 'kept'])
        expect(statSync(path.join(local, name)).mtimeMs).to.equal(1e12);
      await down('d', 'new');
      expect(statSync(path.join(local, 'new/f')).mtimeMs).to.be.above(1e12);
    });

    it('streams large files, and tells of its progress', async () => {
      await serve();
      const content = Buffer.alloc(12 << 20, 'content ');
      write(pod, 'large', content);
      let most = 0;
      const result = await down('large', 'large', {
        onProgress: ({ bytes }) => {
          most = bytes;
        },
      });
      expect(readFileSync(path.join(local, 'large')).equals(content)).to.equal(true);
      expect(most).to.equal(result.bytes).and.be.above(content.length);
    });

    it('takes an archive in pieces of any size', async () => {
      const archive = Buffer.concat([
        entry('d/', '5'),
        entry('d/one', '0', 'x'.repeat(1000)),
        entry('d/empty'),
        entry('d/two', '0', 'y'.repeat(513)),
        END,
      ]);
      for (const size of [1, 100, 511, 513, 1030]) {
        await serve(async ({ stdout }) => {
          for (let at = 0; at < archive.length; at += size) {
            stdout?.write(archive.subarray(at, at + size));
            await new Promise((next) => setImmediate(next));
          }
        });
        await down('d', `d${size}`);
        expect(tree(path.join(local, `d${size}`)), `${size}`).to.deep.equal({
          one: 'x'.repeat(1000),
          empty: '',
          two: 'y'.repeat(513),
        });
      }
    });

    it('fails with the words of tar, keeps what is complete', async () => {
      await serve();
      const error = await rejection(down('missing', 'x'));
      expect(error).to.be.instanceOf(RemoteFailureError);
      expect(error.message).to.match(/tar failed with exit code \d+: .*missing/);
      expect(tree(local)).to.deep.equal({});
    });

    it('does not replace what is of another kind', async () => {
      await serve();
      write(pod, 'd/x', 'file');
      mkdirSync(path.join(local, 'd/x'), { recursive: true });
      expect(await rejection(down('d', 'd'))).to.include({ code: 'EEXIST' });
      write(local, 'file', 'mine');
      expect(await rejection(down('d', 'file'))).to.include({ code: 'EEXIST' });
      expect(readFileSync(path.join(local, 'file'), 'utf8')).to.equal('mine');
    });
  });

  describe('trusts no archive:', () => {
    /** Hostile entries behind the directory `d`, of which nothing may come to be outside of it. */
    const attacks: [string, Buffer[], RegExp][] = [
      ['an absolute name', [entry('/tmp/spdylay-evil', '0', 'x')], /leads outside/],
      ['a name with ..', [entry('d/../../evil', '0', 'x')], /leads outside/],
      ['a name that was not asked for', [entry('evil', '0', 'x')], /leads outside/],
      [
        'a file behind a link',
        [entry('d/l', '2', '', 'sub'), entry('d/l/evil', '0', 'x')],
        /leads outside/,
      ],
      ['a hard link to a file outside', [entry('d/l', '1', '', '/etc/passwd')], /leads outside/],
      ['a hard link with ..', [entry('d/l', '1', '', 'd/../../secret')], /leads outside/],
      [
        'a hard link to a link',
        [entry('d/l', '2', '', 'x'), entry('d/h', '1', '', 'd/l')],
        /leads outside/,
      ],
      ['a wrong checksum', [entry('d/x').fill('y', 0, 1)], /no proper archive/],
      ['no archive at all', [Buffer.alloc(2048, 'x')], /no proper archive/],
      ['a compressed archive', [gzipSync(entry('d/', '5'))], /it is compressed/],
    ];

    for (const [what, entries, message] of attacks) {
      it(`${what} ends the copy`, async () => {
        const archive = /at all|compressed/.test(what)
          ? entries
          : [entry('d/', '5'), ...entries, END];
        await serveArchive(archive);
        mkdirSync(path.join(local, 'in'));
        write(local, 'secret', 'mine');
        const error = await rejection(down('d', 'in/d'));
        expect(error).to.include({ code: 'ERR_SPDY_PROTOCOL', by: 'peer' });
        expect(error.message).to.match(message);
        expect(readdirSync(local).sort()).to.deep.equal(['in', 'secret']);
        expect(existsSync('/tmp/spdylay-evil')).to.equal(false);
        for (const name of Object.keys(tree(path.join(local, 'in'))))
          expect(name).not.to.match(/evil/);
      });
    }

    it('links are made only where they surely stay inside', async () => {
      await serveArchive([
        entry('d/', '5'),
        entry('d/self', '2', '', '.'),
        entry('d/maze', '2', '', 'self/self/../..'),
        entry('d/up', '2', '', '..'),
        entry('d/sub/', '5'),
        entry('d/sub/up', '2', '', '../self'),
        entry('d/dev', '3'),
        END,
      ]);
      const { skipped } = await down('d', 'd');
      expect(skipped.map(({ path: name }) => name)).to.deep.equal(['d/maze', 'd/up', 'd/dev']);
      expect(tree(path.join(local, 'd'))).to.deep.equal({
        self: '-> .',
        sub: 'directory',
        'sub/up': '-> ../self',
      });
    });

    it('does not follow links that were there before', async () => {
      await serveArchive([
        entry('d/', '5'),
        entry('d/file', '0', 'new'),
        entry('d/way/', '5'),
        entry('d/way/evil', '0', 'x'),
        END,
      ]);
      mkdirSync(path.join(local, 'd'));
      mkdirSync(path.join(local, 'outside'));
      write(local, 'secret', 'mine');
      symlinkSync('../secret', path.join(local, 'd/file'));
      symlinkSync('../outside', path.join(local, 'd/way'));
      expect(await rejection(down('d', 'd'))).to.include({ code: 'ERR_SPDY_PROTOCOL' });
      expect(readFileSync(path.join(local, 'secret'), 'utf8')).to.equal('mine');
      expect(readFileSync(path.join(local, 'd/file'), 'utf8')).to.equal('new');
      expect(readdirSync(path.join(local, 'outside'))).to.deep.equal([]);
    });

    it('bits for other users than the owner are kept, those for becoming one are not', async () => {
      const archive = entry('f', '0', 'x');
      archive.write('0006755\0', 100);
      archive.write('        ', 148);
      const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
      archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
      await serveArchive([archive, END]);
      await down('f', 'f');
      expect(statSync(path.join(local, 'f')).mode & 0o7777).to.equal(0o755);
    });

    it('it may not be larger, nor have more entries, than allowed', async () => {
      await serveArchive([entry('d/', '5'), entry('d/f', '0', 'x'.repeat(5000)), END]);
      for (const limit of [{ maxBytes: 4000 }, { maxEntries: 1 }]) {
        expect(await rejection(down('d', 'd', limit))).to.include({
          code: 'ERR_SPDY_TOO_MUCH_BUFFERED',
        });
        expect(tree(path.join(local))).not.to.have.property('d/f');
      }
      await down('d', 'd', { maxBytes: 8000, maxEntries: 2 });
    });
  });

  describe('takes no part for the whole:', () => {
    const whole = Buffer.concat([
      entry('d/', '5'),
      entry('d/first', '0', 'complete'),
      entry('d/second', '0', 'x'.repeat(3000)),
    ]);

    it('an archive that is cut off, although tar says that all is well', async () => {
      for (const length of [
        0,
        512,
        700,
        1536,
        2048,
        2049,
        4000,
        whole.length - 512,
        whole.length,
      ]) {
        rmSync(path.join(local, 'd'), { recursive: true, force: true });
        await serveArchive([whole.subarray(0, length)]);
        const error = await rejection(down('d', 'd'));
        expect(error, `${length} bytes`).to.be.instanceOf(ConnectionLostError);
        const names = existsSync(path.join(local, 'd')) ? readdirSync(path.join(local, 'd')) : [];
        expect(
          names.filter((name) => name.endsWith('.part')),
          `${length} bytes`,
        ).to.deep.equal([]);
        if (length < whole.length) expect(names).not.to.include('second');
        if (names.includes('first'))
          expect(readFileSync(path.join(local, 'd/first'), 'utf8')).to.equal('complete');
      }
    });

    it('nor an empty one', async () => {
      await serveArchive([END]);
      expect((await rejection(down('d', 'd'))).message).to.match(/is empty/);
    });

    it('a connection that is lost', async () => {
      await serve(
        (command) =>
          new Promise<number>(() => {
            command.stdout?.write(whole.subarray(0, 3000), () => command.request.socket.destroy());
          }),
      );
      expect(await rejection(down('d', 'd'))).to.be.instanceOf(ConnectionLostError);
      expect(tree(path.join(local, 'd'))).to.deep.equal({ first: 'complete' });
      write(local, 'f', Buffer.alloc(1 << 20));
      await serve((command) => {
        if (command.command[0] === 'test') return 1;
        command.stdin?.once('data', () => command.request.socket.destroy());
        return new Promise<number>(() => {});
      });
      expect(await rejection(up('f', 'f'))).to.be.instanceOf(ConnectionLostError);
    });

    it('a copy that is aborted', async () => {
      const abort = new AbortController();
      await serve((command) => {
        command.stdout?.write(whole.subarray(0, 3000));
        return new Promise<number>((done) =>
          command.signal.addEventListener('abort', () => done(0)),
        );
      });
      const { signal } = abort;
      const onProgress = ({ files }: CopyProgress): void => {
        if (files === 2) abort.abort();
      };
      expect(await rejection(down('d', 'd', { signal, onProgress }))).to.include({
        code: 'ERR_SPDY_ABORTED',
      });
      expect(tree(path.join(local, 'd'))).to.deep.equal({ first: 'complete' });
      const failing = (): void => {
        throw new Error('of the listener');
      };
      expect((await rejection(down('d', 'd', { onProgress: failing }))).message).to.equal(
        'of the listener',
      );
    });
  });

  it('says that a container has no tar', async () => {
    write(local, 'f', 'x');
    const ways: CommandHandler[] = [
      ({ stderr }) => {
        stderr?.write('sh: tar: not found');
        return 127;
      },
      () => {
        throw new Error('exec: "tar": executable file not found in $PATH: unknown');
      },
    ];
    for (const way of ways) {
      await serve(way);
      for (const copy of [up, down]) {
        const error = await rejection(copy('f', 'g'));
        expect(error).to.be.instanceOf(RemoteFailureError);
        expect(error.message).to.match(/the container has no tar.*not found/);
      }
    }
  });

  it('checks its options', async () => {
    const good = { cluster: { server: 'http://127.0.0.1:1' }, pod: 'p', from: 'a', to: 'b' };
    for (const bad of [
      { from: '' },
      { to: '' },
      { to: 'a\0b' },
      { from: '../a' },
      { from: 'a/../b' },
      { onProgress: 1 },
      { preserveMtime: 1 },
      { maxBytes: 0 },
      { maxEntries: 1.5 },
    ])
      expect(
        await rejection(copyFromPod({ ...good, ...bad } as never)),
        JSON.stringify(bad),
      ).to.include({ code: 'ERR_SPDY_INVALID_ARGUMENT' });
    expect(await rejection(copyToPod({ ...good, to: 'a/..' }))).to.include({
      code: 'ERR_SPDY_INVALID_ARGUMENT',
    });
  });

  it('knows names and links by their text', () => {
    expect(segmentsOf('./d//x/.', 'd')).to.deep.equal(['x']);
    expect(segmentsOf('./x', '')).to.deep.equal(['x']);
    for (const bad of ['/d/x', 'd/../x', '..', 'dd/x', 'd/a\0b'])
      expect(segmentsOf(bad, 'd'), bad).to.equal(null);
    for (const [target, depth] of [
      ['a', 0],
      ['../a', 1],
      ['./.././b/c', 1],
      ['..', 1],
    ] as const)
      expect(linkStaysInside(target, depth), target).to.equal(true);
    for (const [target, depth] of [
      ['', 3],
      ['/a', 3],
      ['..', 0],
      ['../..', 1],
      ['a/..', 3],
      ['../a/../b', 3],
    ] as const)
      expect(linkStaysInside(target, depth), target).to.equal(false);
  });
});
