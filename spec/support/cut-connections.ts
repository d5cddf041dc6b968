import { once } from 'node:events';
import net from 'node:net';
import { Transform } from 'node:stream';
import { createServer, type SpdyServer } from '../../lib/http/server/server.ts';
import { CLIENT } from '../../lib/protocol/constants.ts';
import { Session } from '../../lib/session/session.ts';
import { requestHeaders } from './session-pair.ts';

/** How connections are opened and cut. */
export interface CutOptions {
  readonly connections: number;
  /** Streams on each connection. */
  readonly streams: number;
  /** Connections at once. */
  readonly parallel: number;
  /** A number from 0 to 1, 1 excluded. */
  readonly random: () => number;
  /** Called when so many connections have ended. */
  readonly progress?: (connections: number) => void;
}

/** What became of them. */
export interface CutCounts {
  /** Streams that `request()` returned. */
  opened: number;
  /** 'close' events of these. */
  closed: number;
  /** Streams with more than one 'close'. */
  closedTwice: number;
  /** Requests that reached the handler. */
  handled: number;
  /** 'close' events of their requests and of their responses, by half. */
  handledClosed: { request: number; response: number };
  /** Sessions that the server still has. */
  sessionsLeft: number;
}

/** Bytes of the largest request body. */
const LARGEST_BODY = 3000;

/** Passes what it is given, until so many bytes have passed. */
class Cutter extends Transform {
  #left: number;
  readonly #cut: () => void;

  constructor(bytes: number, cut: () => void) {
    super();
    this.#left = bytes;
    this.#cut = cut;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const passing = Math.min(this.#left, chunk.length);
    if (passing > 0) this.push(chunk.subarray(0, passing));
    this.#left -= passing;
    if (this.#left === 0) setImmediate(this.#cut);
    done();
  }
}

/** Opens sessions with streams over TCP, and cuts each connection at a random byte of either direction, by FIN or by RST. */
export async function cutConnections(options: CutOptions): Promise<CutCounts> {
  const counts: CutCounts = {
    opened: 0,
    closed: 0,
    closedTwice: 0,
    handled: 0,
    handledClosed: { request: 0, response: 0 },
    sessionsLeft: 0,
  };
  const server = echoServer(counts);
  server.listen(0, '127.0.0.1');
  await once(server.listener, 'listening');
  const { port } = server.address() as net.AddressInfo;
  let begun = 0;
  let ended = 0;
  const worker = async (): Promise<void> => {
    while (begun < options.connections) {
      begun++;
      await cutOne(port, options, counts);
      options.progress?.(++ended);
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, worker));
  while (server.sessions.size > 0) await new Promise(setImmediate);
  counts.sessionsLeft = server.sessions.size;
  await server.close();
  return counts;
}

/** Sends bodies back; counts the ends of what it was given. */
function echoServer(counts: CutCounts): SpdyServer {
  const server = createServer({ tls: false, version: 'spdy/3.1' }, (request, response) => {
    counts.handled++;
    request.on('error', () => {});
    response.on('error', () => {});
    request.on('close', () => counts.handledClosed.request++);
    response.on('close', () => counts.handledClosed.response++);
    request.pipe(response);
  });
  server.on('sessionError', () => {});
  return server;
}

/** One connection from its first byte until everything of it has ended. */
async function cutOne(port: number, options: CutOptions, counts: CutCounts): Promise<void> {
  const { random, streams } = options;
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const session = new Session(CLIENT, 'spdy/3.1');
  session.on('error', () => {});
  const cut = random() < 0.5 ? () => socket.destroy() : () => socket.resetAndDestroy();
  const bytes = Math.floor(random() * streams * LARGEST_BODY);
  const [out, into] = random() < 0.5 ? [bytes, Infinity] : [Infinity, bytes];
  socket.pipe(new Cutter(into, cut)).pipe(session).pipe(new Cutter(out, cut)).pipe(socket);
  const ended = once(session, 'close');
  const ends: Promise<void>[] = [];
  for (let index = 0; index < streams; index++) {
    const stream = session.request(requestHeaders('POST', '/'));
    let closes = 0;
    counts.opened++;
    stream.on('error', () => {});
    ends.push(
      new Promise<void>((done) =>
        stream.on('close', () => {
          counts.closed++;
          if (++closes === 2) counts.closedTwice++;
          done();
        }),
      ),
    );
    stream.resume();
    stream.end(Buffer.alloc(Math.floor(random() * LARGEST_BODY)));
  }
  socket.on('close', () => session.destroy());
  await Promise.all(ends);
  // The cut may lie behind the last byte of the last stream.
  cut();
  await ended;
}
