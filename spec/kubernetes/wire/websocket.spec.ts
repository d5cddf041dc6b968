import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { WebSocket, WebSocketServer } from 'ws';
import { WEBSOCKET_OPTIONS, WebSocketDuplex } from '../../../lib/kubernetes/wire/websocket.ts';
import { SPDY3_1 } from '../../../lib/protocol/version.ts';
import {
  FORWARD_PATH,
  forwardStream,
  refusedClient,
  type ServedStreams,
  serveStreams,
  textOn,
} from '../../support/kubernetes-peer.ts';
import { closed, RawPeer, settle, until } from '../../support/session-pair.ts';

/** A masked WebSocket frame with a mask of zeros. */
function message(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const head = length < 126 ? Buffer.of(0x80 | opcode, 0x80 | length) : Buffer.alloc(4);
  if (length >= 126) {
    head.set([0x80 | opcode, 0x80 | 126]);
    head.writeUInt16BE(length, 2);
  }
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

const BINARY = 2;
const TEXT = 1;
const CLOSE = 8;

/** A client by hand: its bytes go out in binary messages of `size` bytes, the server's messages are joined. */
class RawWebSocket extends Duplex {
  readonly socket: net.Socket;
  /** Opcodes that are no binary message, with their payload. */
  readonly others: { opcode: number; payload: Buffer }[] = [];
  size = 60_000;
  #pending = Buffer.alloc(0);

  constructor(socket: net.Socket) {
    super();
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#parse(chunk));
    socket.on('close', () => this.destroy());
    socket.on('error', () => {});
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (let at = 0; at < chunk.length; at += this.size)
      this.socket.write(message(BINARY, chunk.subarray(at, at + this.size)));
    done();
  }

  #parse(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const bytes = this.#pending;
      if (bytes.length < 2) return;
      const short = (bytes[1] as number) & 127;
      const head = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (bytes.length < head) return;
      const length = head === 2 ? short : bytes.readUIntBE(head === 4 ? 2 : 4, head === 4 ? 2 : 6);
      if (bytes.length < head + length) return;
      const opcode = (bytes[0] as number) & 15;
      const payload = bytes.subarray(head, head + length);
      this.#pending = bytes.subarray(head + length);
      if (opcode === BINARY) this.push(payload);
      else this.others.push({ opcode, payload });
    }
  }
}

const UPGRADE = [
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io',
];

