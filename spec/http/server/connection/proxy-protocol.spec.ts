import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { expect } from 'chai';
import { SpdyAgent } from '../../../../lib/http/client/agent.ts';
import {
  type ProxyProtocolOptions,
  parseProxyHeader,
} from '../../../../lib/http/server/connection/proxy-protocol.ts';
import { createServer, type SpdyServer } from '../../../../lib/http/server/server.ts';
import { PROTOCOL_VERSIONS, type ProtocolVersion } from '../../../../lib/protocol/version.ts';
import { closed, RawPeer, sharedCertificate } from '../../../support/session-pair.ts';
import { head, listen, shut } from '../../support/http-support.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const IPV4 = 'c0000201c633640104d20050';

function header(command: number, family: number, payload: string): Buffer {
  const bytes = Buffer.from(payload, 'hex');
  const head = Buffer.from([command, family, bytes.length >> 8, bytes.length & 255]);
  return Buffer.concat([Buffer.from(SIGNATURE, 'hex'), head, bytes]);
}

function tlv(type: number, value: Buffer | string): string {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([type, 0, bytes.length]), bytes]).toString('hex');
}

const alpn = (name: string): string => tlv(1, name);
const TLS_FACTS = tlv(0x20, Buffer.from([1, 0, 0, 0, 0]));

