// The least that a program on Node can do for the same bytes, on net alone: node kube-bare.mjs WORK SERVER ARGUMENT..., as kube-client.mjs. No
// check, no limit, no timer, no header compression (stored blocks), no copy; it trusts the server in everything. Whatever a client on Node
// takes less than kubectl, it cannot take less than this.
import { readSync } from 'node:fs';
import net from 'node:net';

const SYN_REPLY = 2;
const FIN = 1;
/** zlib's header, for SPDY's dictionary. */
const ZLIB = Buffer.from('78bbe3c6a7c2', 'hex');
/** An empty block, as Z_SYNC_FLUSH writes one: Go waits for more without it. */
const FLUSH = Buffer.from('000000ffff', 'hex');

/** A connection that was upgraded. `taken(id, piece, isLast)` gets the data of streams. */
class Connection {
  #socket;
  #next = 1;
  #head = Buffer.alloc(8);
  #headLength = 0;
  #left = 0;
  #accepted = 0;
  taken = () => {};
  allAccepted = () => {};

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
  }

  static async dial(server, path, protocol) {
    const { hostname, port, host } = new URL(server);
    const socket = net.connect({ host: hostname, port, noDelay: true });
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n` +
        `Content-Length: 0\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
    );
    // Nothing else comes before a stream is opened.
    await new Promise((resolve) => socket.once('data', resolve));
    return new Connection(socket);
  }

  /** SYN_STREAM; returns the id. */
  open(headers, flags) {
    const id = this.#next;
    this.#next += 2;
    const fields = Object.entries(headers).flatMap((pair) => pair.map(lengthBefore));
    const text = Buffer.concat([uint32(Object.keys(headers).length), ...fields]);
    const stored = Buffer.from([0, text.length, text.length >> 8, ~text.length, ~text.length >> 8]);
    const block = Buffer.concat([id === 1 ? ZLIB : Buffer.alloc(0), stored, text, FLUSH]);
    const length = uint32(((flags << 24) | (10 + block.length)) >>> 0);
    this.#socket.write(
      Buffer.concat([uint32(0x80030001), length, uint32(id), Buffer.alloc(6), block]),
    );
    return id;
  }

  /** DATA; false when the socket wants to wait. */
  send(id, piece, flags, done) {
    this.#socket.cork();
    this.#socket.write(Buffer.concat([uint32(id), uint32(((flags << 24) | piece.length) >>> 0)]));
    const more = this.#socket.write(piece, done);
    this.#socket.uncork();
    return more;
  }

  end() {
    this.#socket.destroySoon();
  }

  #read(chunk) {
    for (let at = 0; at < chunk.length; ) {
      if (this.#headLength < 8) {
        const copied = chunk.copy(this.#head, this.#headLength, at, at + 8 - this.#headLength);
        this.#headLength += copied;
        at += copied;
        if (this.#headLength < 8) return;
        this.#left = this.#head.readUInt32BE(4) & 0xffffff;
        if (this.#left > 0) continue;
      }
      const piece = chunk.subarray(at, at + this.#left);
      this.#left -= piece.length;
      at += piece.length;
      this.#take(piece);
      if (this.#left === 0) this.#headLength = 0;
    }
  }

  #take(piece) {
    const head = this.#head;
    if (head[0] < 0x80) {
      const isLast = this.#left === 0 && (head[4] & FIN) !== 0;
      this.taken(head.readUInt32BE(0), piece, isLast);
    } else if (this.#left === 0 && head[3] === SYN_REPLY) {
      this.#accepted += 1;
      if (2 * this.#accepted === this.#next - 1) this.allAccepted();
    }
  }
}

const [, , work, server, ...args] = process.argv;
const pod = '/api/v1/namespaces/default/pods/p1';

const WORKS = {
  exec: (...command) => run(command, false),
  execWithInput: (...command) => run(command, true),
  async forward(port) {
    const connection = await Connection.dial(server, `${pod}/portforward`, 'portforward.k8s.io');
    const sockets = new Map();
    connection.taken = (id, piece, isLast) => {
      if (piece.length > 0) sockets.get(id)?.write(piece);
      if (isLast) sockets.get(id)?.end();
    };
    let requestid = 0;
    const listener = net.createServer((socket) => {
      requestid += 1;
      connection.open({ streamtype: 'error', port, requestid: `${requestid}` }, FIN);
      const id = connection.open({ streamtype: 'data', port, requestid: `${requestid}` }, 0);
      sockets.set(id, socket);
      socket.on('data', (piece) => connection.send(id, piece, 0));
      socket.on('close', () => sockets.delete(id));
    });
    listener.listen(0, '127.0.0.1', () => {
      console.log(`Forwarding from 127.0.0.1:${listener.address().port} -> ${port}`);
    });
    process.once('SIGTERM', () => process.exit());
  },
};

await WORKS[work](...args);

async function run(command, hasInput) {
  const query = new URLSearchParams(command.map((word) => ['command', word]));
  for (const name of hasInput ? ['stdin', 'stdout', 'stderr'] : ['stdout', 'stderr'])
    query.append(name, 'true');
  const connection = await Connection.dial(server, `${pod}/exec?${query}`, 'v4.channel.k8s.io');
  const running = new Set([connection.open({ streamtype: 'error' }, FIN)]);
  const input = hasInput ? connection.open({ streamtype: 'stdin' }, 0) : 0;
  const output = connection.open({ streamtype: 'stdout' }, FIN);
  running.add(output).add(connection.open({ streamtype: 'stderr' }, FIN));
  connection.taken = (id, piece, isLast) => {
    if (id === output) process.stdout.write(piece);
    if (isLast) running.delete(id);
    if (running.size === 0) connection.end();
  };
  if (!hasInput) return;
  await new Promise((resolve) => {
    connection.allAccepted = resolve;
  });
  const buffer = Buffer.allocUnsafeSlow(262144);
  for (;;) {
    const bytesRead = readSync(0, buffer);
    if (bytesRead === 0) break;
    await new Promise((sent) => connection.send(input, buffer.subarray(0, bytesRead), 0, sent));
  }
  connection.send(input, Buffer.alloc(0), FIN);
}

function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function lengthBefore(text) {
  return Buffer.concat([uint32(text.length), Buffer.from(text)]);
}
