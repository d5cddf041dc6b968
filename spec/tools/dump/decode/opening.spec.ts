import { expect } from 'chai';
import { type Collected, collect, requestWith } from '../collect.ts';

const REQUEST = requestWith([]);
const ANSWER = Buffer.from('800300060000000400000002', 'hex');
const UPGRADE =
  'POST /api/v1/exec?command=ls HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n';
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\n\r\n';
const SOCKET =
  'GET /portforward HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io\r\n\r\n';
const SOCKET_SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nsec-websocket-protocol: SPDY/3.1+portforward.k8s.io\r\n\r\n';

type Step = readonly ['c2s' | 's2c', string | Buffer];

/** Reads the steps as they are, and byte by byte; both are the same. */
function read(...steps: readonly Step[]): Collected {
  const [whole, bytes] = [collect(), collect()];
  for (const [direction, part] of steps) {
    const chunk = Buffer.from(part);
    whole.decoder.push(direction, chunk);
    for (const byte of chunk) bytes.decoder.push(direction, Buffer.of(byte));
  }
  expect(bytes.found.events).to.deep.equal(whole.found.events);
  return whole.found;
}

function message(payload: Buffer, mask: readonly number[] | null, opcode = 2): Buffer {
  const bit = mask === null ? 0 : 0x80;
  const size =
    payload.length < 126
      ? Buffer.of(bit | payload.length)
      : Buffer.of(bit | 126, payload.length >> 8, payload.length & 255);
  const body = payload.map((byte, index) => byte ^ (mask?.[index & 3] ?? 0));
  return Buffer.concat([Buffer.of(0x80 | opcode), size, Buffer.from(mask ?? []), body]);
}

