import { strerror } from '../errors.ts';
import {
  CREDENTIAL,
  GOAWAY,
  HEADERS,
  PING,
  RST_STREAM,
  SETTINGS,
  SYN_REPLY,
  SYN_STREAM,
  WINDOW_UPDATE,
} from '../protocol/constants.ts';
import type { ControlFrame, HeaderList } from '../protocol/frames.ts';
import { FRAME_NAMES, STATUS_NAMES } from '../protocol/names.ts';
import type { Session } from '../session/public.ts';
import { type Paint, visible } from './terminal.ts';

/** Which way a frame went. */
export type Direction = 'send' | 'recv';

/** Where and how frames are logged. */
export interface FrameLogOptions {
  readonly write: (text: string) => void;
  readonly paint: Paint;
  /** One object of JSON a line instead of text. */
  readonly json?: boolean | undefined;
  /** Milliseconds since the program has begun. */
  readonly now: () => number;
  /** Number of the connection, for programs with several. */
  readonly connection?: number | undefined;
}

const INDENT = ' '.repeat(10);

/** Logs the frames of sessions in the format of Spdylay's programs: `[  0.004] recv SETTINGS frame <version=3, flags=0, length=12>`. */
export class FrameLog {
  readonly #options: FrameLogOptions;

  constructor(options: FrameLogOptions) {
    this.#options = options;
  }

  /** The same log for one of several connections: its lines begin with `[id=N]`. */
  forConnection(connection: number): FrameLog {
    return new FrameLog({ ...this.#options, connection });
  }

  /** Logs all frames of a session from now on. */
  watch(session: Session): void {
    session.on('ctrlRecv', (frame) => this.control('recv', frame));
    session.on('ctrlSend', (frame) => this.control('send', frame));
    session.on('dataRecv', (flags, id, length) => this.data('recv', flags, id, length));
    session.on('dataSend', (flags, id, length) => this.data('send', flags, id, length));
    session.on('invalidCtrlRecv', (frame, status) => this.control('recv', frame, status));
    session.on('ctrlRecvParseError', (type, head, _payload, errno) =>
      this.#parseError(type, head, strerror(errno)),
    );
    session.on('unknownCtrlRecv', (head) => this.#unknown(head));
  }

  /** Anything else, with lines of detail below it. */
  note(text: string, details: readonly string[] = []): void {
    const shown = visible(text);
    if (this.#options.json === true) this.#object({ note: shown, details });
    else this.#lines(shown, details.map(visible));
  }

  /** A control frame. `invalid`: the status of the stream that it is answered with. */
  control(direction: Direction, frame: ControlFrame, invalid: number | null = null): void {
    const name = FRAME_NAMES[frame.type] as string;
    const status = invalid === null ? null : (STATUS_NAMES[invalid] ?? String(invalid));
    if (this.#options.json === true) {
      const wrong = status === null ? {} : { invalid: status };
      this.#object({ direction, ...wrong, ...frame, type: name });
      return;
    }
    const { paint } = this.#options;
    const { version, flags, length } = frame;
    const mark = status === null ? '' : paint('red', `[INVALID; status=${status}] `);
    const numbers = `<version=${version}, flags=${flags}, length=${length}>`;
    this.#lines(`${mark}${direction} ${this.#named(direction, name)} frame ${numbers}`, [
      ...details(frame, paint),
    ]);
  }

  /** A DATA frame. */
  data(direction: Direction, flags: number, streamId: number, length: number): void {
    if (this.#options.json === true) {
      this.#object({ direction, flags, streamId, length, type: 'DATA' });
      return;
    }
    const numbers = `(stream_id=${streamId}, flags=${flags}, length=${length})`;
    this.#lines(`${direction} ${this.#named(direction, 'DATA')} frame ${numbers}`, []);
  }

  #parseError(type: number, head: Buffer, text: string): void {
    const name = FRAME_NAMES[type] ?? 'unknown';
    if (this.#options.json === true) {
      this.#object({ direction: 'recv', parseError: text, head: dump(head), type: name });
      return;
    }
    const mark = this.#options.paint('red', '[PARSE_ERROR]');
    const lines = [`Error: ${text}`, `Header dump: ${dump(head)}`];
    this.#lines(`${mark} recv ${this.#named('recv', name)} frame`, lines);
  }

  #unknown(head: Buffer): void {
    if (this.#options.json === true) {
      this.#object({ direction: 'recv', head: dump(head), type: 'unknown' });
      return;
    }
    this.#lines('recv unknown frame', [`Header dump: ${dump(head)}`]);
  }

  #named(direction: Direction, name: string): string {
    return this.#options.paint(direction === 'send' ? 'magenta' : 'cyan', name);
  }

  #lines(first: string, rest: readonly string[]): void {
    const { write, paint, now, connection } = this.#options;
    const id = connection === undefined ? '' : `[id=${connection}] `;
    const time = paint('yellow', timeStamp(now()));
    write(`${id}${time} ${first}\n${rest.map((line) => `${INDENT}${line}\n`).join('')}`);
  }

  #object(fields: object): void {
    const { write, now, connection } = this.#options;
    const id = connection === undefined ? {} : { connection };
    write(`${JSON.stringify({ time: Math.round(now()) / 1000, ...id, ...fields })}\n`);
  }
}

/** `[  0.004]`: seconds with three decimals out of milliseconds. */
export function timeStamp(milliseconds: number): string {
  return `[${(Math.floor(milliseconds) / 1000).toFixed(3).padStart(7)}]`;
}

function* details(frame: ControlFrame, paint: Paint): Generator<string> {
  switch (frame.type) {
    case SYN_STREAM: {
      const { streamId, associatedToStreamId, priority, headers } = frame;
      yield `(stream_id=${streamId}, assoc_stream_id=${associatedToStreamId}, pri=${priority})`;
      yield* headerLines(headers, paint);
      break;
    }
    case SYN_REPLY:
    case HEADERS:
      yield `(stream_id=${frame.streamId})`;
      yield* headerLines(frame.headers, paint);
      break;
    case RST_STREAM:
      yield `(stream_id=${frame.streamId}, status_code=${frame.status})`;
      break;
    case SETTINGS:
      yield `(niv=${frame.entries.length})`;
      for (const { id, flags, value } of frame.entries) yield `[${id}(${flags}):${value}]`;
      break;
    case PING:
      yield `(unique_id=${frame.id})`;
      break;
    case GOAWAY:
      yield `(last_good_stream_id=${frame.lastGoodStreamId})`;
      break;
    case WINDOW_UPDATE:
      yield `(stream_id=${frame.streamId}, delta_window_size=${frame.delta})`;
      break;
    case CREDENTIAL:
      yield `(slot=${frame.slot}, certificates=${frame.certificates.length})`;
      break;
  }
}

function* headerLines(headers: HeaderList, paint: Paint): Generator<string> {
  for (const [name, value] of headers) {
    yield `${paint('blue', visible(name))}: ${visible(value)}`;
  }
}

function dump(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ');
}
