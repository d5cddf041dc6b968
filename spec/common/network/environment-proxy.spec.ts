import { expect } from 'chai';
import { environmentProxy } from '../../../lib/common/network/environment-proxy.ts';

describe('environmentProxy()', () => {
  const proxy = 'http://proxy:3128';
  const find = (url: string, env: Record<string, string>): string | null =>
    environmentProxy(new URL(url), env)?.url?.href.replace(/\/$/, '') ?? null;
  const proxied = (url: string, exceptions: string): boolean =>
    find(url, { HTTPS_PROXY: proxy, NO_PROXY: exceptions }) !== null;

  it('takes the variable of the scheme, in upper case before lower case', () => {
    expect(find('https://h', {})).to.equal(null);
    expect(find('https://h', { HTTPS_PROXY: '', https_proxy: 'low' })).to.equal('http://low');
    expect(find('https://h', { HTTPS_PROXY: 'up', https_proxy: 'low' })).to.equal('http://up');
    expect(find('http://h', { HTTPS_PROXY: 'up' })).to.equal(null);
    expect(find('http://h', { http_proxy: 'low' })).to.equal('http://low');
    expect(find('https://h', { ALL_PROXY: 'all' })).to.equal(null);
    const found = environmentProxy(new URL('https://h'), { https_proxy: 'low:3128' });
    expect([found?.variable, found?.url?.href]).to.deep.equal(['https_proxy', 'http://low:3128/']);
    const wrong = environmentProxy(new URL('https://h'), { HTTPS_PROXY: 'http://[' });
    expect(wrong).to.deep.equal({ variable: 'HTTPS_PROXY', url: null });
  });

  it('never stands in front of this machine', () => {
    for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]'])
      expect(proxied(`https://${host}:6443`, ''), host).to.equal(false);
    expect(proxied('https://localhost.example.org', '')).to.equal(true);
  });

  const cases: readonly (readonly [exceptions: string, url: string, isProxied: boolean])[] = [
    ['*', 'https://h', false],
    ['other, *', 'https://h', false],
    ['example.org', 'https://example.org', false],
    ['EXAMPLE.org', 'https://api.example.ORG', false],
    ['example.org', 'https://badexample.org', true],
    ['.example.org', 'https://api.example.org', false],
    ['.example.org', 'https://example.org', true],
    ['*.example.org', 'https://api.example.org', false],
    ['*.example.org', 'https://example.org', true],
    ['example.org:6443', 'https://example.org:6443', false],
    ['example.org:6443', 'https://example.org', true],
    ['example.org:443', 'https://example.org', false],
    ['10.0.0.0/8', 'https://10.1.2.3', false],
    ['10.0.0.0/8', 'https://11.1.2.3', true],
    ['10.0.0.0/8', 'https://api.example.org', true],
    ['10.0.0.0/33', 'https://10.0.0.0', true],
    ['10.1.2.3', 'https://10.1.2.3:6443', false],
    ['10.1.2.3:1', 'https://10.1.2.3:6443', true],
    ['fd00::/8', 'https://[fd12::1]:6443', false],
    ['fd00::1', 'https://[fd00:0::1]', false],
    ['[fd00::1]:6443', 'https://[fd00::1]:6443', false],
    ['[fd00::1]:6443', 'https://[fd00::1]', true],
    [' , ', 'https://h', true],
  ];
  for (const [exceptions, url, isProxied] of cases) {
    it(`NO_PROXY=${JSON.stringify(exceptions)}: ${url} ${isProxied ? 'is' : 'is not'} behind it`, () => {
      expect(proxied(url, exceptions)).to.equal(isProxied);
    });
  }
});