describe('Opening', () => {
  const frames = ['c2s 0 SYN_STREAM 1', 's2c 0 PING 0'];

  it('finds SPDY at once', () => {
    const found = read(['c2s', REQUEST], ['s2c', ANSWER]);
    expect(found.line).to.deep.equal(frames);
    expect(found.events[0]).to.include({ event: 'connection', opening: null });
  });

  it('finds SPDY behind an upgrade, also when the client does not wait for the answer', () => {
    for (const steps of [
      [
        ['c2s', UPGRADE],
        ['s2c', SWITCHED],
        ['c2s', REQUEST],
        ['s2c', ANSWER],
      ],
      [
        ['c2s', UPGRADE],
        ['c2s', REQUEST],
        ['s2c', SWITCHED],
        ['s2c', ANSWER],
      ],
    ] as const) {
      const found = read(...steps);
      expect(found.line).to.deep.equal(frames);
      expect(found.events[0]).to.include({
        version: 'spdy/3.1',
        opening: 'POST /api/v1/exec?command=ls (Upgrade: SPDY/3.1)',
      });
    }
  });

  it('finds it behind other requests, whatever their bodies', () => {
    const found = read(
      ['c2s', 'GET /a HTTP/1.1\r\n\r\n'],
      ['s2c', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
      ['c2s', 'PUT /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc'],
      ['s2c', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n'],
      ['c2s', 'HEAD /c HTTP/1.1\r\n\r\n'],
      ['s2c', 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n'],
      ['c2s', UPGRADE],
      ['s2c', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'],
      ['c2s', UPGRADE],
      ['s2c', SWITCHED],
      ['c2s', REQUEST],
      ['s2c', ANSWER],
    );
    expect(found.line).to.deep.equal(frames);
  });

  it('finds it behind CONNECT', () => {
    const found = read(
      ['c2s', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n'],
      ['s2c', 'HTTP/1.1 200 Connection established\r\n\r\n'],
      ['c2s', UPGRADE],
      ['s2c', SWITCHED],
      ['c2s', REQUEST],
      ['s2c', ANSWER],
    );
    expect(found.line).to.deep.equal(frames);
    expect(found.events[0]).to.include({
      opening: 'CONNECT a:443, POST /api/v1/exec?command=ls (Upgrade: SPDY/3.1)',
    });
  });

  it('remembers no more of requests and proxies than a connection to SPDY can have', () => {
    const requests = 'GET / HTTP/1.1\r\n\r\n';
    const answered = collect();
    for (let i = 0; i < 1000; i++) {
      answered.decoder.push('c2s', Buffer.from(requests));
      answered.decoder.push('s2c', Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'));
    }
    expect(answered.found.notes).to.deep.equal([]);
    expect(read(['c2s', requests.repeat(257)]).notes).to.deep.equal([
      'HTTP/1.1 with more than 256 requests that are not answered',
    ]);
    const { found, decoder } = collect();
    for (let i = 0; i < 17; i++) {
      decoder.push('c2s', Buffer.from('CONNECT a:443 HTTP/1.1\r\n\r\n'));
      decoder.push('s2c', Buffer.from('HTTP/1.1 200 OK\r\n\r\n'));
    }
    expect(found.notes).to.deep.equal(['more than 16 CONNECTs behind each other']);
  });

  it('takes it out of the messages of a WebSocket', () => {
    const mask = [1, 2, 3, 4];
    const found = read(
      ['c2s', SOCKET],
      ['s2c', SOCKET_SWITCHED],
      ['c2s', message(REQUEST.subarray(0, 30), mask)],
      ['c2s', message(Buffer.from('ping'), mask, 9)],
      ['s2c', message(ANSWER, null)],
      ['c2s', message(REQUEST.subarray(30), mask)],
      ['c2s', message(Buffer.alloc(300), mask, 9)],
      ['s2c', message(Buffer.of(3, 232), null, 8)],
    );
    expect([...found.line].sort()).to.deep.equal(frames);
    expect(found.events[0]).to.include({
      opening: 'GET /portforward (WebSocket: SPDY/3.1+portforward.k8s.io)',
    });
  });

  it('says what is not SPDY', () => {
    const text = (...steps: readonly Step[]): string => read(...steps).notes.join();
    const socket = SOCKET_SWITCHED.replace('SPDY/3.1+portforward.k8s.io', 'v5.channel.k8s.io');
    expect(text(['c2s', SOCKET], ['s2c', socket])).to.equal(
      'not SPDY but a WebSocket: v5.channel.k8s.io: GET /portforward',
    );
    expect(text(['c2s', UPGRADE], ['s2c', SWITCHED.replace('SPDY/3.1', 'h2c')])).to.equal(
      'not SPDY but h2c: POST /api/v1/exec?command=ls',
    );
    expect(text(['c2s', 'SSH-2.0-OpenSSH'])).to.equal('not SPDY but SSH');
    expect(text(['c2s', 'GET / HTTP/1.1\r\n\r\n'], ['s2c', 'HTTP/1.1 ?\r\n\r\n'])).to.equal(
      'not SPDY but something like HTTP/1.1',
    );
    expect(
      text(['c2s', SOCKET], ['s2c', SOCKET_SWITCHED], ['s2c', message(ANSWER, null, 1)]),
    ).to.equal('a text message in a WebSocket that carries SPDY');
    const chunks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n';
    expect(text(['c2s', 'GET / HTTP/1.1\r\n\r\n'], ['s2c', chunks])).to.equal(
      'HTTP/1.1 with a body that is no chunks',
    );
  });

  it('keeps no more than it must', () => {
    const { found, decoder } = collect();
    decoder.push('c2s', Buffer.from(UPGRADE));
    for (let i = 0; i < 9; i++) decoder.push('c2s', Buffer.alloc(10_000, 0x80));
    expect(found.notes).to.deep.equal(['a request for an upgrade that is not answered']);
    const head = collect();
    head.decoder.push('c2s', Buffer.from('GET / HTTP/1.1\r\n'));
    for (let i = 0; i < 9; i++) head.decoder.push('c2s', Buffer.alloc(10_000, 0x41));
    expect(head.found.notes).to.deep.equal(['HTTP/1.1 with a head above 64 KiB']);
  });
});
