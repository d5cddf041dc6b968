import { expect } from 'chai';
import { locationOf } from '../../../../lib/http/client/connection/target.ts';

describe('http/client/connection/target', () => {
  const urls = [
    'http://localhost',
    'http://localhost:8080/a/b?c=d&e=%20',
    'https://example.com:443/',
    'https://EXAMPLE.com/Path',
    'HTTPS://example.com/a',
    'http://[::1]:8080/a',
    'http://[::FFFF:127.0.0.1]/',
    'http://0x7f.1/',
    'http://127.1:80/a',
    'http://example.com./',
    'http://example.com:/a',
    'http://example.com/a/../b',
    'http://example.com/a/./b',
    'http://example.com/a/%2E%2e/b',
    'http://example.com/a?b=/../c',
    "http://example.com/'a'?b='c'",
    'http://example.com/a b?c d',
    'http://example.com/a#b',
    'http://example.com?a=b',
    'http://example.com/\\a',
    'http://example.com//a//',
    'http://example.com/a|b^c`d',
    'http://example.com/\u00fc?\u00fc',
    'http://b\u00fccher.example/',
    ' http://example.com/a ',
    'http://example.com/a\n',
    'http://user:p%40ss@example.com/a',
    'http://user@example.com/a@b',
  ];
  for (const url of urls) {
    it(`reads ${JSON.stringify(url)} as the parser of URLs does, the first time and later`, () => {
      const expected = locationOf(new URL(url));
      expect(locationOf(url)).to.deep.equal(expected);
      expect(locationOf(url)).to.deep.equal(expected);
    });
  }

  it('reads many different origins', () => {
    for (let i = 0; i < 3000; i++) {
      expect(locationOf(`http://host-${i}.example:81/${i}`)).to.deep.include({ path: `/${i}` });
    }
  });

  for (const url of ['', 'nonsense', 'http://', 'http://:80/', 'http://a:99999/', 'http://a[/']) {
    it(`refuses ${JSON.stringify(url)} and names it`, () => {
      expect(() => locationOf(url)).to.throw(`not a URL: ${JSON.stringify(url)}`);
    });
  }

  it('refuses other protocols, and port 0', () => {
    expect(() => locationOf('ftp://example.com/')).to.throw('protocol must be http: or https:');
    expect(() => locationOf('http://example.com:0/')).to.throw('port must be from 1 to 65535');
  });
});
