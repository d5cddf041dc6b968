import { expect } from 'chai';
import { redirection, type Step } from '../../../../lib/cli/spdycat/fetch/redirects.ts';

const step = (method: string): Step => ({
  url: new URL('https://a/b/c'),
  method,
  body: method === 'POST',
  trusted: true,
});

describe('redirects', () => {
  it('turn POST into GET, but for 307 and 308', () => {
    const methods = [301, 302, 303, 307, 308].map((status) => {
      const next = redirection(step('POST'), status, '/d', false);
      return [next?.method, next?.body];
    });
    const [get, post] = [
      ['GET', false],
      ['POST', true],
    ];
    expect(methods).to.deep.equal([get, get, get, post, post]);
    expect(redirection(step('HEAD'), 303, '/d', false)?.method).to.equal('HEAD');
    expect(redirection(step('PUT'), 302, '/d', false)?.method).to.equal('PUT');
    expect(redirection(step('POST'), 302, '/d', true)?.method).to.equal('POST');
  });

  it('lead to what the location says, as seen from where it came', () => {
    const at = (location: string): string | undefined =>
      redirection(step('GET'), 302, location, false)?.url.href;
    expect(at('d?x#y')).to.equal('https://a/b/d?x');
    expect(at('//e/f')).to.equal('https://e/f');
    expect(at(Buffer.from('/ü').toString('latin1'))).to.equal('https://a/%C3%BC');
  });

  it('are none for other statuses, and without a location', () => {
    expect(redirection(step('GET'), 304, '/d', false)).to.equal(null);
    expect(redirection(step('GET'), 302, undefined, false)).to.equal(null);
  });

  it('trust only the server itself', () => {
    const next = redirection(step('GET'), 302, 'https://b/', false) as Step;
    expect(next.trusted).to.equal(false);
    expect(redirection(next, 302, 'https://a/', false)?.trusted).to.equal(false);
    expect(redirection(step('GET'), 302, '/x', false)?.trusted).to.equal(true);
  });

  it('lead to http and https only', () => {
    expect(() => redirection(step('GET'), 302, 'ftp://a/', false)).to.throw('leads to ftp:');
    expect(() => redirection(step('GET'), 302, 'https://[', false)).to.throw('leads nowhere');
  });
});
