import { expect } from 'chai';
import {
  hasBody,
  type ParsedRequest,
  parseRequest,
  parseResponse,
  pushToSpdy,
  type RequestHead,
  requestToSpdy,
  responseToSpdy,
} from '../../lib/http/message-head.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import {
  PROTOCOL_VERSIONS,
  type ProtocolVersion,
  SPDY2,
  SPDY3,
  SPDY3_1,
} from '../../lib/protocol/version.ts';
import { memoryInUse } from '../scenarios/attack-support.ts';
import { head } from './support/http-support.ts';

const LIMITS = { maxHeaderSize: 1000, maxHeaderCount: 20 };

/** What every request tells. */
function required(version: ProtocolVersion): string[] {
  return [':method', ':path', ':version', ...(version.plainPseudoNames ? [] : [':host'])];
}

function without(name: string): HeaderList {
  return head().filter(([field]) => field !== name);
}

function withValue(name: string, value: string): HeaderList {
  return head().map((field) => (field[0] === name ? [name, value] : field));
}

describe('message head', () => {
  describe('of a request that is sent', () => {
    const request: RequestHead = {
      method: 'POST',
      scheme: 'https',
      host: 'a:1',
      path: '/x?y#z',
      headers: [
        ['host', 'b'],
        ['connection', 'close, X-Mine'],
        ['x-mine', '1'],
        ['keep-alive', '1'],
        ['proxy-connection', '1'],
        ['transfer-encoding', 'chunked'],
        ['upgrade', 'x'],
        ['expect', '100-continue'],
        ['cookie', 'a=1'],
        ['accept', '*/*'],
        ['cookie', 'b=2'],
      ],
    };

    it('tell all that is required, and no fields of a connection (checklist 259, 260, 266, 267)', () => {
      expect(requestToSpdy(request)).to.deep.equal([
        [':method', 'POST'],
        [':scheme', 'https'],
        [':host', 'a:1'],
        [':path', '/x?y'],
        [':version', 'HTTP/1.1'],
        ['cookie', 'a=1; b=2'],
        ['accept', '*/*'],
      ]);
    });

    it('are refused when nobody could read them', () => {
      for (const wrong of [
        { method: 'GE T' },
        { host: '' },
        { host: 'user@host' },
        { path: '' },
        { path: '/a b' },
        { headers: [['a b', 'c']] as HeaderList },
      ]) {
        expect(() => requestToSpdy({ ...request, ...wrong })).to.throw(/expected a valid/);
      }
    });
  });

  describe('of a received request', () => {
    it('keeps nothing alive of the blocks that names were cut out of', () => {
      const before = memoryInUse();
      for (let i = 0; i < 1000; i++) {
        const block = Buffer.from(`another-name-${i}`.padEnd(50_000, '.')).toString('latin1');
        const headers: HeaderList = [...head(), [block.slice(0, block.indexOf('.')), 'value']];
        expect(parseRequest(SPDY3_1, headers, LIMITS)).not.to.have.property('status');
      }
      expect(memoryInUse() - before).to.be.below(20_000_000);
    });

    for (const version of PROTOCOL_VERSIONS) {
      it(`are its parts and its fields, in ${version.name}`, () => {
        const fields = { accept: '*/*', 'content-length': '12' };
        expect(parseRequest(version, head('/a?b', fields), LIMITS)).to.deep.equal({
          method: 'GET',
          scheme: 'https',
          host: 'example.com:8443',
          path: '/a?b',
          httpVersion: '1.1',
          headers: [
            ['accept', '*/*'],
            ['content-length', '12'],
          ],
          contentLength: 12,
        });
      });

      it(`lack nothing that is required, in ${version.name} (checklist 259-261)`, () => {
        for (const name of required(version)) {
          expect(parseRequest(version, without(name), LIMITS), name).to.include({ status: 400 });
        }
      });

      it(`may have an absolute URL, in ${version.name} (checklist 272)`, () => {
        const absolute = withValue(':path', 'HTTP://other:81/p?q');
        const expected = { scheme: 'http', host: 'other:81', path: '/p?q' };
        expect(parseRequest(version, absolute, LIMITS)).to.include(expected);
        const bare = withValue(':path', 'http://other');
        expect(parseRequest(version, bare, LIMITS)).to.include({ host: 'other', path: '/' });
      });
    }

    it('need a scheme in SPDY/3 only', () => {
      expect(parseRequest(SPDY3_1, without(':scheme'), LIMITS)).to.include({ status: 400 });
      expect(parseRequest(SPDY3, without(':scheme'), LIMITS)).to.include({ status: 400 });
      const parsed = parseRequest(SPDY2, without(':scheme'), LIMITS, 'http');
      expect(parsed).to.include({ scheme: 'http' });
    });

    it('need none with CONNECT, whose path is a host (checklist 273)', () => {
      const headers: HeaderList = [
        [':method', 'CONNECT'],
        [':path', 'target:443'],
        [':version', 'HTTP/1.1'],
      ];
      const parsed = parseRequest(SPDY3_1, headers, LIMITS);
      expect(parsed).to.include({ method: 'CONNECT', path: 'target:443', host: 'target:443' });
    });

    it('may lack a host in SPDY/2, with a path (checklist 272)', () => {
      const hostless = without(':host');
      expect(parseRequest(SPDY2, hostless, LIMITS)).to.include({ host: '', path: '/' });
      for (const wrong of [
        [...head(), [':host', 'b'] as const],
        withValue(':host', ''),
        hostless.map(([name, value]) => [name, name === ':path' ? '*' : value] as const),
      ]) {
        expect(parseRequest(SPDY2, wrong, LIMITS)).to.include({ status: 400 });
      }
    });

    it('tell the length of the body once', () => {
      const fields = { 'content-length': ['3', '3, 3'], a: 'b' };
      const request = parseRequest(SPDY3_1, head('/', fields), LIMITS) as ParsedRequest;
      expect(request.contentLength).to.equal(3);
      expect(request.headers).to.deep.equal([
        ['content-length', '3'],
        ['a', 'b'],
      ]);
    });

    it('may name the whole server', () => {
      expect(parseRequest(SPDY3_1, withValue(':path', '*'), LIMITS)).to.include({ path: '*' });
    });

    it('are refused with values that HTTP/1.1 could not carry', () => {
      for (const [name, value] of [
        [':method', 'GE T'],
        [':path', '/a b'],
        [':path', 'a'],
        [':version', '1.1'],
        [':host', 'a/b'],
        [':host', 'user@a'],
        [':path', 'http://user@a/'],
      ] as const) {
        const parsed = parseRequest(SPDY3_1, withValue(name, value), LIMITS);
        expect(parsed, `${name} ${value}`).to.include({ status: 400 });
      }
      const twice = [...head(), [':method', 'POST'] as const];
      expect(parseRequest(SPDY3_1, twice, LIMITS)).to.include({ status: 400 });
      const lengths = head('/', { 'content-length': 'x' });
      expect(parseRequest(SPDY3_1, lengths, LIMITS)).to.include({ status: 400 });
      const names = [...head(), ['a b', 'c'] as const];
      expect(parseRequest(SPDY3_1, names, LIMITS)).to.include({ status: 400 });
    });

    it('say nothing of the connection, and nothing that is unknown here (checklist 268)', () => {
      const fields = {
        connection: 'keep-alive, x-hop',
        'x-hop': '1',
        'keep-alive': '1',
        'proxy-connection': 'x',
        'transfer-encoding': 'chunked',
        ':unknown': 'x',
        host: 'evil',
        cookie: ['a=1', 'b=2'],
      };
      const { headers } = parseRequest(SPDY3_1, head('/', fields), LIMITS) as ParsedRequest;
      expect(headers).to.deep.equal([['cookie', 'a=1; b=2']]);
    });

    it('are not too large and not too many', () => {
      const large = head('/', { a: 'x'.repeat(1000) });
      expect(parseRequest(SPDY3_1, large, LIMITS)).to.include({ status: 431 });
      const many = head('/', { a: Array.from({ length: 20 }, () => 'x') });
      expect(parseRequest(SPDY3_1, many, LIMITS)).to.include({ status: 431 });
    });
  });

  describe('of a reply', () => {
    it('are status, version and the fields of the message (checklist 262, 266)', () => {
      const fields: HeaderList = [
        ['set-cookie', 'a'],
        ['set-cookie', 'b'],
        ['connection', 'close'],
        ['transfer-encoding', 'chunked'],
      ];
      expect(responseToSpdy(200, 'OK', fields)).to.deep.equal([
        [':status', '200 OK'],
        [':version', 'HTTP/1.1'],
        ['set-cookie', 'a'],
        ['set-cookie', 'b'],
      ]);
      expect(responseToSpdy(299, '', [])[0]).to.deep.equal([':status', '299']);
    });

    it('are read with or without a phrase (checklist 264)', () => {
      const parse = (status: string): unknown =>
        parseResponse([
          [':status', status],
          [':version', 'HTTP/1.1'],
        ]);
      expect(parse('404')).to.include({ statusCode: 404, statusMessage: '' });
      expect(parse('404 Not Found')).to.include({ statusCode: 404, statusMessage: 'Not Found' });
      for (const wrong of ['', '20', '2000', 'OK', '020', '200OK']) {
        expect(parse(wrong), wrong).to.include({ status: 400 });
      }
    });

    it('need a version, unless that is waived', () => {
      expect(parseResponse([[':status', '200']])).to.include({ status: 400 });
      const spaced = [
        [':status', '200'],
        [':version', 'HTTP/1.1'],
        ['a b', 'c'],
      ] as const;
      expect(parseResponse(spaced)).to.include({ reason: 'no valid header name' });
      const waived = parseResponse([[':status', '200']], { requireVersion: false });
      expect(waived).to.include({ statusCode: 200, httpVersion: '1.1' });
    });

    it('tell whether there is a body', () => {
      expect(hasBody('GET', 200)).to.equal(true);
      for (const status of [100, 204, 304]) expect(hasBody('GET', status)).to.equal(false);
      expect(hasBody('HEAD', 200)).to.equal(false);
    });
  });

  it('have no fields in SPDY/2 that would be values of its pseudo headers', () => {
    const names = ['url', 'method', 'scheme', 'version', 'status', 'path'];
    const fields = names.map((name) => [name, 'x'] as const);
    const request = { method: 'GET', scheme: 'https', host: 'a', path: '/p', headers: fields };
    const ordinary = (headers: HeaderList): string[] =>
      headers.map(([name]) => name).filter((name) => !name.startsWith(':'));
    expect(ordinary(requestToSpdy(request, SPDY2))).to.deep.equal(['path']);
    expect(ordinary(responseToSpdy(200, '', fields, SPDY2))).to.deep.equal(['path']);
    expect(ordinary(requestToSpdy(request, SPDY3))).to.deep.equal(names);
    expect(ordinary(responseToSpdy(200, '', fields, SPDY3_1))).to.deep.equal(names);
  });

  it('of a push are those of a request and its reply; SPDY/2 tells the URL (checklist 244, 245)', () => {
    const request = { method: 'GET', scheme: 'https', host: 'a', path: '/p', headers: [] };
    const reply = responseToSpdy(200, '', [['etag', '1']]);
    expect(pushToSpdy(SPDY3_1, request, reply)).to.deep.equal([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':host', 'a'],
      [':path', '/p'],
      [':version', 'HTTP/1.1'],
      [':status', '200'],
      ['etag', '1'],
    ]);
    expect(pushToSpdy(SPDY2, request, reply)).to.deep.include([':path', 'https://a/p']);
    expect(() => pushToSpdy(SPDY3, { ...request, path: 'p' }, reply)).to.throw(/valid path/);
  });
});
