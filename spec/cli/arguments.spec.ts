import { expect } from 'chai';
import {
  numberOption,
  parseArguments,
  readOptionFile,
  SPDY_OPTIONS,
  spdyArguments,
  UsageError,
} from '../../lib/cli/arguments.ts';
import { KUBE_FAKE_HELP, parseKubeFakeOptions } from '../../lib/cli/spdy-kube-fake/options.ts';
import { parseSpdycatOptions, type SpdycatOptions } from '../../lib/cli/spdycat/options/options.ts';
import { parseProxy } from '../../lib/cli/spdycat/options/proxy-option.ts';
import {
  SPDYCAT_HELP,
  SPDYCAT_HELP_ALL,
  SPDYCAT_TABLE,
} from '../../lib/cli/spdycat/options/usage.ts';
import { parseSpdydOptions, SPDYD_HELP, type SpdydOptions } from '../../lib/cli/spdyd/options.ts';
import { SPDYLOAD_HELP } from '../../lib/cli/spdyload/options.ts';
import { SPDYSPEC_HELP } from '../../lib/cli/spdyspec/options.ts';

function cat(...args: string[]): SpdycatOptions {
  return parseSpdycatOptions(args) as SpdycatOptions;
}

function daemon(...args: string[]): SpdydOptions {
  return parseSpdydOptions(args) as SpdydOptions;
}

