import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadRecordings, type Recording } from '../../corpus/recordings.ts';
import { captureOf, pcap, pcapng } from '../../tools/dump/capture-writer.ts';
import {
  makeFolder,
  type Result,
  type RunOptions,
  removeFolder,
  run,
  spdycat,
  spdyd,
  start,
} from '../support/programs.ts';

function recording(name: string): Recording {
  return loadRecordings().find((one) => one.name === name) as Recording;
}

describe('spdydump', () => {
  const exec = recording('kubectl1.20-exec-exit0');
  const copy = recording('kubectl1.30-cp-down');
  const web = recording('netty-nginx-v3.1-mixed');
  let folder = '';

  before(() => {
    folder = makeFolder({
      'exec.pcap': pcap(captureOf(exec)),
      'copy.pcapng': pcapng(captureOf(copy)),
      'web.pcap': pcap(captureOf(web)),
      'c2s.bin': web.bytes.c2s,
      's2c.bin': web.bytes.s2c,
      'tls.pcap': pcap([
        { from: 'client', sequence: 0, flags: 'S' },
        { from: 'client', sequence: 1, payload: Buffer.from('160301020001000000', 'hex') },
      ]),
      'damaged.pcap': Buffer.concat([pcap(captureOf(exec)), Buffer.alloc(40, 0xff)]),
    });
  });

  after(() => removeFolder(folder));

  function spdydump(args: readonly string[], options: RunOptions = {}): Promise<Result> {
    return run('spdydump', args, { cwd: folder, ...options });
  }

  function jsonOf({ text }: Result): Record<string, unknown>[] {
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('shows the frames of a capture, and where they are wrong', async () => {
    const { text, stderr, status } = await spdydump(['copy.pcapng']);
    expect(text).to.match(
      /^#1 10\.0\.0\.1:40000 > 10\.0\.0\.2:80 spdy\/3\.1, POST \/api.*\(Upgrade: SPDY\/3\.1\)\n/,
    );
    expect(text).to.match(/ {8}! the window of the stream is overrun by 32768 bytes\n/);
    expect(text.match(/^ +\d+ /gm)?.filter((line) => !/!/.test(line))).to.have.length.at.least(
      copy.timeline.length,
    );
    expect([stderr, status]).to.deep.equal(['', 0]);
    const strict = await spdydump(['--strict', '-q', 'copy.pcapng']);
    expect([strict.text, strict.status]).to.deep.equal(['', 2]);
    expect((await spdydump(['--strict', '-q', 'web.pcap'])).status).to.equal(0);
  });

  it('shows those for which a filter is true', async () => {
    const { text } = await spdydump(['-Y', 'type == DATA && stream == 5', 'web.pcap']);
    const wanted = web.timeline.filter(({ type, stream }) => type === 'DATA' && stream === 5);
    expect(text.trimEnd().split('\n')).to.have.length(wanted.length);
    const wrong = await spdydump(['--filter', 'typ == DATA', 'web.pcap']);
    expect(wrong.stderr).to.match(
      /^spdydump: --filter: there is no field 'typ', did you mean type\?\n {2}typ == DATA\n {2}\^\n/,
    );
    expect(wrong.status).to.equal(64);
  });

  it('reads two files with the bytes of each direction, and standard input', async () => {
    const two = jsonOf(await spdydump(['--json', 'c2s.bin', 's2c.bin']));
    expect(two.filter(({ event }) => event === 'frame')).to.have.length(web.timeline.length);
    const piped = await spdydump(['--json', '-'], { input: pcap(captureOf(web)) });
    expect(jsonOf(piped).filter(({ event }) => event === 'frame')).to.have.length(
      web.timeline.length,
    );
    const wrong = await spdydump(['c2s.bin', 'web.pcap']);
    expect(wrong.stderr).to.match(
      /two files are the bytes of each direction: web\.pcap is something else/,
    );
  });

  it('follows a stream', async () => {
    const { text } = await spdydump(['--follow', '3', 'exec.pcap']);
    expect(text).to.equal(
      'C>S SYN_STREAM\nstreamtype: stdout\nS>C SYN_REPLY\nS>C \nhello\n\nS>C FIN\nC>S RST_STREAM status 5\n',
    );
    const other = await spdydump(['--follow', '2:3', 'exec.pcap']);
    expect(other.text).to.equal('');
    expect(other.stderr).to.equal('spdydump: stream 3 of connection 2 is not there\n');
  });

  it('shows details, and figures, as text and as JSON', async () => {
    const { text } = await spdydump(['-V', '-s', 'exec.pcap']);
    expect(text).to.include('          streamtype: stdout\n');
    expect(text).to.match(/\n\n1 connection, 3 streams of clients, 0 of servers, 0\.\d{3} s\n/);
    const figures = jsonOf(await spdydump(['-q', '-s', '--json', 'exec.pcap'])).at(-1);
    expect(figures).to.deep.include({ event: 'statistics', connections: 1, warnings: 0 });
  });

  it('ends after some frames', async () => {
    const { text } = await spdydump(['-c', '2', '-Y', 'type == DATA', '--json', 'web.pcap']);
    expect(text.trimEnd().split('\n')).to.have.length(2);
  });

  it('writes bodies to files', async () => {
    const { stderr } = await spdydump(['-q', '--extract', 'bodies', 'exec.pcap']);
    expect(stderr).to.equal('spdydump: wrote 2 bodies, 40 bytes\n');
    expect(readFileSync(join(folder, 'bodies/1-3-s2c-stdout'), 'utf8')).to.equal('hello\n');
    expect(existsSync(join(folder, 'bodies/1-5-s2c-stderr'))).to.equal(false);
  });

  it('writes a page', async () => {
    const { status } = await spdydump(['-q', '--html', 'page.html', 'exec.pcap']);
    expect(status).to.equal(0);
    const html = readFileSync(join(folder, 'page.html'), 'utf8');
    expect(html).to.include('<title>spdydump exec.pcap</title>').and.include('streamtype');
  });

  it('says that there is no SPDY, and what there is', async () => {
    const { stderr, status } = await spdydump(['tls.pcap']);
    expect(stderr).to.equal(
      'spdydump: no SPDY was found: 2 packets, 1 TCP connection (1 x not SPDY but TLS)\n' +
        'spdydump: TLS cannot be read: record traces, stand in between (--listen), or let tshark decrypt it\n',
    );
    expect(status).to.equal(0);
  });

  it('shows what it can of an input that is damaged, and fails', async () => {
    const { text, stderr, status } = await spdydump(['damaged.pcap']);
    expect(text.split('\n').length).to.be.above(exec.timeline.length);
    expect(stderr).to.equal('spdydump: a packet of 4294967295 bytes: the capture is damaged\n');
    expect(status).to.equal(1);
    expect((await spdydump(['none.pcap'])).stderr).to.match(/^spdydump: ENOENT/);
  });

  it('shows what it has when it is interrupted', async () => {
    const child = start('spdydump', ['-s', '-'], { cwd: folder });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const before = printed.includes(' GOAWAY ');
      printed += chunk;
      if (!before && printed.includes(' GOAWAY ')) child.kill('SIGINT');
    });
    // Standard input stays open.
    child.stdin.write(pcap(captureOf(exec)));
    await once(child, 'close');
    expect(printed).to.match(/^1 connection, 3 streams of clients/m);
    expect(child.exitCode).to.equal(130);
  });

  it('ends quietly when nobody reads on', async () => {
    const child = start('spdydump', ['copy.pcapng', '-V'], { cwd: folder });
    child.stdout.destroy();
    child.stdin.end();
    await once(child, 'close');
    expect(child.exitCode).to.equal(0);
  });

  it('passes connections on, and shows what goes over them while it does', async () => {
    const server = await spdyd(['--spdy3-1', '--no-tls', '-d', folder, '0']);
    const child = start('spdydump', ['-s', '--listen', '0', '--to', `127.0.0.1:${server.port}`], {
      cwd: folder,
    });
    let log = '';
    const port = new Promise<number>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => {
        log += chunk;
        const [, found] = /listening at 127\.0\.0\.1:(\d+), passing on to/.exec(log) ?? [];
        if (found !== undefined) resolve(Number(found));
      });
    });
    let printed = '';
    const shown = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        printed += chunk;
        if (/S>C (?:was reset|ended)/.test(printed)) resolve();
      });
    });
    const url = `http://127.0.0.1:${await port}/c2s.bin`;
    const { stdout } = await spdycat(['--spdy3-1', url]);
    expect(stdout.equals(web.bytes.c2s)).to.equal(true);
    await shown;
    child.kill('SIGINT');
    await once(child, 'close');
    await server.end();
    expect(printed).to.match(
      / C>S SYN_STREAM +1 +\d+ FIN GET http:\/\/127\.0\.0\.1:\d+\/c2s\.bin /,
    );
    expect(printed).to.match(/^1 connection, 1 stream of clients/m);
    expect(child.exitCode).to.equal(130);
  });

  it('has colours where they are demanded', async () => {
    expect((await spdydump(['exec.pcap'])).text).to.not.include('\x1b[');
    expect((await spdydump(['--color', 'exec.pcap'])).text).to.include('\x1b[');
  });

  it('explains itself on one screen', async () => {
    const { text } = await spdydump(['--help']);
    const lines = text.trimEnd().split('\n');
    expect(lines.length).to.be.at.most(24);
    expect(Math.max(...lines.map((line) => line.length))).to.be.at.most(80);
  });

  const misuse: readonly [string, readonly string[], RegExp][] = [
    ['no file', [], /which FILE\?/],
    ['three files', ['a', 'b', 'c'], /at most two files/],
    ['two versions', ['-2', '-3', 'a'], /only one of -2, -3 and --spdy3-1/],
    ['stream 0', ['--follow', '0', 'a'], /--follow takes STREAM or CONNECTION:STREAM, got '0'/],
    ['text as JSON', ['--follow', '1', '--json', 'a'], /--follow shows text/],
    ['no number', ['-c', 'x', 'a'], /--count takes an integer/],
    ['a tap without a server', ['--listen', '1'], /--listen and --to need each other/],
    ['a tap with a file', ['--listen', '1', '--to', 'a:1', 'f'], /--listen takes no files/],
    [
      'a server without a port',
      ['--listen', '1', '--to', 'a'],
      /--to takes HOST:PORT or unix:PATH, got 'a'/,
    ],
    [
      'a port that is none',
      ['--listen', 'a:70000', '--to', 'a:1'],
      /--listen takes \[ADDRESS:\]PORT/,
    ],
    [
      'a key alone',
      ['--listen', '1', '--to', 'a:1', '--key', 'k'],
      /--key and --cert need each other/,
    ],
    ['an address of many colons', ['--listen', '80:81:82', '--to', 'a:1'], /--listen takes/],
    [
      'a key that is none',
      ['--listen', '0', '--to', 'a:1', '--key', 'exec.pcap', '--cert', 'exec.pcap'],
      /--key: there is no private key \(PEM\)/,
    ],
    [
      'certificates that are none',
      ['--listen', '0', '--to', 'a:1', '--cacert', 'exec.pcap'],
      /--cacert: there is no certificate \(PEM\)/,
    ],
    ['a page nowhere', ['--html', 'none/page.html', 'exec.pcap'], /^spdydump: --html: ENOENT/],
    ['bodies in a file', ['--extract', 'exec.pcap', 'exec.pcap'], /^spdydump: --extract: EEXIST/],
    ['an unknown option', ['--frames', 'a'], /Unknown option '--frames'/],
  ];
  for (const [name, args, message] of misuse) {
    it(`refuses ${name}`, async () => {
      const { status, stderr } = await spdydump(args);
      expect(status).to.equal(64);
      expect(stderr).to.match(message);
    });
  }
});
