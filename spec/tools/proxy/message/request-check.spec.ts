import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'chai';
import { checkRequest, schemeOf } from '../../../../lib/tools/proxy/message/request-check.ts';
import { createProxy, type SpdyProxy } from '../../../../lib/tools/proxy/proxy.ts';
import { type Application, startApplication } from '../support/application.ts';

const GET = 'GET / HTTP/1.1\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';
const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';

/** Requests of which two readers could make two different things. */
const SMUGGLED: readonly (readonly [title: string, bytes: string])[] = [
  [
    'content-length and chunked',
    `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'chunked and content-length',
    `${POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`,
  ],
  ['two content-lengths that differ', `${POST}Content-Length: 0\r\nContent-Length: 4\r\n\r\n`],
  [
    'two content-lengths that are equal',
    `${POST}Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd`,
  ],
  ['a version that is not HTTP/1', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n'],
  ['no version at all', 'GET /\r\n\r\n'],
  ['a list as content-length', `${POST}Content-Length: 4, 4\r\n\r\nabcd`],
  ['a content-length with a sign', `${POST}Content-Length: +4\r\n\r\nabcd`],
  ['a negative content-length', `${POST}Content-Length: -1\r\n\r\n`],
  ['a hexadecimal content-length', `${POST}Content-Length: 0x4\r\n\r\nabcd`],
  ['a fraction as content-length', `${POST}Content-Length: 4.0\r\n\r\nabcd`],
  ['an empty content-length', `${POST}Content-Length: \r\n\r\n`],
  ['a content-length that no number holds', `${POST}Content-Length: 99999999999999999999\r\n\r\n`],
  ['a space in content-length', `${POST}Content-Length: 4 4\r\n\r\nabcd`],
  ['a space before the colon', `${POST}Content-Length : 4\r\n\r\nabcd`],
  [
    'a space before the colon of transfer-encoding',
    `${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['a tab in the name', `${POST}Transfer\tEncoding: chunked\r\n\r\n0\r\n\r\n`],
  ['an unknown coding', `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['identity', `${POST}Transfer-Encoding: identity\r\n\r\n`],
  ['chunked twice', `${POST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  ['chunked before another coding', `${POST}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
  ['another coding before chunked', `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  [
    'two fields transfer-encoding',
    `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
  ],
  [
    'chunked twice in two fields',
    `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'chunked in HTTP/1.0',
    'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a vertical tab before chunked', `${POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
  ['quotes around chunked', `${POST}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`],
  ['a folded line', `${GET}Host: a\r\nX-A: b\r\n Transfer-Encoding: chunked\r\n\r\n`],
  ['a line that begins with a space', `${GET} Host: a\r\nHost: b\r\n\r\n`],
  ['two hosts', `${GET}Host: a\r\nHost: b\r\n\r\n`],
  ['the same host twice', `${GET}Host: a\r\nHost: a\r\n\r\n`],
  ['no host', `${GET}X-A: b\r\n\r\n`],
  ['a host with a space', `${GET}Host: a b\r\n\r\n`],
  ['a host with a path', `${GET}Host: a/b\r\n\r\n`],
  ['a host with a user', `${GET}Host: a@b\r\n\r\n`],
  ['a target and a host that differ', 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a space in the target', 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a carriage return alone in a value', `${GET}Host: a\r\nX-A: b\rX-B: c\r\n\r\n`],
  ['a zero byte in a value', `${GET}Host: a\r\nX-A: b\0c\r\n\r\n`],
  ['a chunk size that is none', `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`],
];

/** All that a server says until it closes the connection. */
async function talk(port: number, bytes: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('error', () => {});
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write(bytes, 'latin1');
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

describe('tools/proxy/message/request-check', () => {
  it('knows two schemes, in any case', () => {
    expect(schemeOf('HTTPS', false)).to.equal('https');
    expect(schemeOf('http', true)).to.equal('http');
    expect([schemeOf(null, true), schemeOf(undefined, false), schemeOf('', true)]).to.deep.equal([
      'https',
      'http',
      'https',
    ]);
    expect([schemeOf('javascript', true), schemeOf('https\r\nx: y', true)]).to.deep.equal([
      null,
      null,
    ]);
  });

  describe('by HTTP/1.1', () => {
    let application: Application;
    let proxy: SpdyProxy;
    let port: number;

    before(async () => {
      application = await startApplication('http/1.1', (request, response) => {
        request.resume();
        request.on('end', () => response.end('answered'));
      });
      proxy = createProxy({ backs: [application.back] });
      const front = { port: 0, host: '127.0.0.1', tls: false, sniff: true } as const;
      ({ port } = await proxy.listen(front));
    });

    after(async () => {
      proxy.destroy();
      await application.close();
    });

    it(`has ${SMUGGLED.length} of them`, () => expect(SMUGGLED).to.have.length(40));

    for (const [title, bytes] of SMUGGLED) {
      it(`refuses ${title}, and whatever follows on the connection`, async () => {
        const said = await talk(port, `${bytes}${HIDDEN}`);
        expect(said).to.match(/^HTTP\/1\.1 400 /);
        expect(said.match(/HTTP\/1\.1 \d\d\d/g)).to.have.length(1);
        // What is wrong with a piece of a body is found when the head has left.
        expect(application.seen.filter((line) => line.includes('hidden'))).to.deep.equal([]);
      });
    }

    it('passes what is in order, and nothing more', async () => {
      application.seen.length = 0;
      const said = await talk(
        port,
        `${POST}Transfer-Encoding: Chunked\r\nConnection: close\r\n\r\n4\r\nabcd\r\n0\r\n\r\n`,
      );
      expect(said).to.match(/^HTTP\/1\.1 200 /);
      expect(application.seen).to.deep.equal(['POST /']);
    });
  });

  it('refuses control characters, which other protocols can carry', () => {
    const fields = (value: string) => [['host', 'a'] as const, ['x-a', value] as const];
    for (const value of ['a\r\nx-b: c', 'a\nb', 'a\0b', 'a\x7f', 'ā']) {
      expect(checkRequest('GET', '/', '1.1', fields(value))).to.match(/control characters/);
    }
    expect(checkRequest('GET', '/', '1.1', fields('a\tb é'))).to.be.an('object');
  });

  it('refuses names, methods and targets that are none', () => {
    const fields = [['host', 'a'] as const];
    expect(checkRequest('GE T', '/', '1.1', fields)).to.equal('no valid method');
    for (const target of ['', 'a', '/a b', '/a#b', 'ftp://a/', 'http://', 'http://u@a/', '*']) {
      expect(checkRequest('GET', target, '1.1', fields), target).to.be.a('string');
    }
    for (const target of ['a', '/', 'a:', 'a:b', 'http://a:80/']) {
      expect(checkRequest('CONNECT', target, '1.1', fields), target).to.be.a('string');
    }
    expect(checkRequest('GET', '/', '1.1', [...fields, ['x a', 'b']])).to.match(/field name/);
  });

  it('reads targets of every form', () => {
    const fields = [['host', 'A:80'] as const];
    expect(checkRequest('GET', '/x?y', '1.1', fields)).to.deep.include({
      authority: 'A:80',
      target: '/x?y',
      absolute: false,
      length: null,
    });
    expect(checkRequest('GET', 'HTTP://a:80?y', '1.1', fields)).to.deep.include({
      scheme: 'http',
      authority: 'a:80',
      target: '/?y',
      absolute: true,
    });
    expect(checkRequest('OPTIONS', '*', '1.1', fields)).to.deep.include({ target: '*' });
    expect(checkRequest('CONNECT', '[::1]:443', '1.1', fields)).to.deep.include({
      authority: '[::1]:443',
    });
    expect(checkRequest('GET', '/', '1.0', [])).to.deep.include({ authority: '' });
  });
});
