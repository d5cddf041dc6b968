import { expect } from 'chai';
import { UsageError } from '../../../../lib/cli/arguments.ts';
import {
  parseSpdycatOptions,
  type SpdycatOptions,
} from '../../../../lib/cli/spdycat/options/options.ts';
import { makeFolder, removeFolder } from '../../support/programs.ts';

const URI = 'https://a.example/x';

function cat(...args: string[]): SpdycatOptions {
  return parseSpdycatOptions([...args, URI]) as SpdycatOptions;
}

function field(name: string, options: SpdycatOptions): string | null {
  return options.headers.find((header) => header[0] === name)?.[1] ?? null;
}

function bytesOf({ body }: SpdycatOptions): string | null {
  return body?.kind === 'bytes' ? body.bytes.toString() : null;
}

describe('command line of spdycat', () => {
  let folder: string;

  before(() => {
    folder = makeFolder({ 'form.txt': 'a=1\r\nb=2\n' });
  });

  after(() => removeFolder(folder));

  it('-d is a text that is posted as a form, with what stands in a file behind @', () => {
    const posted = cat('-d', 'a=1', '--data-raw', '@b', '-d', `@${folder}/form.txt`);
    expect(posted.method).to.equal('POST');
    expect(bytesOf(posted)).to.equal('a=1&@b&a=1b=2');
    expect(field('content-type', posted)).to.equal('application/x-www-form-urlencoded');
    const binary = cat('--data-binary', `@${folder}/form.txt`, '-H', 'content-type: text/plain');
    expect(bytesOf(binary)).to.equal('a=1\r\nb=2\n');
    expect(field('content-type', binary)).to.equal('text/plain');
  });

  it('-G makes the query of it', () => {
    const { groups, method, body } = parseSpdycatOptions([
      ...['-G', '-d', 'q=1', '-d', 'r=2', URI, `${URI}?p=0`],
    ]) as SpdycatOptions;
    expect(groups.flat().map(({ search }) => search)).to.deep.equal(['?q=1&r=2', '?p=0&q=1&r=2']);
    expect([method, body]).to.deep.equal(['GET', null]);
  });

  it('-T is PUT, and gives its name to a folder', () => {
    const file = `${folder}/form.txt`;
    const options = parseSpdycatOptions(['-T', file, 'https://a/b/', URI]) as SpdycatOptions;
    expect(options.method).to.equal('PUT');
    expect(options.body).to.deep.equal({ kind: 'file', name: file });
    expect(options.groups.flat().map(({ pathname }) => pathname)).to.deep.equal([
      '/b/form.txt',
      '/x',
    ]);
  });

  it('-X, -I and :method name the method', () => {
    expect(
      [cat('-X', 'patch'), cat('-I'), cat('-H', ':method: DELETE')].map(({ method }) => method),
    ).to.deep.equal(['PATCH', 'HEAD', 'DELETE']);
    expect(cat('-I').include).to.equal(true);
    expect(cat('-X', 'GET', '-d', 'x')).to.include({ method: 'GET', methodGiven: true });
  });

  it('has short forms for fields', () => {
    const options = cat('-A', 'me/1', '-e', 'https://from/', '-r', '0-9,20-');
    const fields = ['user-agent', 'referer', 'range'].map((name) => field(name, options));
    expect(fields).to.deep.equal(['me/1', 'https://from/', 'bytes=0-9,20-']);
  });

  it('-L follows 50 redirects, or as many as are wanted', () => {
    const most = [
      cat(),
      cat('-L'),
      cat('-L', '--max-redirs', '3'),
      cat('-L', '--max-redirs', '-1'),
    ];
    expect(most.map(({ maxRedirects }) => maxRedirects)).to.deep.equal([0, 50, 3, Infinity]);
  });

  it('knows what goes on, and what is tried again', () => {
    expect(cat('-C', '100').resume).to.equal(100);
    expect(cat('-C', '-', '-O').resume).to.equal('file');
    expect(cat('--retry', '3', '--retry-delay', '0.5').retry).to.deep.equal({
      count: 3,
      delayMs: 500,
    });
    expect(cat('--limit-rate', '1.5k').rate).to.equal(1536);
    expect(cat('-Z').parallel).to.equal(50);
    expect(cat('-Z', '--parallel-max', '2').parallel).to.equal(2);
  });

  it('says what makes no sense', () => {
    for (const [args, message] of [
      [['-d', 'a', '-T', '/dev/null'], /only one of --data, --data-file and --upload-file/],
      [['-G'], /--get needs --data/],
      [['-d', '@/nonexistent'], /--data: ENOENT/],
      [['-X', 'A B'], /--request takes a method, got 'A B'/],
      [['-u', 'name'], /--user takes NAME:PASSWORD/],
      [['-r', 'all'], /--range takes ranges/],
      [['-A', 'a\nb'], /has one line/],
      [['-O', '-o', 'x'], /only one of --output, --remote-name and --null-out/],
      [['-C', '-'], /--continue-at - needs --output or --remote-name/],
      [['-C', '5', '-i'], /--continue-at fits neither --include nor --head/],
      [['-C', '5', '-r', '1-'], /only one of --continue-at and --range/],
      [['-C', 'x'], /--continue-at takes an integer/],
      [['--max-redirs', '-2'], /--max-redirs takes an integer from -1/],
      [['--limit-rate', 'fast'], /--limit-rate takes bytes per second/],
      [['--http1.1', '-3'], /only one of -2, -3, --spdy3-1 and --http1.1/],
      [['--resolve', 'a:b:c'], /--resolve takes HOST:PORT:ADDRESS, got 'a:b:c'/],
      [['--connect-to', 'a:1:b'], /--connect-to takes HOST:PORT:HOST2:PORT2, got 'a:1:b'/],
      [['--unix-socket', ''], /--unix-socket takes a path/],
      [['--unix-socket', 'a', '-p', 'b'], /only one of --proxy and --unix-socket/],
      [['-w', '%{nothing}'], /there is no variable %\{nothing\}/],
    ] as const)
      expect(() => cat(...args), args.join(' ')).to.throw(UsageError, message);
  });

  it('finds the places of servers', () => {
    const { places } = cat(
      ...['--connect-to', 'a.example:443:[::1]:8443', '--connect-to', '::b.example:'],
      ...['--resolve', 'b.example:80:127.0.0.2,127.0.0.3', '--resolve', '*:81:::1'],
    );
    expect(places.locate('a.example', 443)).to.deep.equal({ host: '::1', port: 8443 });
    expect(places.locate('c.example', 80)).to.deep.equal({ host: '127.0.0.2', port: 80 });
    expect(places.locate('c.example', 81)).to.deep.equal({ host: '::1', port: 81 });
    expect(places.locate('c.example', 82)).to.deep.equal({ host: 'b.example', port: 82 });
  });
});
