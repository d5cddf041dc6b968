import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { answer, type LoadServer, loadServer } from '../../tools/load/load-server.ts';
import { makeFolder, removeFolder, run, start } from '../support/programs.ts';

describe('spdyload', () => {
  let server: LoadServer;
  let plain: LoadServer;
  let folder: string;

  before(async () => {
    server = await loadServer();
    plain = await loadServer(answer, { tls: false });
    const entries = [`${server.origin}/`, `${server.origin}/404`, 'https://elsewhere/'].map(
      (url) => ({ request: { method: 'GET', url, headers: [] } }),
    );
    folder = makeFolder({
      body: 'text',
      urls: `${server.origin}/\n\n${server.origin}/404\n`,
      har: JSON.stringify({ log: { entries } }),
    });
  });

  after(async () => {
    await server.close();
    await plain.close();
    removeFolder(folder);
  });

  it('prints a report, and nothing else', async () => {
    const args = ['-k', '-n', '20', '-c', '2', '-m', '5', '-t', '2', `${server.origin}/`];
    const { status, text, stderr } = await run('spdyload', args);
    expect(stderr).to.equal('');
    expect(status).to.equal(0);
    expect(text).to.match(/^Application protocol: spdy\/3\.1\nTLS: TLSv1\.3 \w+\n\nfinished in /);
    expect(text).to.include('requests: 20 total, 20 started, 20 done, 20 succeeded, 0 failed');
    expect(text).to.include('200B (200) data');
  });

  it('prints JSON, and has a status of 1 when a request has failed', async () => {
    const args = ['-k', '--json', '--h1', '-n', '4', '-i', join(folder, 'urls')];
    const { status, text } = await run('spdyload', args);
    expect(status).to.equal(1);
    const result = JSON.parse(text) as { protocol: string; requests: object; statuses: object };
    expect(result.protocol).to.equal('http/1.1');
    expect(result.requests).to.deep.include({ total: 4, succeeded: 2, failed: 2, errored: 0 });
    expect(result.statuses).to.deep.include({ '2xx': 2, '4xx': 2 });
  });

  it('writes a page beside the report', async () => {
    const page = join(folder, 'page.html');
    const args = ['-k', '-n', '4', '-t', '2', '-c', '2', '--html', page];
    const { status, text } = await run('spdyload', [...args, `${server.origin}/?<b>`]);
    expect(status).to.equal(0);
    expect(text).to.match(/^Application protocol: /);
    const html = readFileSync(page, 'utf8');
    expect(html).to.include(`<title>spdyload ${server.origin}/?&lt;b&gt;</title>`);
    expect(html.match(/<svg/g)).to.have.length(3);
  });

  it('sends the requests of a HAR, to another server where it is told to', async () => {
    const args = ['-k', '--json', '--har', join(folder, 'har')];
    const { status, text, stderr } = await run('spdyload', args);
    expect(stderr).to.equal('spdyload: 1 entries of the HAR go elsewhere: left out\n');
    expect(status).to.equal(1);
    const here = JSON.parse(text) as { requests: object; statuses: object };
    expect(here.requests).to.deep.include({ total: 2, succeeded: 1 });
    expect(here.statuses).to.deep.include({ '2xx': 1, '4xx': 1 });
    const there = await run('spdyload', [...args, `${plain.origin}/`]);
    expect(there.stderr).to.equal('');
    const { tls, requests } = JSON.parse(there.text) as { tls: null; requests: object };
    expect(tls).to.equal(null);
    expect(requests).to.deep.include({ total: 3, succeeded: 2 });
  });

  it('says why nothing comes', async () => {
    const { status, text } = await run('spdyload', [`${server.origin}/`]);
    expect(status).to.equal(1);
    expect(text).to.match(/errors:\n +1 self-signed certificate.*\n$/);
  });

  it('prints what there is when it is interrupted', async () => {
    for (const [signal, expected] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const child = start('spdyload', ['-D', '1h', `${plain.origin}/`]);
      child.stdin.end();
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += String(chunk);
      });
      await once(plain.server, 'request');
      child.kill(signal);
      await once(child, 'close');
      expect(child.exitCode).to.equal(expected);
      expect(text).to.match(/requests: \d+ total, \d+ started, \d+ done, \d+ succeeded, 0 failed/);
    }
  });

  it('says what is wrong with its arguments', async () => {
    const url = `${server.origin}/`;
    for (const [args, message] of [
      [[], /^spdyload: which URI\?\nTry 'spdyload --help'\.\n$/],
      [['-n', '0', url], /--requests takes an integer/],
      [['-n', '1', '-c', '2', url], /2 clients need as many --requests/],
      [['-p', 'spdy/4', url], /^spdyload: --protocol must be of .*, got 'spdy\/4'$/m],
      [['--alpn-list', 'x', url], /--alpn-list must be of/],
      [['-n', '5', '-D', '3', url], /--requests and --duration exclude each other/],
      [['--warm-up-time', '3', url], /--warm-up-time needs --duration/],
      [['--slow-clients', '3', url], /--slow-clients needs --limit-rate/],
      [['--rps', '1', '--think', '3', url], /--think and --rps exclude each other/],
      [['-t', '2', url], /2 threads need as many clients/],
      [['here'], /^spdyload: not an http or https URL: 'here'$/m],
      [[url, 'http://a/'], /^spdyload: URIs must have one scheme, host and port: /],
      [['--html', join(folder, 'none', 'page.html'), url], /^spdyload: --html: ENOENT/],
      [['-D', '1 day', url], /--duration takes a time as 10, 10s, 500ms, 2m or 1h, got '1 day'/],
      [['--header-compression', 'none', url], /takes indexed or deflate/],
      [['-d', join(folder, 'none'), url], /--data: .*ENOENT/],
      [['--har', join(folder, 'none')], /--har: .*ENOENT/],
      [['--har', join(folder, 'body')], /--har: this is no HAR: /],
      [['--har', join(folder, 'har'), 'here'], /not a URI: 'here'/],
      [['--har', join(folder, 'har'), url, url], /--har takes one URI/],
      [['-i', join(folder, 'none')], /--input-file: .*ENOENT/],
    ] as const) {
      const { status, stderr } = await run('spdyload', args);
      expect(stderr).to.match(message);
      expect(status).to.equal(64);
    }
  });
});
