import { expect } from 'chai';
import { UsageError } from '../../../lib/cli/arguments.ts';
import {
  parseSpdyloadOptions,
  SPDYLOAD_HELP,
  type SpdyloadOptions,
} from '../../../lib/cli/spdyload/options.ts';
import type { LoadOptions } from '../../../lib/tools/load/options.ts';

function parse(...args: string[]): SpdyloadOptions {
  return parseSpdyloadOptions([...args, 'http://a/']) as SpdyloadOptions;
}

describe('command line of spdyload', () => {
  it('has the options of h2load under its letters', () => {
    const args = '-n 9 -c 3 -t 2 -m 4 -r 5 -w 16 -W 17 -T 1 -N 500ms -p spdy/3 --rps 2.5'.split(
      ' ',
    );
    expect(parse(...args).load).to.deep.equal({
      urls: ['http://a/'],
      headers: [],
      tls: {},
      requests: 9,
      clients: 3,
      workers: 2,
      streams: 4,
      connectionRate: 5,
      windowBits: 16,
      sessionWindowBits: 17,
      activeTimeoutMs: 1000,
      inactivityTimeoutMs: 500,
      protocol: 'spdy/3',
      requestRate: 2.5,
    });
  });

  it('reads times with units', () => {
    const { load } = parse('-D', '2m', '--warm-up-time', '1.5s', '--rate-period', '1h');
    expect(load).to.include({ durationMs: 120_000, warmUpMs: 1500, ratePeriodMs: 3_600_000 });
  });

  it('reads pauses: a time, or a range', () => {
    for (const [text, pauses] of [
      ['2', [2000, 2000]],
      ['500ms-1.5s', [500, 1500]],
      ['0-1m', [0, 60_000]],
    ] as const)
      expect(parse('--think', text).load.thinkMs).to.deep.equal(pauses);
    for (const text of ['', '-', '1-', '-1', '2-1', '1-2-3', '1day', '999h'])
      expect(() => parse(`--think=${text}`)).to.throw(/--think takes a time as 10/);
  });

  it('reads how slowly some clients read', () => {
    const slow = (...args: string[]): object => parse('--limit-rate', ...args).load;
    expect(slow('1.5K', '--slow-clients', '2')).to.include({ readRate: 1536, slowClients: 2 });
    for (const [text, rate] of [
      ['20', 20],
      ['1kb', 1024],
      ['2M', 2 << 20],
      ['1g', 1 << 30],
    ] as const)
      expect(slow(text)).to.include({ readRate: rate });
    for (const text of ['', '0', 'K', '1T', '10 K', 'fast'])
      expect(() => slow(text)).to.throw(/--limit-rate takes bytes per second/);
  });

  it('reads headers, names of protocols and options of TLS', () => {
    const { load, json, html } = parse(
      ...['-H', 'A: b', '-H', ':method: PUT', '--alpn-list', 'h2,spdy/2', '-k', '--sni', 'b'],
      ...['--header-compression', 'deflate', '--header-table-size', '0', '--json'],
      ...['--html', 'page.html'],
    );
    expect(load.headers).to.deep.equal([
      ['a', 'b'],
      [':method', 'PUT'],
    ]);
    expect(load).to.deep.include({
      protocols: ['h2', 'spdy/2'],
      tls: { rejectUnauthorized: false, servername: 'b' },
      headerCompression: 'deflate',
      headerTableSize: 0,
    });
    expect(json).to.equal(true);
    expect(html).to.equal('page.html');
    expect(parse('--h1').load.protocol).to.equal('http/1.1');
  });

  it('sends requests to the server of another URI, or to a unix socket', () => {
    const urls = (...args: string[]): LoadOptions['urls'] =>
      (parseSpdyloadOptions(args) as SpdyloadOptions).load.urls;
    expect(urls('-B', 'https://b:8443/x', 'http://a/y?z', '/w', 'v')).to.deep.equal([
      'https://b:8443/y?z',
      'https://b:8443/w',
      'https://b:8443/v',
    ]);
    expect(urls('-B', 'https://b/x')).to.deep.equal(['https://b/x']);
    expect(parse('-B', 'unix:/run/a.sock').load).to.deep.include({
      urls: ['http://a/'],
      socketPath: '/run/a.sock',
    });
    for (const wrong of ['unix:', 'b', 'ftp://b/', '']) {
      expect(() => parse('-B', wrong)).to.throw(
        UsageError,
        `--base-uri takes a URI of http or https, or unix:PATH, got '${wrong}'`,
      );
    }
    expect(() => parse('-B', 'http://b/', 'http://')).to.throw(UsageError, "not a URI: 'http://'");
  });

  it('has help with every option, and a version', () => {
    const names = `requests clients threads max-concurrent-streams requests-per-connection duration warm-up-time rps think limit-rate slow-clients rate rate-period input-file
      base-uri header data har protocol h1 alpn-list window-bits connection-window-bits header-compression header-table-size
      connection-active-timeout connection-inactivity-timeout insecure cacert cert key sni json html help version`;
    for (const name of names.split(/\s+/))
      expect(SPDYLOAD_HELP).to.match(new RegExp(`--${name}\\b`));
    expect(parseSpdyloadOptions(['-h'])).to.equal(SPDYLOAD_HELP);
    expect(parseSpdyloadOptions(['--version'])).to.match(/^spdyload \(spdylay \d/);
  });
});
