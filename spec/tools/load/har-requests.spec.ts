import { expect } from 'chai';
import { harRequests } from '../../../lib/tools/load/har-requests.ts';

function har(...requests: readonly unknown[]): string {
  return JSON.stringify({ log: { entries: requests.map((request) => ({ request })) } });
}

describe('harRequests()', () => {
  it('takes URL, method, headers and body, and leaves what belongs to a connection', () => {
    const headers = [
      { name: 'Accept', value: 'a/b' },
      { name: ':method', value: 'POST' },
      { name: 'Host', value: 'other' },
      { name: 'Content-Length', value: '9' },
      { name: 'Transfer-Encoding', value: 'chunked' },
      { name: 'cookie', value: 'a=b' },
      { name: 'x', value: 1 },
      null,
    ];
    const { requests, skipped } = harRequests(
      har(
        { method: 'PUT', url: 'https://a:8443/b?c#d', headers, postData: { text: 'é' } },
        { url: 'https://a:8443/', postData: { text: 'aGk=', encoding: 'base64' } },
        { method: 'GET', url: 'https://a:8443/', headers: [], postData: null },
      ),
    );
    expect(skipped).to.equal(0);
    const url = 'https://a:8443/';
    expect(requests).to.deep.equal([
      {
        url: `${url}b?c`,
        method: 'PUT',
        headers: [
          ['accept', 'a/b'],
          ['cookie', 'a=b'],
        ],
        body: Buffer.from('é'),
      },
      { url, method: 'GET', headers: [], body: Buffer.from('hi') },
      { url, method: 'GET', headers: [] },
    ]);
  });

  const mixed = har(
    null,
    { url: 'ws://a/' },
    { url: 'not a URL' },
    { url: 'http://a/1' },
    { url: 'http://b/2' },
    { url: 'http://a/3' },
  );

  it('takes the requests to the server of the first one, and counts the others', () => {
    const { requests, skipped } = harRequests(mixed);
    expect(requests.map(({ url }) => url)).to.deep.equal(['http://a/1', 'http://a/3']);
    expect(skipped).to.equal(4);
  });

  it('sends all of them to another server', () => {
    const { requests, skipped } = harRequests(mixed, 'https://[::1]:1');
    const urls = ['https://[::1]:1/1', 'https://[::1]:1/2', 'https://[::1]:1/3'];
    expect(requests.map(({ url }) => url)).to.deep.equal(urls);
    expect(skipped).to.equal(3);
  });

  it('refuses what is no HAR, or has nothing to send', () => {
    expect(() => harRequests('{')).to.throw(/this is no HAR: /);
    for (const text of ['null', '1', '{}', '{"log":null}', '{"log":{"entries":{}}}'])
      expect(() => harRequests(text)).to.throw('this is no HAR: it has no log.entries');
    expect(() => harRequests(har())).to.throw('the HAR has no request');
    expect(() => harRequests(`\uFEFF${har({ url: 'ws://a/' })}`)).to.throw('has no request');
  });
});
