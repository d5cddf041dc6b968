import { expect } from 'chai';
import { planRequest } from '../../../../lib/http/client/request/options.ts';

describe('http/client/request/request-names', () => {
  const plan = (options: object): unknown => planRequest('https://a/', options as never).tls;

  it('takes options of TLS beside the others; those of `tls` win', () => {
    expect(plan({ ca: 'x', rejectUnauthorized: false })).to.deep.equal({
      ca: 'x',
      rejectUnauthorized: false,
    });
    expect(plan({ ca: 'x', tls: { ca: 'y' } })).to.deep.equal({ ca: 'y' });
    expect(plan({})).to.equal(undefined);
  });

  it('takes what is undefined for not given', () => {
    expect(plan({ ca: 'x', tls: { ca: undefined, key: 'k' } })).to.deep.equal({
      ca: 'x',
      key: 'k',
    });
    const url = 'http://user:word@a:81/b?c';
    const unset = ['protocol', 'hostname', 'host', 'port', 'path', 'auth', 'method'];
    const options = Object.fromEntries(unset.map((name) => [name, undefined]));
    expect(planRequest(url, options as never)).to.deep.equal(planRequest(url));
    expect(planRequest({ host: 'a', path: '/b' }, options as never)).to.deep.equal(
      planRequest({ host: 'a', path: '/b' }),
    );
    const { target, path } = planRequest(url, { ...options, port: 82 } as never);
    expect([target.origin, path]).to.deep.equal(['http://a:82', '/b?c']);
  });

  it('takes what libraries hand down, and what is like none of its own', () => {
    const handed = { agents: {}, maxRedirects: 5, beforeRedirect: null, nativeProtocols: {} };
    expect(plan(handed)).to.equal(undefined);
    expect(plan(handed)).to.equal(undefined);
    expect(plan({ hostt: undefined })).to.equal(undefined);
  });

  it('takes what says how to connect, unless it is not set or no such thing', () => {
    const connection = (options: object): unknown =>
      planRequest('https://a/', options as never).connection;
    expect(connection({ socketPath: null, lookup: undefined, family: 0 })).to.equal(null);
    const lookup = (): void => {};
    expect(connection({ lookup, family: 6, ca: 'x' })).to.deep.equal({ lookup, family: 6 });
    for (const [options, message] of [
      [{ lookup: 'a' }, "lookup must be a function, got 'a' (string)"],
      [{ createConnection: {} }, 'createConnection must be a function, got an object'],
      [{ socketPath: 5 }, 'socketPath must be a string, got 5'],
    ] as const) {
      expect(() => connection(options)).to.throw(message);
    }
  });
});
