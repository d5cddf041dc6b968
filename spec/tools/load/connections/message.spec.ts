import { expect } from 'chai';
import { loadMessage } from '../../../../lib/tools/load/connections/message.ts';

describe('loadMessage()', () => {
  it('has the same fields in the form of each protocol', () => {
    const message = loadMessage(new URL('https://a:1/b?c#d'), [['x', 'y']], null);
    expect(message).to.deep.include({ method: 'GET', path: '/b?c' });
    const spdy = Object.fromEntries(message.spdy);
    const { ':authority': authority, ...h2 } = message.h2;
    expect(authority).to.equal('a:1');
    expect(spdy).to.deep.equal({ ...h2, ':host': 'a:1', ':version': 'HTTP/1.1' });
    expect(h2).to.deep.include({ ':path': '/b?c', ':scheme': 'https', x: 'y', accept: '*/*' });
    const flat = message.http1;
    expect(flat.slice(0, 2)).to.deep.equal(['host', 'a:1']);
    expect(flat.slice(-2)).to.deep.equal(['x', 'y']);
  });

  it('has a method, a length and fields of its own with a body', () => {
    const message = loadMessage(new URL('http://a/'), [], Buffer.from('body'));
    expect(message.method).to.equal('POST');
    expect(message.h2['content-length']).to.equal('4');
  });

  it('lets fields replace what is there, and keeps those that come twice', () => {
    const given = [
      [':method', 'PUT'],
      [':path', '/p'],
      ['host', 'h'],
      ['user-agent', 'me'],
      ['x', '1'],
      ['x', '2'],
    ] as const;
    const { method, path, spdy, h2, http1 } = loadMessage(new URL('http://a/'), given, null);
    expect({ method, path }).to.deep.equal({ method: 'PUT', path: '/p' });
    expect(h2).to.deep.include({ ':authority': 'h', 'user-agent': 'me', x: ['1', '2'] });
    expect(spdy.filter(([name]) => name === 'x')).to.deep.equal([
      ['x', '1'],
      ['x', '2'],
    ]);
    expect(http1.join()).to.include('host,h').and.include('x,1,x,2');
  });
});