describe('Kubernetes: SPDY inside WebSocket', () => {
  describe('at the server', () => {
    let served: ServedStreams | null = null;

    async function start(): Promise<{ webSocket: RawWebSocket; peer: RawPeer; head: string }> {
      served = await serveStreams({ portForward: ({ stream }) => pipeline(stream, stream) });
      const socket = net.connect(served.port, '127.0.0.1');
      const lines = [`GET ${FORWARD_PATH} HTTP/1.1`, 'Host: a', 'Connection: Upgrade'];
      lines.push('Upgrade: websocket', ...UPGRADE);
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      const webSocket = new RawWebSocket(socket);
      return { webSocket, peer: new RawPeer(webSocket, SPDY3_1), head: chunk.toString('latin1') };
    }

    function open(peer: RawPeer, text: string): void {
      peer.send(
        peer.make.synStream(1, forwardStream('error', 80, 0)),
        peer.make.data(1, '', 1),
        peer.make.synStream(3, forwardStream('data', 80, 0)),
        peer.make.data(3, text, 1),
      );
    }

    afterEach(async () => {
      await served?.stop();
      served = null;
    });

    it('is negotiated by its name, which no WebSocket library would take', async () => {
      const { head, webSocket } = await start();
      expect(head).to.match(/^HTTP\/1\.1 101 /);
      expect(head).to.match(/^Sec-WebSocket-Protocol: SPDY\/3\.1\+portforward\.k8s\.io\r$/m);
      webSocket.socket.destroy();
    });

    it('forwards connections; where messages end means nothing', async () => {
      for (const size of [60_000, 7, 1]) {
        const { webSocket, peer } = await start();
        webSocket.size = size;
        webSocket.socket.write(message(BINARY, Buffer.alloc(0)));
        open(peer, 'hello');
        expect(await textOn(peer, 3)).to.equal('hello');
        expect(await textOn(peer, 1)).to.equal('');
        webSocket.socket.write(message(CLOSE, Buffer.of(3, 232)));
        await closed(webSocket.socket);
        await until(() => served?.streaming.sessions === 0);
        expect(served?.errors).to.deep.equal([]);
        await served?.stop();
      }
    });

    it('ends with GOAWAY, then a close frame with 1000', async () => {
      const { webSocket, peer } = await start();
      open(peer, 'hello');
      await textOn(peer, 1);
      peer.send(peer.make.goaway(0));
      await until(() => webSocket.others.length > 0);
      expect(peer.names.at(-1)).to.equal('GOAWAY');
      const { opcode, payload } = webSocket.others[0] as { opcode: number; payload: Buffer };
      expect([opcode, payload.readUInt16BE()]).to.deep.equal([CLOSE, 1000]);
      webSocket.socket.write(message(CLOSE, payload));
      await closed(webSocket.socket);
    });

    it('ends by a text message', async () => {
      const { webSocket, peer } = await start();
      open(peer, 'hello');
      await textOn(peer, 3);
      webSocket.socket.write(message(TEXT, Buffer.from('hello')));
      await closed(webSocket.socket);
      await until(() => served?.streaming.sessions === 0);
    });

    it('ends by a message above 1 MiB', async () => {
      const { webSocket } = await start();
      const head = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1, 0, 0, 0, 0]);
      webSocket.socket.write(head);
      await closed(webSocket.socket);
      await until(() => served?.streaming.sessions === 0);
    });

    it('is refused with another name or a bad handshake', async () => {
      served = await serveStreams({ portForward: () => {} });
      const { port } = served;
      const ask = (lines: string[]): Promise<string> =>
        refusedClient(port, FORWARD_PATH, { method: 'GET', upgrade: 'websocket', lines });
      const another = [...UPGRADE.slice(0, 2), 'Sec-WebSocket-Protocol: SPDY/3+portforward.k8s.io'];
      expect(await ask(another)).to.match(/^HTTP\/1\.1 403 [\s\S]*v4\.channel/);
      expect(await ask(UPGRADE.slice(1))).to.match(/^HTTP\/1\.1 4\d\d /);
      await until(() => served?.streaming.sessions === 0);
    });
  });

  describe('as a Duplex', () => {
    /** Both ends of a WebSocket. */
    async function pair(): Promise<{ ours: WebSocketDuplex; theirs: WebSocket; end(): void }> {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...WEBSOCKET_OPTIONS });
      await once(server, 'listening');
      const theirs = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const [socket] = (await once(server, 'connection')) as [WebSocket];
      if (theirs.readyState !== WebSocket.OPEN) await once(theirs, 'open');
      const ours = new WebSocketDuplex(socket);
      const end = (): void => {
        theirs.terminate();
        server.close();
      };
      return { ours, theirs, end };
    }

    for (const code of [1000, 1001, undefined]) {
      it(`close code ${code} is the end of the bytes`, async () => {
        const { ours, theirs, end } = await pair();
        theirs.send(Buffer.from('last'));
        theirs.close(code);
        let text = '';
        for await (const chunk of ours) text += String(chunk);
        expect(text).to.equal('last');
        end();
      });
    }

    it('other codes, and the loss of the connection, are errors', async () => {
      for (const go of [(one: WebSocket) => one.close(1011), (one: WebSocket) => one.terminate()]) {
        const { ours, theirs, end } = await pair();
        const failure = once(ours, 'error');
        go(theirs);
        const [error] = await failure;
        expect(error).to.have.property('code', 'ERR_SPDY_TRANSPORT_CLOSED');
        end();
      }
    });

    it('a text message is an error', async () => {
      const { ours, theirs, end } = await pair();
      const failure = once(ours, 'error');
      ours.resume();
      theirs.send('text');
      const [error] = await failure;
      expect(error).to.have.property('code', 'ERR_SPDY_TRANSPORT_CLOSED');
      end();
    });

    it('writing fails when the WebSocket is closed', async () => {
      const { ours, theirs, end } = await pair();
      theirs.close(1000);
      await once(theirs, 'close');
      ours.on('error', () => {});
      const failure = await new Promise((done) => ours.write('late', done));
      expect(failure).to.be.instanceOf(Error);
      ours.destroy();
      end();
    });

    it('what nobody reads is held back at the sender', async () => {
      const { ours, theirs, end } = await pair();
      for (let i = 0; i < 512; i++) theirs.send(Buffer.alloc(65536));
      for (let before = -1; before !== theirs.bufferedAmount; await settle(50))
        before = theirs.bufferedAmount;
      expect(theirs.bufferedAmount).to.be.greaterThan(1 << 20);
      let length = 0;
      ours.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      await until(() => length === 512 * 65536);
      ours.on('error', () => {});
      end();
    });

    it('PING is answered, as long as the peer reads', async () => {
      const { ours, theirs, end } = await pair();
      ours.resume();
      theirs.ping('are you there?');
      const [data] = await once(theirs, 'pong');
      expect(String(data)).to.equal('are you there?');
      ours.on('error', () => {});
      end();
    });
  });

  it('PING is not answered to a peer that does not read', () => {
    const listeners = new Map<string, (...args: never[]) => void>();
    let pongs = 0;
    const socket = {
      readyState: 1,
      bufferedAmount: 0,
      on: (event: string, listener: (...args: never[]) => void) => listeners.set(event, listener),
      send: () => {},
      pong: () => {
        pongs += 1;
      },
      pause: () => {},
      resume: () => {},
      close: () => {},
      terminate: () => {},
    };
    new WebSocketDuplex(socket);
    const ping = listeners.get('ping') as (data: Buffer) => void;
    ping(Buffer.alloc(0));
    socket.bufferedAmount = 65536;
    ping(Buffer.alloc(0));
    expect(pongs).to.equal(1);
  });
});
