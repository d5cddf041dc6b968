import { createHash, type Hash } from 'node:crypto';
import v8 from 'node:v8';
import vm from 'node:vm';
import { CLIENT, DATA_FLAG_FIN, SERVER } from '../../lib/protocol/constants.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import type { ProtocolVersion } from '../../lib/protocol/version.ts';
import { Session } from '../../lib/session/session.ts';
import type { SessionOptions } from '../../lib/session/session-options.ts';
import { FrameFactory } from '../support/frame-factory.ts';
import { memoryConnection, pairOver, RawPeer, until } from '../support/session-pair.ts';
import { patternBytes } from '../support/test-provider.ts';

/** Some headers. */
export const HEADERS: HeaderList = [['name', 'value']];
/** Headers of a stream whose data the application leaves unread. */
export const UNREAD: HeaderList = [['unread', 'yes']];

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

/**
 * Bytes that are in use after a garbage collection: heap, buffers, and what else V8 knows of. The memory of dead buffers is given
 * back by another thread after a collection; the next collection waits for it.
 */
export function memoryInUse(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** SHA-256 as hex. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Lets a server session answer every request with the digest of its body; bytes count as consumed at once. */
function answerWithDigests(session: Session): void {
  const bodies = new Map<number, Hash>();
  const unread = new Set<number>();
  session.on('synStream', ({ streamId, headers }) => {
    bodies.set(streamId, createHash('sha256'));
    if (headers.some(([name]) => name === 'unread')) unread.add(streamId);
  });
  session.on('dataChunkRecv', (_flags, streamId, chunk) => {
    bodies.get(streamId)?.update(chunk);
    if (!unread.has(streamId)) session.consume(streamId, chunk.length);
  });
  session.on('requestRecv', (streamId) => {
    const digest = bodies.get(streamId)?.digest('hex') ?? '';
    session.submitResponse(streamId, [['digest', digest]]);
  });
}

/** Uploads bodies between two healthy sessions, in small pieces; rejects unless all digests are right. */
export async function healthySession(version: ProtocolVersion, streams = 4): Promise<void> {
  const pair = pairOver(memoryConnection(4096), version, {
    server: { windowUpdates: 'consume' },
  });
  answerWithDigests(pair.server);
  const wanted = new Map<unknown, string>();
  let right = 0;
  pair.client.on('synReply', ({ streamId, headers }) => {
    const number = pair.client.getStreamUserData(streamId);
    if (headers[0]?.[1] === wanted.get(number)) right++;
  });
  for (let number = 0; number < streams; number++) {
    const body = patternBytes(20_000 + 30_000 * number);
    wanted.set(number, digestOf(body));
    pair.client.submitRequest(0, HEADERS, body, number);
    await new Promise((next) => setImmediate(next));
  }
  await until(() => right === streams);
  await pair.end();
}

/** A server session in memory, which consumes what it gets, and a peer that can send it anything. */
export class Target {
  readonly session: Session;
  readonly peer: RawPeer;
  /** Makes the frames of the peer. */
  readonly make: FrameFactory;
  readonly errors: Error[] = [];
  readonly #body: Buffer = patternBytes(30_000);

  /** `level`: how the peer compresses. */
  constructor(version: ProtocolVersion, options: SessionOptions, level = 9) {
    this.make = new FrameFactory(version, { level });
    const { client, server } = memoryConnection();
    this.session = new Session(SERVER, version.id, {
      windowUpdates: 'consume',
      settingsTiming: 'never',
      ...options,
    }).attach(server);
    this.session.on('error', (error) => this.errors.push(error));
    answerWithDigests(this.session);
    this.peer = new RawPeer(client, version);
  }

  /** Opens stream 1 and sends the first half of its body. */
  beginHealthyStream(): void {
    const { make } = this;
    this.peer.send(make.synStream(1, HEADERS), make.data(1, this.#body.subarray(0, 15_000)));
  }

  /** Sends the other half; whether the right digest comes back. */
  async endHealthyStream(): Promise<boolean> {
    this.peer.send(this.make.data(1, this.#body.subarray(15_000), DATA_FLAG_FIN));
    const { headers } = await this.peer.frame('SYN_REPLY');
    return headers[0]?.[1] === digestOf(this.#body);
  }
}

/**
 * Makes SYN_STREAM frames for any number of streams, fast: all have the same headers, and from the second one on the same bytes but
 * for the id, since their blocks are stored and not compressed.
 */
export class StreamOpener {
  readonly #first: Buffer;
  readonly #next: Buffer;
  #id: number;

  constructor(version: ProtocolVersion, flags = 0, side: typeof CLIENT | typeof SERVER = CLIENT) {
    const factory = new FrameFactory(version, { level: 0 });
    this.#first = factory.synStream(0, HEADERS, { flags });
    this.#next = factory.synStream(0, HEADERS, { flags });
    this.#id = side === CLIENT ? -1 : 0;
  }

  /** Stream of the last frame. */
  get id(): number {
    return this.#id;
  }

  /** The frame of the next stream. */
  next(): Buffer {
    const frame = Buffer.from(this.#id < 1 ? this.#first : this.#next);
    this.#id += 2;
    frame.writeUInt32BE(this.#id, 8);
    return frame;
  }
}