describe('PROXY protocol', () => {
  describe('header', () => {
    it('tells the addresses, the protocol and TLS', () => {
      const bytes = header(0x21, 0x11, IPV4 + alpn('spdy/3.1') + TLS_FACTS);
      expect(parseProxyHeader(Buffer.concat([bytes, Buffer.from('rest')]))).to.deep.equal({
        proxied: true,
        source: { address: '192.0.2.1', port: 1234, family: 'IPv4' },
        destination: { address: '198.51.100.1', port: 80, family: 'IPv4' },
        alpn: 'spdy/3.1',
        tls: true,
        length: bytes.length,
      });
    });

    it('may have IPv6 addresses', () => {
      const address = `20010db8${'00'.repeat(11)}01`;
      const parsed = parseProxyHeader(header(0x21, 0x21, `${address}${address}00010002`));
      expect(parsed?.source).to.deep.equal({ address: '2001:db8::1', port: 1, family: 'IPv6' });
      expect(parsed?.destination).to.include({ port: 2 });
    });

    it('may have no addresses: unix sockets, unknown families, LOCAL', () => {
      const unix = parseProxyHeader(header(0x21, 0x31, '00'.repeat(216) + alpn('spdy/3')));
      expect(unix).to.include({ proxied: true, source: null, alpn: 'spdy/3', tls: false });
      expect(parseProxyHeader(header(0x21, 0, ''))).to.include({ source: null, alpn: null });
      const local = parseProxyHeader(header(0x20, 0x11, IPV4 + alpn('spdy/3')));
      expect(local).to.include({ proxied: false, source: null, alpn: null });
    });

    it('is incomplete until its last byte is there', () => {
      const bytes = header(0x21, 0x11, IPV4 + alpn('spdy/3.1'));
      for (let length = 0; length < bytes.length; length++)
        expect(parseProxyHeader(bytes.subarray(0, length)), String(length)).to.equal(null);
      expect(parseProxyHeader(bytes)).to.include({ length: bytes.length });
    });

    it('may be a line: version 1', () => {
      const line = 'PROXY TCP4 192.0.2.1 198.51.100.1 1234 80\r\n';
      expect(parseProxyHeader(Buffer.from(`${line}rest`))).to.deep.equal({
        proxied: true,
        source: { address: '192.0.2.1', port: 1234, family: 'IPv4' },
        destination: { address: '198.51.100.1', port: 80, family: 'IPv4' },
        alpn: null,
        tls: false,
        length: line.length,
      });
      const six = Buffer.from('PROXY TCP6 2001:db8::1 ::1 0 65535\r\n');
      expect(parseProxyHeader(six)?.source).to.deep.equal({
        address: '2001:db8::1',
        port: 0,
        family: 'IPv6',
      });
      for (const unknown of ['PROXY UNKNOWN\r\n', 'PROXY UNKNOWN a b c d\r\n']) {
        expect(parseProxyHeader(Buffer.from(unknown))).to.deep.include({
          proxied: true,
          source: null,
          length: unknown.length,
        });
      }
      for (let length = 0; length < line.length; length++) {
        expect(parseProxyHeader(Buffer.from(line.slice(0, length)))).to.equal(null);
      }
    });

    for (const line of [
      'PROXY TCP4 192.0.2.1 198.51.100.1 1234\r\n',
      'PROXY TCP4 192.0.2.1 198.51.100.1 1234 80 1\r\n',
      'PROXY TCP4 192.0.2.1 198.51.100.1 1234 65536\r\n',
      'PROXY TCP4 192.0.2.1 198.51.100.1 01234 80\r\n',
      'PROXY TCP4 192.0.2.1  198.51.100.1 1234 80\r\n',
      'PROXY TCP4 192.0.2.1 198.51.100 1234 80\r\n',
      'PROXY TCP4 ::1 ::1 1234 80\r\n',
      'PROXY TCP6 192.0.2.1 198.51.100.1 1234 80\r\n',
      'PROXY TCP6 ::1%lo ::1 1 2\r\n',
      'PROXY UDP4 192.0.2.1 198.51.100.1 1234 80\r\n',
      'PROXY UNKNOWNED\r\n',
      'PROXY toString 1 2 3 4\r\n',
      'PROXY TCP4 192.0.2.1 198.51.100.1 1234 80\n\r\n',
      'proxy TCP4',
      'PROXYTCP4',
      `PROXY UNKNOWN ${'a'.repeat(93)}`,
    ]) {
      it(`is refused as the line ${JSON.stringify(line)}`, () => {
        expect(() => parseProxyHeader(Buffer.from(line))).to.throw(/PROXY header/);
      });
    }

    for (const [title, bytes] of [
      ['no signature', Buffer.from('GET / HTTP/1.1\r\n')],
      ['another version', header(0x11, 0x11, IPV4)],
      ['another command', header(0x22, 0x11, IPV4)],
      ['cut addresses', header(0x21, 0x11, '0000')],
      ['a cut TLV', header(0x21, 0x11, `${IPV4}01`)],
      ['a TLV that is too long', header(0x21, 0x11, `${IPV4}010009aa`)],
      ['a length beyond reason', header(0x21, 0x11, '00'.repeat(5000)).subarray(0, 16)],
    ] as const) {
      it(`is refused with ${title}`, () => {
        expect(() => parseProxyHeader(bytes)).to.throw(/PROXY header/);
      });
    }
  });

  describe('server', () => {
    let server: SpdyServer;
    let port: number;

    async function start(proxyProtocol: ProxyProtocolOptions, handshakeTimeoutMs = 0) {
      ({ server, port } = await listen(
        { tls: false, proxyProtocol, handshakeTimeoutMs },
        (request, response) => {
          const { socket } = request;
          const { remoteAddress, remotePort, localAddress } = socket;
          const encrypted = 'encrypted' in socket && socket.encrypted;
          response.end(
            [remoteAddress, remotePort, localAddress, encrypted, request.httpVersion].join(' '),
          );
        },
      ));
    }

    afterEach(() => shut(server));

    for (const version of PROTOCOL_VERSIONS) {
      it(`speaks what the header names: ${version.name}, in however many pieces`, async () => {
        await start({ allow: ['127.0.0.0/8'] });
        for (const cut of [0, 5, 20]) {
          const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
          const peer = new RawPeer(socket, version);
          const names = head().map(([name, value]) => [
            version.plainPseudoNames ? name.slice(1).replace('path', 'url') : name,
            value,
          ]) as [string, string][];
          const bytes = Buffer.concat([
            header(0x21, 0x11, IPV4 + alpn(version.name) + TLS_FACTS),
            peer.make.synStream(1, names, { flags: 1 }),
          ]);
          socket.write(bytes.subarray(0, cut));
          await new Promise((later) => setTimeout(later, 5));
          socket.write(bytes.subarray(cut));
          await peer.frame('DATA');
          const text = peer.frames.at(-1)?.data.toString();
          expect(text).to.equal('192.0.2.1 1234 198.51.100.1 true 1.1');
          socket.destroy();
        }
      });
    }

    it('speaks HTTP/1.1 when nothing was negotiated', async () => {
      await start({ allow: (address) => address === '127.0.0.1' });
      const socket = net.connect(port, '127.0.0.1');
      const request = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
      socket.write(Buffer.concat([header(0x21, 0x11, IPV4), Buffer.from(request)]));
      let text = '';
      for await (const chunk of socket) text += (chunk as Buffer).toString();
      expect(text).to.match(/^HTTP\/1\.1 200 OK/);
      expect(text).to.include('192.0.2.1 1234 198.51.100.1 false 1.1');
    });

    it('speaks what the first bytes behind a header say that names no protocol', async () => {
      ({ server, port } = await listen(
        { tls: false, sniff: true, proxyProtocol: { allow: ['127.0.0.1'] } },
        (request, response) => {
          response.end(`${request.socket.remoteAddress} ${request.stream === undefined}`);
        },
      ));
      const line = Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 1234 80\r\n');
      const [version] = PROTOCOL_VERSIONS as [ProtocolVersion];
      for (const split of [false, true]) {
        const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
        const peer = new RawPeer(socket, version);
        const names = head().map(([name, value]) => [
          version.plainPseudoNames ? name.slice(1).replace('path', 'url') : name,
          value,
        ]) as [string, string][];
        const request = peer.make.synStream(1, names, { flags: 1 });
        if (split) {
          socket.write(line);
          await new Promise((later) => setTimeout(later, 5));
          socket.write(request);
        } else socket.write(Buffer.concat([line, request]));
        await peer.frame('DATA');
        expect(peer.frames.at(-1)?.data.toString()).to.equal('192.0.2.1 false');
        socket.destroy();

        const plain = net.connect(port, '127.0.0.1');
        plain.write(
          Buffer.concat([
            line,
            Buffer.from('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'),
          ]),
        );
        let text = '';
        for await (const chunk of plain) text += (chunk as Buffer).toString();
        expect(text).to.match(/192\.0\.2\.1 true$/);
      }
    });

    describe('before TLS', () => {
      const { key, cert } = sharedCertificate();
      const line = Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 1234 80\r\n');

      async function startTls(): Promise<void> {
        ({ server, port } = await listen(
          { key, cert, proxyProtocol: { allow: ['127.0.0.1'] } },
          (request, response) => {
            const { remoteAddress, remotePort, localAddress, encrypted } =
              request.socket as tls.TLSSocket;
            const spoken = request.stream === undefined ? 'http' : 'spdy';
            response.end([remoteAddress, remotePort, localAddress, encrypted, spoken].join(' '));
          },
        ));
      }

      /** A connection that begins with a header; what follows it comes with it, or later. */
      async function begin(bytes: Buffer, together: boolean): Promise<Duplex> {
        const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
        await once(socket, 'connect');
        if (!together) {
          socket.write(bytes);
          return socket;
        }
        let first = true;
        const joined = new Duplex({
          read: () => socket.resume(),
          write: (chunk: Buffer, _encoding, done) => {
            socket.write(first ? Buffer.concat([bytes, chunk]) : chunk, done);
            first = false;
          },
          destroy: (error, done) => {
            socket.destroy();
            done(error);
          },
        });
        socket.on('data', (chunk) => joined.push(chunk)).on('end', () => joined.push(null));
        return joined;
      }

      for (const together of [true, false]) {
        for (const protocol of ['spdy/3.1', 'spdy/2', 'http/1.1']) {
          const title = `shows the client: ${protocol}, the handshake ${together ? 'with' : 'after'} the header`;
          it(title, async () => {
            await startTls();
            const socket = await begin(line, together);
            const agent = new SpdyAgent({
              protocols: [protocol],
              tls: { ca: cert },
              createConnection: () => socket,
            });
            const request = agent.get(`https://localhost:${port}/`);
            const [response] = (await once(request, 'response')) as [AsyncIterable<Buffer>];
            let text = '';
            for await (const chunk of response) text += chunk;
            const spoken = protocol === 'http/1.1' ? 'http' : 'spdy';
            expect(text).to.equal(`192.0.2.1 1234 198.51.100.1 true ${spoken}`);
            agent.destroy();
          });
        }
      }

      it('shows who has connected where the header names nobody', async () => {
        await startTls();
        const socket = await begin(header(0x20, 0, ''), false);
        const secure = tls.connect({ socket, ca: cert, servername: 'localhost' });
        secure.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
        let text = '';
        for await (const chunk of secure) text += chunk;
        expect(text).to.match(/127\.0\.0\.1 \d+ 127\.0\.0\.1 true http$/);
      });

      it('is needed: who begins with the handshake is refused', async () => {
        await startTls();
        const refused = once(server, 'proxyError');
        const socket = tls.connect({ port, host: '127.0.0.1', ca: cert });
        socket.on('error', () => {});
        expect(String((await refused)[0])).to.match(/signature/);
        await closed(socket);
      });

      it('takes new certificates as without', async () => {
        await startTls();
        server.setSecureContext({ key, cert });
        const socket = await begin(line, false);
        const secure = tls.connect({ socket, ca: cert, servername: 'localhost' });
        await once(secure, 'secureConnect');
        secure.destroy();
      });
    });

    it('takes the header only from those who may send it', async () => {
      await start({ allow: ['10.0.0.0/8', '::1'] });
      const refused = once(server, 'proxyError');
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(header(0x21, 0x11, IPV4));
      expect(String((await refused)[0])).to.include('127.0.0.1 may not');
      await closed(socket);
    });

    it('closes connections without a header, at once or in time', async () => {
      await start({ allow: ['127.0.0.1'] }, 30);
      for (const [bytes, reason] of [
        ['GET / HTTP/1.1\r\n\r\n', /signature/],
        ['\r\n', /within 30 ms/],
      ] as const) {
        const refused = once(server, 'proxyError');
        const socket = net.connect(port, '127.0.0.1');
        socket.on('error', () => {});
        socket.write(bytes);
        expect(String((await refused)[0])).to.match(reason);
        await closed(socket);
      }
    });

    it('needs networks that are some, and a certificate for TLS', async () => {
      await start({ allow: [] });
      for (const entry of ['host', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/8/8', '::/129', '::1/x']) {
        await listen({ tls: false, proxyProtocol: { allow: [entry] } }).then(
          () => expect.fail(`accepted ${entry}`),
          (error) => expect(error).to.include({ code: 'ERR_SPDY_INVALID_ARGUMENT' }),
        );
      }
      expect(() => createServer({ proxyProtocol: { allow: [] } })).to.throw(/needs a certificate/);
    });
  });
});
