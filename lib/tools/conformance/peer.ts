import type { Duplex } from 'node:stream';
import { clearTimeout, setTimeout } from 'node:timers';
import { FrameEncoder } from '../../engine/send/frame-encoder.ts';
import { GOAWAY, PING, RST_STREAM, SYN_REPLY, SYN_STREAM } from '../../protocol/constants.ts';
import type {
  GoawayFrame,
  Header,
  HeaderList,
  SynReplyFrame,
  SynStreamFrame,
} from '../../protocol/frames.ts';
import type { ProtocolVersion } from '../../protocol/version.ts';
import { Mismatch } from './mismatch.ts';
import { frameWords, type Seen, type SeenData, SeenFrames } from './seen-frames.ts';

const FIN = 1;
/** Frames that a peer may send on one connection. */
const MOST_FRAMES = 200_000;
/** Milliseconds in which what must not come would come. */
const QUIET_MS = 150;

/** What became of a stream. */
export interface Answer {
  /** HTTP status; NaN when it is none. */
  readonly status: number;
  /** Of SYN_REPLY, as they stand on the wire. */
  readonly headers: HeaderList;
  /** Length of the body. */
  readonly bytes: number;
}

/** The peer that is tested, over a connection on which any bytes can be sent. */
export class Peer {
  /** What is spoken with it. */
  readonly version: ProtocolVersion;
  /** What makes frames for it. */
  readonly make: FrameEncoder;
  /** What was sent, in hexadecimal. */
  readonly sent: string[] = [];
  /** Whether windows are given back for what comes, as a reader does. */
  credits = true;
  /** Makes one more connection to it. */
  readonly again: () => Promise<Peer>;
  readonly #socket: Duplex;
  readonly #timeoutMs: number;
  readonly #seen: SeenFrames;
  readonly #authority: string;
  readonly #scheme: string;
  #ended = false;
  #wake: () => void = () => {};

