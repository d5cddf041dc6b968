import { foreignProtocol } from '../../../framing/foreign-protocol.ts';
import { findVersion, type ProtocolVersion } from '../../../protocol/version.ts';
import type { DumpDirection } from '../events.ts';
import { bodyOf, type HttpHead, HttpMessages } from './http-message.ts';
import { WebSocketReader } from './websocket-reader.ts';

/** What an opening leads to. */
export interface OpeningSink {
  /** SPDY follows: of this version, null if that is not known; behind `opening`, null for nothing. */
  opened(version: ProtocolVersion | null, opening: string | null): void;
  /** Bytes of SPDY. */
  spdy(direction: DumpDirection, chunk: Buffer): void;
  /** It is not SPDY, and will not be. */
  foreign(direction: DumpDirection, text: string): void;
}

/** What a direction is in; `wait`: a request that may change the protocol was sent, and what comes is kept. */
type Stage = 'start' | 'http' | 'wait' | 'spdy' | 'websocket';

/** Bytes that tell what a connection speaks. */
const TELLING_BYTES = 8;
/** Bytes that are kept behind a request that is not answered. */
const MOST_HELD = 1 << 16;
/** Requests at once that are not answered. */
const MOST_ASKED = 256;
/** Proxies on the way that are asked by CONNECT, one behind the other. */
const MOST_TUNNELS = 16;
const NO_BYTES: Buffer = Buffer.alloc(0);
const BEGINNING = /^(?:HTTP\/1\.|(?:GET|HEAD|POST|PUT|DELETE|PATCH|TRACE|OPTIONS|CONNECT) )/;

/** A request that is not answered. */
interface Asked {
  readonly line: string;
  readonly method: string;
}

interface Half {
  stage: Stage;
  held: Buffer;
  http: HttpMessages;
  socket: WebSocketReader | null;
}

/**
 * Finds SPDY in a connection: at once, behind an upgrade or a CONNECT of HTTP/1.1 (other requests may come before it), in the messages of a
 * WebSocket.
 */
export class Opening {
  readonly #sink: OpeningSink;
  readonly #halves: Readonly<Record<DumpDirection, Half>>;
  readonly #asked: Asked[] = [];
  readonly #opening: string[] = [];
  #opened = false;
  #ended = false;

  constructor(sink: OpeningSink) {
    this.#sink = sink;
    this.#halves = { c2s: makeHalf(), s2c: makeHalf() };
  }

  /** Takes the next bytes of a direction. */
  push(direction: DumpDirection, chunk: Buffer): void {
    if (this.#ended || chunk.length === 0) return;
    const half = this.#halves[direction];
    if (half.stage === 'spdy') {
      this.#sink.spdy(direction, chunk);
      return;
    }
    try {
      this.#read(direction, half, chunk);
    } catch (error) {
      this.#fail(direction, (error as Error).message);
    }
  }

  #read(direction: DumpDirection, half: Half, chunk: Buffer): void {
    if (half.stage === 'websocket') half.socket?.read(chunk);
    else if (half.stage === 'wait') this.#hold(half, chunk);
    else if (half.stage === 'http') this.#readHttp(direction, half, chunk);
    else this.#start(direction, half, Buffer.concat([half.held, chunk]));
  }

