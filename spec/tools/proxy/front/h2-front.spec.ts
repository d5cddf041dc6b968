import { once } from 'node:events';
import http2 from 'node:http2';
import type net from 'node:net';
import { expect } from 'chai';
import { H2Reply } from '../../../../lib/tools/proxy/front/h2-front.ts';
import { createProxy, type SpdyProxy } from '../../../../lib/tools/proxy/proxy.ts';
import { type Application, startApplication } from '../support/application.ts';
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  type Frame,
  frame,
  GOAWAY,
  HEADERS,
  literal,
  RawClient,
  RST_STREAM,
  SETTINGS,
} from '../support/h2-frames.ts';

const GET = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'a'],
] as const;

describe('tools/proxy/front/h2-front', () => {
  let application: Application;
  let proxy: SpdyProxy;
  let client: RawClient;
  let port: number;

  beforeEach(async () => {
    application = await startApplication('http/1.1');
    proxy = createProxy({ backs: [application.back] });
    const front = { port: 0, host: '127.0.0.1', tls: false, sniff: true } as const;
    ({ port } = await proxy.listen(front));
    client = new RawClient(port);
  });

  afterEach(async () => {
    client.socket.destroy();
    proxy.destroy();
    await application.close();
  });

  for (const path of ['/cut', '/cut?sized']) {
    it(`ends an answer that is cut off with RST_STREAM, without END_STREAM (${path})`, async () => {
      client.send([...GET, [':path', path]]);
      const frames = await client.until(RST_STREAM);
      expect(frames.map(({ type }) => type)).to.deep.equal([HEADERS, DATA, RST_STREAM]);
      expect(frames.filter(({ flags, type }) => type === DATA && (flags & END_STREAM) !== 0)).to.be
        .empty;
      expect(frames.at(-1)?.payload.readUInt32BE()).to.be.above(0);
    });
  }

  it('ends one that is complete with END_STREAM', async () => {
    client.send([...GET, [':path', '/sized?bytes=5']]);
    let frames: Frame[] = [];
    do frames = await client.until(DATA);
    while (
      !frames.some(({ flags }) => (flags & END_STREAM) !== 0) &&
      (await once(client.socket, 'data'))
    );
    expect(frames.some(({ type }) => type === RST_STREAM)).to.equal(false);
  });

  for (const [what, bytes] of [
    ['asks for nothing', Buffer.alloc(0)],
    [
      'begins a request, and does not end its head',
      frame(HEADERS, 0, 1, literal(':method', 'GET')),
    ],
  ] as const) {
    it(`closes a session that ${what}`, async () => {
      const front = { host: '127.0.0.1', tls: false, sniff: true, idleTimeoutMs: 20 } as const;
      const idle = new RawClient((await proxy.listen({ port: 0, ...front })).port);
      idle.socket.write(bytes);
      await once(idle.socket, 'close');
      expect(idle.frames.map(({ type }) => type)).to.include(GOAWAY);
    });
  }

  it('ends a stream whose answer the client does not take to its end', async () => {
    const session = { stallTimeoutMs: 20 };
    const front = { host: '127.0.0.1', tls: false, sniff: true, session } as const;
    const slow = new RawClient((await proxy.listen({ port: 0, ...front })).port);
    const noWindow = Buffer.from([0, 4, 0, 0, 0, 0]);
    slow.socket.write(frame(SETTINGS, 0, 0, noWindow));
    slow.send([...GET, [':path', '/sized?bytes=10']]);
    const frames = await slow.until(RST_STREAM);
    expect(frames.map(({ type }) => type)).to.deep.equal([HEADERS, RST_STREAM]);
    slow.socket.destroy();
  });

  it('ends the stream of a CONNECT that is refused, although the client does not', async () => {
    client.send(
      [
        [':method', 'CONNECT'],
        [':authority', 'a:1'],
      ],
      0,
    );
    const frames = await client.until(RST_STREAM);
    expect(frames.map(({ type }) => type)).to.include(HEADERS);
    // NO_ERROR: the answer counts.
    expect(frames.at(-1)?.payload.readUInt32BE()).to.equal(0);
  });

  it('answers nothing on a stream that was reset, although some of its body is unread', async () => {
    const server = http2.createServer();
    server.on('session', (session) => session.on('error', () => {}));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const raw = new RawClient((server.address() as net.AddressInfo).port);
    raw.send([[':method', 'POST'], ...GET.slice(1), [':path', '/']], 0);
    raw.socket.write(frame(DATA, 0, 1, Buffer.from('read')));
    const [stream] = (await once(server, 'stream')) as [http2.ServerHttp2Stream];
    const reply = new H2Reply(stream, false);
    stream.once('data', () => stream.pause());
    await once(stream, 'pause');
    raw.socket.write(frame(DATA, 0, 1, Buffer.from('unread')));
    raw.socket.write(frame(RST_STREAM, 0, 1, Buffer.from([0, 0, 0, 0])));
    await once(stream, 'aborted');
    expect(stream.closed).to.equal(true);
    expect(reply.push({} as never, () => {})).to.equal(null);
    reply.inform(103, []);
    reply.respond({ status: 200, message: '', fields: [] }, false);
    expect(stream.headersSent).to.equal(false);
    const gone = new Promise((resolve) => reply.onGone(resolve));
    expect(await gone).to.be.an('error');
    raw.socket.destroy();
    stream.destroy();
    server.close();
  });

  it('tells the back when the client resets a stream', async () => {
    client.send([...GET, [':path', '/slow']]);
    await client.until(DATA);
    const aborted = application.onceAborted();
    client.socket.write(frame(RST_STREAM, 0, 1, Buffer.from([0, 0, 0, 8])));
    expect(await aborted).to.equal('GET /slow');
  });

  const reset = frame(RST_STREAM, 0, 1, Buffer.from([0, 0, 0, 8]));
  const invalid = frame(HEADERS, END_HEADERS | END_STREAM, 2, literal(':method', 'GET'));
  for (const [what, behind] of [
    ['resets it at once', reset],
    ['breaks the protocol at once', invalid],
  ] as const) {
    it(`takes no request of a client that ${what}`, async () => {
      const block = Buffer.concat(
        [...GET, [':path', '/sized?bytes=5'] as const].map(([name, value]) => literal(name, value)),
      );
      const request = frame(HEADERS, END_HEADERS | END_STREAM, 1, block);
      client.socket.write(Buffer.concat([request, behind]));
      // Another client is served as before.
      const other = new RawClient(port);
      other.send([...GET, [':path', '/sized?bytes=5']]);
      const [head] = await other.until(HEADERS);
      expect(head?.type).to.equal(HEADERS);
      expect(proxy.statistics[0]?.requests).to.equal(1);
      other.socket.destroy();
    });
  }

  it('tells the back when a request is cut off, whatever is announced', async () => {
    client.send([[':method', 'POST'], ...GET.slice(1), [':path', '/echo']], 0);
    client.socket.write(frame(DATA, 0, 1, Buffer.from('begun')));
    await client.until(DATA);
    const aborted = application.onceAborted();
    client.socket.write(frame(RST_STREAM, 0, 1, Buffer.from([0, 0, 0, 0])));
    expect(await aborted).to.equal('POST /echo');
  });

  it('refuses a host that differs from the authority', async () => {
    client.send([...GET, [':path', '/facts'], ['host', 'b']]);
    const frames = await client.until(DATA);
    const text = Buffer.concat(frames.filter(({ type }) => type === DATA).map((it) => it.payload));
    expect(text.toString()).to.match(/^400 Bad Request: an authority and a host that differ/);
    expect(application.seen).to.deep.equal([]);
  });
});
