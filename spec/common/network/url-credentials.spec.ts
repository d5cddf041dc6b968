import { expect } from 'chai';
import { urlCredentials } from '../../../lib/common/network/url-credentials.ts';
import { SpdyAgent } from '../../../lib/http/client/agent.ts';
import { request } from '../../../lib/http/client/client.ts';

describe('common/network/url-credentials', () => {
  it('are decoded', () => {
    expect(urlCredentials(new URL('http://a%40b:c%3A@host/'))).to.equal('a@b:c:');
    expect(urlCredentials(new URL('http://a@host/'))).to.equal('a:');
    expect(urlCredentials(new URL('http://host/'))).to.equal(null);
  });

  it('that cannot be are told, not shown: in URLs of requests and of proxies', () => {
    const url = 'http://me:%E0secret@host:81/';
    for (const call of [
      () => urlCredentials(new URL(url)),
      () => request(url),
      () => new SpdyAgent({ proxy: url }),
    ])
      expect(call)
        .to.throw(/^the user and password in a URL of host:81 cannot be decoded/)
        .that.includes({ code: 'ERR_SPDY_INVALID_ARGUMENT' })
        .and.property('message')
        .not.contains('secret');
  });
});