  #hold(half: Half, chunk: Buffer): void {
    if (half.held.length + chunk.length > MOST_HELD)
      throw new Error('a request for an upgrade that is not answered');
    half.held = Buffer.concat([half.held, chunk]);
  }

  #start(direction: DumpDirection, half: Half, bytes: Buffer): void {
    if ((bytes[0] as number) >= 0x80) {
      this.#open(null);
      half.held = NO_BYTES;
      half.stage = 'spdy';
      this.#sink.spdy(direction, bytes);
      return;
    }
    half.held = bytes;
    if (bytes.length < TELLING_BYTES) return;
    half.held = NO_BYTES;
    if (BEGINNING.test(bytes.toString('latin1', 0, TELLING_BYTES))) {
      half.stage = 'http';
      this.#readHttp(direction, half, bytes);
      return;
    }
    const foreign = foreignProtocol(bytes);
    if (foreign !== null) throw new Error(`not SPDY but ${foreign}`);
    // It may be SPDY that is cut: the reader looks for frames.
    this.#open(null);
    half.stage = 'spdy';
    this.#sink.spdy(direction, bytes);
  }

  #readHttp(direction: DumpDirection, half: Half, chunk: Buffer): void {
    let at = 0;
    while (half.stage === 'http') {
      const read = half.http.read(chunk, at);
      if (read === null) return;
      at = read.at;
      if (direction === 'c2s') this.#request(half, read.head);
      else this.#response(half, read.head);
    }
    if (at < chunk.length) this.push(direction, chunk.subarray(at));
  }

  #request(half: Half, head: HttpHead): void {
    const [method = ''] = head.line.split(' ', 1);
    if (!BEGINNING.test(`${method} `) || method === '')
      throw new Error('not SPDY but something like HTTP/1.1');
    if (this.#asked.length === MOST_ASKED)
      throw new Error(`HTTP/1.1 with more than ${MOST_ASKED} requests that are not answered`);
    this.#asked.push({ line: head.line.replace(/ HTTP\/[\d.]+$/, ''), method });
    const changes = method === 'CONNECT' || head.fields.has('upgrade');
    half.http.body(bodyOf(head, 0));
    // What follows is no request, or one that waits for the answer.
    if (changes) half.stage = 'wait';
  }

  #response(half: Half, head: HttpHead): void {
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head.line)?.[1] ?? 0);
    if (status === 0) throw new Error('not SPDY but something like HTTP/1.1');
    if (status >= 100 && status < 200 && status !== 101) return;
    const asked = this.#asked.shift();
    const client = this.#halves.c2s;
    if (status === 101) {
      this.#upgrade(head, asked);
    } else if (asked?.method === 'CONNECT' && status < 300) {
      if (this.#opening.length === MOST_TUNNELS)
        throw new Error(`more than ${MOST_TUNNELS} CONNECTs behind each other`);
      this.#opening.push(asked.line);
      for (const one of [client, half]) one.stage = 'start';
      this.#release(client);
    } else {
      const none = asked?.method === 'HEAD' || status === 204 || status === 304;
      half.http.body(none ? 0 : bodyOf(head, 'close'));
      if (client.stage === 'wait' && this.#asked.length === 0) {
        client.stage = 'http';
        this.#release(client);
      }
    }
  }

  #upgrade({ fields }: HttpHead, asked: Asked | undefined): void {
    const protocol = fields.get('upgrade') ?? '';
    const sub = fields.get('sec-websocket-protocol') ?? '';
    const socket = /^websocket$/i.test(protocol);
    const name = /^spdy\/(?:2|3\.1|3)(?=$|\+)/i.exec(socket ? sub : protocol)?.[0].toLowerCase();
    this.#opening.push(
      `${asked?.line ?? '?'} (${socket ? `WebSocket: ${sub}` : `Upgrade: ${protocol}`})`,
    );
    if (name === undefined) {
      throw new Error(
        `not SPDY but ${socket ? `a WebSocket: ${sub || 'no sub-protocol'}` : protocol}: ${asked?.line ?? '?'}`,
      );
    }
    this.#open(findVersion(name));
    for (const direction of ['c2s', 's2c'] as const) {
      const half = this.#halves[direction];
      half.stage = socket ? 'websocket' : 'spdy';
      if (socket) half.socket = new WebSocketReader((part) => this.#sink.spdy(direction, part));
    }
    this.#release(this.#halves.c2s);
  }

  /** Reads what was kept. */
  #release(half: Half): void {
    const { held } = half;
    half.held = NO_BYTES;
    this.push('c2s', held);
  }

  #open(version: ProtocolVersion | null): void {
    if (this.#opened) return;
    this.#opened = true;
    this.#sink.opened(version, this.#opening.length === 0 ? null : this.#opening.join(', '));
  }

  #fail(direction: DumpDirection, text: string): void {
    this.#ended = true;
    this.#sink.foreign(direction, text);
  }
}

function makeHalf(): Half {
  return { stage: 'start', held: NO_BYTES, http: new HttpMessages(), socket: null };
}