describe('command lines', () => {
  for (const [name, help] of [
    ['spdycat', SPDYCAT_HELP],
    ['spdyd', SPDYD_HELP],
    ['spdyspec', SPDYSPEC_HELP],
    ['spdy-kube-fake', KUBE_FAKE_HELP],
    ['spdyload', SPDYLOAD_HELP],
  ] as const) {
    it(`the help of ${name} fits a screen of 80 by 24`, () => {
      const lines = help.split('\n').slice(0, -1);
      expect(lines.length).to.be.at.most(23);
      for (const line of lines) expect(line.length, line).to.be.at.most(80);
    });
  }

  it('every option is in the help', () => {
    const options: [string, string][] = [
      [
        SPDYCAT_HELP + SPDYCAT_HELP_ALL,
        ['help-all', 'version', ...Object.keys(SPDYCAT_TABLE)].join(' '),
      ],
      [SPDYCAT_HELP, 'output include head location request data upload-file help-all'],
      [
        SPDYD_HELP,
        `htdocs host push list dotfiles spa compress cors echo delay spdy2 spdy3 spdy3-1 no-tls verify-client max-streams
         window-bits access-log verbose color json version help`,
      ],
      [
        KUBE_FAKE_HELP,
        `pod port host kubeconfig directory main tty tls token delay refuse drop-after verbose version help`,
      ],
    ];
    for (const [help, names] of options) {
      for (const name of names.split(/\s+/)) expect(help).to.match(new RegExp(`--${name}\\b`));
    }
    expect(parseSpdycatOptions(['-h'])).to.equal(SPDYCAT_HELP);
    expect(parseSpdycatOptions(['--help-all'])).to.equal(SPDYCAT_HELP + SPDYCAT_HELP_ALL);
    expect(parseSpdydOptions(['--help'])).to.equal(SPDYD_HELP);
    expect(parseKubeFakeOptions(['-h'])).to.equal(KUBE_FAKE_HELP);
    expect(parseKubeFakeOptions(['--version'])).to.match(/^spdy-kube-fake \(spdylay \d/);
    expect(parseSpdycatOptions(['--version'])).to.match(/^spdycat \(spdylay \d+\.\d+\.\d+\)\n$/);
    expect(parseSpdydOptions(['--version'])).to.match(/^spdyd \(spdylay \d+\.\d+\.\d+\)\n$/);
  });

  it('unknown options and missing values are told in one sentence', () => {
    expect(() => parseArguments({}, ['--nonsense'])).to.throw(UsageError, /^Unknown option/);
    const table = { retry: { type: 'string' } } as const;
    expect(() => parseArguments(table, ['--retyr', '3'])).to.throw(
      UsageError,
      /^Unknown option '--retyr', did you mean --retry\?$/,
    );
    expect(() => parseArguments({}, ['--nonsense'])).to.not.throw(UsageError, /positional/);
    expect(() => cat('--window-bits')).to.throw(UsageError, /argument missing/);
    expect(() => cat('--null-out=yes', 'https://a')).to.throw(UsageError);
  });

  it('numbers are checked', () => {
    const args = (value: string) => parseArguments({ n: { type: 'string' } }, [`--n=${value}`]);
    expect(numberOption(args('7'), 'n', 0, 9)).to.equal(7);
    expect(numberOption(args('0.5'), 'n', 0, 9, false)).to.equal(0.5);
    for (const value of ['', ' ', 'x', '10', '-1', '0.5', 'NaN', '1e9']) {
      expect(() => numberOption(args(value), 'n', 0, 9), value).to.throw(UsageError, /0 to 9/);
    }
  });

  it('at most one version can be chosen', () => {
    const version = (...args: string[]) =>
      spdyArguments(parseArguments(SPDY_OPTIONS, args)).version;
    expect(version()).to.equal(null);
    expect(version('-2')?.name).to.equal('spdy/2');
    expect(version('--spdy3')?.name).to.equal('spdy/3');
    expect(version('--spdy3-1')?.name).to.equal('spdy/3.1');
    expect(() => version('-2', '-3')).to.throw(UsageError, /only one/);
  });

  it('files that cannot be read are wrong usage', () => {
    expect(() => readOptionFile('--key', '/nonexistent')).to.throw(UsageError, /--key: ENOENT/);
    for (const args of [
      ['--data-file', '/nonexistent'],
      ['--data-file', '/tmp'],
      ['--cacert', '/nonexistent'],
      ['--cert', '/nonexistent'],
    ]) {
      expect(() => cat(...args, 'https://a'), args.join(' ')).to.throw(UsageError);
    }
  });

  describe('spdycat', () => {
    it('consecutive URIs of one origin are a group; each is fetched once', () => {
      const { groups } = cat(
        'https://a/1',
        'https://a:443/2#x',
        'https://a/1',
        'https://b/',
        'https://a/1',
      );
      expect(groups.map((group) => group.map(({ href }) => href))).to.deep.equal([
        ['https://a/1', 'https://a/2'],
        ['https://b/'],
        ['https://a/1'],
      ]);
    });

    it('-m multiplies, and keeps what is given twice', () => {
      const { groups } = cat('-m', '2', 'https://a/1', 'https://a/1');
      expect(groups[0]).to.have.lengthOf(4);
    });

    it('what is no URI of http is wrong usage', () => {
      for (const uri of ['nonsense', 'ftp://a/', 'https://']) {
        expect(() => cat(uri), uri).to.throw(UsageError);
      }
      expect(() => cat()).to.throw(UsageError, /URI/);
    });

    it('--no-tls needs a version, and keeps the port of https', () => {
      expect(() => cat('--no-tls', 'http://a/')).to.throw(UsageError, /--spdy3-1/);
      const hrefs = (uri: string) => cat('--no-tls', '-3', uri).groups[0]?.[0]?.href;
      expect(hrefs('https://a/x?y')).to.equal('http://a:443/x?y');
      expect(hrefs('https://[::1]:8443/')).to.equal('http://[::1]:8443/');
      expect(hrefs('http://a/')).to.equal('http://a/');
    });

    it('-H replaces built-in headers, and adds others', () => {
      const { headers, method, path, servername } = cat(
        ...['-H', 'Accept: text/html', '-H', 'X-A: 1', '-H', 'x-a: 2', '-H', ':method: head'],
        ...['-H', ':path: /p', '-H', ':host: c.example:1', 'https://a/'],
      );
      expect(method).to.equal('HEAD');
      expect(path).to.equal('/p');
      expect(servername).to.equal('c.example');
      expect(headers.filter(([name]) => name !== 'user-agent')).to.deep.equal([
        ['host', 'c.example:1'],
        ['accept', 'text/html'],
        ['accept-encoding', 'gzip, deflate, br'],
        ['x-a', '1'],
        ['x-a', '2'],
      ]);
      expect(cat('-H', 'host: 10.0.0.1', 'https://a/').servername).to.equal(null);
      expect(cat('-H', 'host: [::1]:1', 'https://a/').servername).to.equal(null);
    });

    it('headers without a name, a colon or a value are wrong usage', () => {
      for (const header of [
        'x',
        'x:',
        ': y',
        'x y: z',
        ':version: HTTP/1.0',
        ':scheme: x',
        'a: b\nc: d',
      ]) {
        expect(() => cat('-H', header, 'https://a/'), header).to.throw(UsageError);
      }
    });

    it('-w, -t and --max-time', () => {
      const options = cat('--window-bits', '16', '-t', '0.5', '--max-time', '2', 'https://a/');
      expect([options.windowSize, options.timeoutMs, options.maxTimeMs]).to.deep.equal([
        65536, 500, 2000,
      ]);
      expect(() => cat('--window-bits', '31', 'https://a/')).to.throw(UsageError, /0 to 30/);
      expect(() => cat('-t', '0', 'https://a/')).to.throw(UsageError);
      expect(() => cat('--cert', import.meta.filename, 'https://a/')).to.throw(
        UsageError,
        /together/,
      );
    });

    it('-p is a host to connect to, or the URL of a proxy', () => {
      expect(parseProxy(null, null)).to.equal(null);
      expect(parseProxy('p', null)).to.deep.equal({ host: 'p', port: 443 });
      expect(parseProxy('[::1]', 8)).to.deep.equal({ host: '::1', port: 8 });
      expect(parseProxy('http://u:p@q:1', 8)).to.deep.equal({ url: new URL('http://u:p@q:8') });
      for (const wrong of ['socks://p', 'http://']) {
        expect(() => parseProxy(wrong, null), wrong).to.throw(UsageError);
      }
      expect(() => parseProxy(null, 1)).to.throw(UsageError);
    });
  });

  describe('spdyd', () => {
    it('has defaults', () => {
      expect(daemon('0')).to.deep.include({
        ...{ port: 0, host: '127.0.0.1', root: '.', certificates: [], tls: true, version: null },
        ...{ verifyClient: false, listing: false, dotfiles: false, verbose: false, json: false },
        ...{ spa: false, cors: false, compress: false, echo: false, accessLog: null },
        ...{ delayMs: 0, maxStreams: null, windowSize: null },
      });
    });

    it('--push is repeatable', () => {
      expect([...daemon('--push', '/a=/b,/c', '--push=/a=/d', '0').push]).to.deep.equal([
        ['/a', ['/b', '/c', '/d']],
      ]);
      for (const push of ['a=/b', '/a', '/a=', '/a=b', '/a=/b,', '']) {
        expect(() => daemon('--push', push, '0'), push).to.throw(UsageError);
      }
    });

    for (const [args, reason] of [
      ['', /PORT/],
      ['65536', /^PORT is an integer from 0 to 65535, or unix:PATH, got '65536'$/],
      ['1e3', /^PORT is an integer/],
      ['x', /0 to 65535/],
      ['1 2', /CERT/],
      ['1 2 3 4', /CERT/],
      ['1 /nonexistent 3 4 5', /ENOENT/],
      ['--delay=x 1', /0 to 3600000/],
      ['--max-streams 0 1', /1 to/],
      ['--window-bits 31 1', /0 to 30/],
      ['1 /nonexistent /nonexistent', /ENOENT/],
      ['--no-tls 1', /--spdy3-1/],
      ['--no-tls -3 1 2 3', /certificate/],
      ['--no-tls -3 -V 1', /-V/],
      ['-D 1', /service manager/],
    ] as const) {
      it(`'${args}' is wrong usage`, () => {
        const given = args === '' ? [] : args.split(' ');
        expect(() => daemon(...given)).to.throw(UsageError, reason);
      });
    }
  });
});
