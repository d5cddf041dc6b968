import { expect } from 'chai';
import { newRecord, type RequestRecord } from '../../../../lib/cli/spdycat/output/statistics.ts';
import { WriteOut } from '../../../../lib/cli/spdycat/output/write-out.ts';
import { makeFolder, removeFolder } from '../../support/programs.ts';

function record(): RequestRecord {
  const made = newRecord('https://a/b', 'GET', 1000);
  return Object.assign(made, {
    effectiveUrl: 'http://c/d',
    protocol: 'spdy/3.1',
    status: 200,
    headers: { 'content-type': 'text/plain', 'set-cookie': ['a', 'b'] },
    bytes: 3000,
    redirects: 1,
    retries: 2,
    remote: { address: '127.0.0.1', port: 443 },
    times: { begun: 1000, handshake: 1100, sent: 1200, reply: 1300, completed: 1500 },
  });
}

const text = (format: string, of = record()): string =>
  new WriteOut(format)
    .render(of)
    .map((part) => part.text)
    .join('');

describe('--write-out', () => {
  it('has the variables of curl', () => {
    expect(text('%{http_code} %{response_code} %{status_text} %{method}')).to.equal(
      '200 200 OK GET',
    );
    expect(text('%{url} %{url_effective} %{scheme}')).to.equal('https://a/b http://c/d http');
    expect(text('%{protocol} %{http_version} %{content_type}')).to.equal('spdy/3.1 3.1 text/plain');
    expect(text('%{time_connect} %{time_pretransfer}')).to.equal('0.100000 0.200000');
    expect(text('%{time_starttransfer} %{time_total}')).to.equal('0.300000 0.500000');
    expect(text('%{size_download} %{speed_download}')).to.equal('3000 6000');
    expect(text('%{num_redirects} %{num_retries} %{exitcode}')).to.equal('1 2 0');
    expect(text('%{remote_ip} %{remote_port}')).to.equal('127.0.0.1 443');
    expect(text('%header{Set-Cookie}|%header{none}')).to.equal('a, b|');
    expect(JSON.parse(text('%{json}'))).to.include({ url: 'https://a/b', status: 200 });
    expect(JSON.parse(text('%{header_json}'))).to.have.keys('content-type', 'set-cookie');
  });

  it('has values for what has failed', () => {
    const failed = newRecord('https://a/b', 'GET', 0);
    failed.error = new Error('no');
    const format = '%{http_code} %{exitcode} %{errormsg} %{time_total} %{remote_ip}%{http_version}';
    expect(text(format, failed)).to.equal('000 1 no 0.000000 0');
  });

  it('knows escapes, and leaves alone what is none', () => {
    expect(text('a\\tb\\n%%\\\\100%\\x')).to.equal('a\tb\n%\\100%\\x');
  });

  it('goes to either stream, and may stand in a file', () => {
    const folder = makeFolder({ format: 'x%{stderr}y%{stderr}z%{stdout}%{http_code}' });
    try {
      expect(new WriteOut(`@${folder}/format`).render(record())).to.deep.equal([
        { target: 'stdout', text: 'x' },
        { target: 'stderr', text: 'yz' },
        { target: 'stdout', text: '200' },
      ]);
      expect(() => new WriteOut(`@${folder}/none`)).to.throw('--write-out: ENOENT');
    } finally {
      removeFolder(folder);
    }
  });
});
