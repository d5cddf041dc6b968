import { expect } from 'chai';
import { InvalidArgumentError } from '../../../lib/errors.ts';
import type { LoadOptions } from '../../../lib/tools/load/options.ts';
import { resolveLoad } from '../../../lib/tools/load/plan.ts';

const urls = 'http://localhost/';

describe('resolveLoad()', () => {
  it('has defaults: one request, of each client and for each URL', () => {
    const plan = resolveLoad({ urls });
    expect(plan.quotas).to.deep.equal([1]);
    expect(plan).to.deep.include({ streams: 1, workers: 1, protocols: ['spdy/3.1'] });
    expect(plan.target).to.deep.include({ secure: false, host: 'localhost', port: 80 });
    expect(resolveLoad({ urls, clients: 3 }).quotas).to.deep.equal([1, 1, 1]);
    expect(resolveLoad({ urls: [urls, `${urls}a`] }).quotas).to.deep.equal([2]);
    expect(resolveLoad({ urls, requestRate: 1 }).streams).to.equal(100);
    expect(resolveLoad({ urls, windowBits: 16 }).windowSize).to.equal(65535);
    expect(
      [0, 5, [1, 2] as const].map((thinkMs) => resolveLoad({ urls, thinkMs }).think),
    ).to.deep.equal([null, [5, 5], [1, 2]]);
    const secure = resolveLoad({ urls: 'https://[::1]:8443/' });
    expect(secure.target).to.deep.include({ secure: true, host: '::1', port: 8443 });
    expect(secure.protocols).to.include.members(['spdy/3.1', 'spdy/2', 'h2', 'http/1.1']);
  });

  it('deals requests out evenly', () => {
    expect(resolveLoad({ urls, clients: 3, requests: 8 }).quotas).to.deep.equal([3, 3, 2]);
    const endless = resolveLoad({ urls, clients: 2, durationMs: 1 }).quotas;
    expect(endless).to.deep.equal([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  const wrong: [string, Record<string, unknown>, RegExp][] = [
    ['a name that is none', { request: 1 }, /did you mean requests/],
    ['no URL', { urls: [] }, /one at least/],
    ['what is no URL', { urls: '/path' }, /not an http or https URL: '\/path'/],
    ['a request without a URL', { urls: [{}] }, /not an http or https URL: undefined/],
    ['no request', { urls: [null] }, /not an http or https URL: null/],
    ['a part of a request that is none', { urls: [{ url: urls, header: [] }] }, /mean headers/],
    ['a body of a request that is none', { urls: [{ url: urls, body: 1 }] }, /body must be/],
    ['a method that is none', { urls: [{ url: urls, method: 'A B' }] }, /method/],
    ['another scheme', { urls: 'ftp://localhost/' }, /not an http/],
    ['URLs of two servers', { urls: [urls, 'http://elsewhere/'] }, /one scheme, host and port/],
    ['fewer requests than clients', { clients: 3, requests: 2 }, /3 clients need as many/],
    ['slow clients that read as the others', { slowClients: 1 }, /slowClients needs readRate/],
    ['a rate below a byte', { readRate: 0.5 }, /readRate must be 0, or 1 at least/],
    ['a rate that is none', { readRate: '1K' }, /readRate must be a number/],
    ['more workers than clients', { workers: 2 }, /2 workers need as many/],
    ['requests and a time', { requests: 1, durationMs: 1 }, /exclude each other/],
    ['a warm-up without a time', { warmUpMs: 1 }, /needs durationMs/],
    ['no clients', { clients: 0 }, /clients must be an integer from 1/],
    ['a rate below 0', { requestRate: -1 }, /requestRate must be a number/],
    ['pauses and a rate', { thinkMs: 1, requestRate: 1 }, /exclude each other/],
    ['a pause below 0', { thinkMs: -1 }, /thinkMs must be/],
    ['a pause that is text', { thinkMs: ['1', 2] }, /thinkMs must be/],
    ['three pauses', { thinkMs: [1, 2, 3] }, /a time or two, got 3/],
    ['pauses that fall', { thinkMs: [2, 1] }, /must rise, got 2 and 1/],
    ['a protocol that is none', { protocol: 'spdy/4' }, /protocol must be of spdy\/3\.1/],
    ['no protocols', { protocols: [] }, /protocols must be of/],
    ['a body that is none', { body: 'text' }, /body must be a Uint8Array/],
    ['windows of no bits', { windowBits: 0 }, /windowBits/],
    ['a compression that is none', { headerCompression: 'gzip' }, /headerCompression must be/],
    ['options of TLS that are none', { tls: { cacert: '' } }, /did you mean/],
    ['a header that is none', { headers: [['a b', 'c']] }, /header name/],
    ['a signal that is none', { signal: {} }, /AbortSignal/],
  ];
  for (const [what, options, message] of wrong) {
    it(`refuses ${what}`, () => {
      const call = (): unknown => resolveLoad({ urls, ...options } as LoadOptions);
      expect(call).to.throw(InvalidArgumentError, message);
    });
  }
});