  constructor(
    socket: Duplex,
    version: ProtocolVersion,
    place: { readonly authority: string; readonly scheme: string },
    timeoutMs: number,
    again: () => Promise<Peer>,
  ) {
    this.#socket = socket;
    this.version = version;
    this.make = new FrameEncoder(version.name);
    this.#authority = place.authority;
    this.#scheme = place.scheme;
    this.#timeoutMs = timeoutMs;
    this.again = again;
    this.#seen = new SeenFrames(version.name, (frame) => {
      // Whoever is tested may flood.
      if (this.frames.length >= MOST_FRAMES) this.close();
      this.#credit(frame);
      this.#wake();
    });
    socket.on('data', (chunk: Buffer) => this.#seen.read(chunk));
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    for (const event of ['end', 'close', 'error']) socket.on(event, end);
  }

  /** Everything that it has sent so far. */
  get frames(): readonly Seen[] {
    return this.#seen.list;
  }

  /** The first bytes that it has sent. */
  get start(): Buffer {
    return this.#seen.start;
  }

  /** What it has sent so far, in words. */
  get words(): string {
    const frames = this.frames.map(frameWords);
    if (this.#ended) frames.push('the end of the connection');
    return frames.length === 0 ? 'nothing' : frames.join(', ');
  }

  /** Sends frames, or any bytes. */
  send(...pieces: readonly Uint8Array[]): void {
    const bytes = Buffer.concat(pieces);
    this.sent.push(bytes.toString('hex'));
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** Ends the connection. */
  close(): void {
    this.#socket.on('error', () => {});
    this.#socket.destroy();
  }

  /** Header fields of a request, by the names of the version. */
  head(method = 'GET', path = '/', further: readonly Header[] = []): Header[] {
    const colon = this.version.plainPseudoNames ? '' : ':';
    const url = this.version.plainPseudoNames ? 'url' : ':path';
    const host = this.version.plainPseudoNames ? 'host' : ':host';
    return [
      [`${colon}method`, method],
      [url, path],
      [`${colon}version`, 'HTTP/1.1'],
      [host, this.#authority],
      [`${colon}scheme`, this.#scheme],
      ['user-agent', 'spdyspec'],
      ...further,
    ];
  }

  /** A complete GET as a frame. */
  get(streamId: number, headers: HeaderList | Uint8Array = this.head()): Buffer {
    return this.make.synStream({ streamId, flags: FIN }, headers);
  }

  /** Waits for a frame; null when none came in time, or before the end. */
  async find<Frame extends Seen>(is: (frame: Seen) => frame is Frame): Promise<Frame | null>;
  async find(is: (frame: Seen) => boolean): Promise<Seen | null>;
  async find(is: (frame: Seen) => boolean): Promise<Seen | null> {
    await this.#until(() => this.#ended || this.frames.some(is), this.#timeoutMs);
    return this.frames.find(is) ?? null;
  }

  /** Waits for the answer to a stream, to its FIN. */
  async answered(streamId: number): Promise<Answer> {
    const of = (frame: Seen): boolean => 'streamId' in frame && frame.streamId === streamId;
    const last = await this.find(
      (frame) =>
        of(frame) &&
        (frame.type === RST_STREAM ||
          ('flags' in frame && (frame.flags & FIN) !== 0 && frame.type !== SYN_STREAM)),
    );
    const reply = this.frames.find((frame) => of(frame) && frame.type === SYN_REPLY);
    if (reply === undefined || last === null || last.type === RST_STREAM)
      throw new Mismatch(`a complete answer to stream ${streamId}`, this.words);
    const { headers } = reply as SynReplyFrame;
    const data = this.frames.filter(
      (frame): frame is SeenData => of(frame) && frame.type === 'DATA',
    );
    return {
      status: Number.parseInt(this.field(headers, ':status'), 10),
      headers,
      bytes: data.reduce((sum, { length }) => sum + length, 0),
    };
  }

  /** The value of a field of the protocol, named as SPDY/3 names it; empty without it. */
  field(headers: HeaderList, name: string): string {
    const own = this.version.plainPseudoNames ? name.replace(/^:/, '') : name;
    return headers.find((header) => header[0] === own)?.[1] ?? '';
  }

  /** Waits for RST_STREAM of a stream with one of these statuses (any without). The end of the session will do too. */
  async reset(
    streamId: number,
    statuses: readonly number[] = [],
    sessionToo = true,
  ): Promise<void> {
    const words = statuses.length === 0 ? '' : ` with status ${statuses.join(' or ')}`;
    const found = await this.find(
      (frame) =>
        (frame.type === RST_STREAM && frame.streamId === streamId) ||
        (sessionToo && frame.type === GOAWAY),
    );
    const right =
      found === null
        ? sessionToo && this.#ended
        : found.type !== RST_STREAM || statuses.length === 0 || statuses.includes(found.status);
    if (!right) throw new Mismatch(`RST_STREAM of stream ${streamId}${words}`, this.words);
  }

  /** Waits for the end of the session: GOAWAY that tells an error, or the end of the connection. */
  async sessionError(): Promise<void> {
    const isError = (frame: Seen): frame is GoawayFrame =>
      frame.type === GOAWAY && (!this.version.goawayStatus || frame.status !== 0);
    const found = await this.find(isError);
    if (found === null && !this.#ended)
      throw new Mismatch('GOAWAY with an error, or the end of the connection', this.words);
  }

  /** The session still works: a PING is answered. */
  async alive(id = 0x7ffffff1): Promise<void> {
    this.send(this.make.ping(id));
    const found = await this.find((frame) => frame.type === PING && frame.id === id);
    if (found === null) throw new Mismatch('a session that goes on (PING is answered)', this.words);
  }

  /** Waits a moment; throws if such a frame has come. */
  async never(what: string, is: (frame: Seen) => boolean): Promise<void> {
    await this.#until(() => this.#ended || this.frames.some(is), QUIET_MS);
    if (this.frames.some(is)) throw new Mismatch(`no ${what}`, this.words);
  }

  /** The peer opened a stream (as a client does): its SYN_STREAM. */
  async opened(count = 1): Promise<SynStreamFrame> {
    const streams = (): SynStreamFrame[] =>
      this.frames.filter((frame): frame is SynStreamFrame => frame.type === SYN_STREAM);
    await this.#until(() => this.#ended || streams().length >= count, this.#timeoutMs);
    const found = streams()[count - 1];
    if (found === undefined) throw new Mismatch('a request (SYN_STREAM)', this.words);
    return found;
  }

  /** Waits for the end of the connection. */
  async ended(): Promise<boolean> {
    await this.#until(() => this.#ended, this.#timeoutMs);
    return this.#ended;
  }

  #credit(frame: Seen): void {
    const { streamWindows, sessionWindow } = this.version;
    if (!this.credits || !streamWindows || frame.type !== 'DATA' || frame.length === 0) return;
    const { streamId, flags, length } = frame;
    if (sessionWindow) this.send(this.make.windowUpdate(0, length));
    if ((flags & FIN) === 0) this.send(this.make.windowUpdate(streamId, length));
  }

  #until(done: () => boolean, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve();
      };
      const timer = setTimeout(settle, timeoutMs);
      this.#wake = () => {
        if (done()) settle();
      };
      this.#wake();
    });
  }
}
