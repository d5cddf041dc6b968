import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { SpdyRequest } from '../../http/server/request.ts';
import { accessLine } from '../access-line.ts';

/** What lines look like. */
export interface AccessLogOptions {
  /** Whether they are JSON. */
  readonly json: boolean;
  /** What SPDY is called that was not negotiated. */
  readonly spdy: string;
}

/** What is known of an answer beside its request and response. */
interface Answer {
  readonly address: string | null;
  /** By `performance.now()`. */
  readonly begun: number;
  /** Of the body. */
  bytes: number;
}

/** Writes a line for each answer: in the combined format of other servers, or as JSON. */
export class AccessLog {
  readonly #out: Writable;
  readonly #options: AccessLogOptions;

  private constructor(out: Writable, options: AccessLogOptions) {
    this.#out = out;
    this.#options = options;
  }

  /**
   * Appends to a file; `-` is standard output. What cannot be written later is lost, and told once.
   *
   * @throws Error when the file cannot be opened
   */
  static async open(
    file: string,
    options: AccessLogOptions,
    complain: (error: Error) => void,
  ): Promise<AccessLog> {
    if (file === '-') return new AccessLog(process.stdout, options);
    const out = createWriteStream(file, { flags: 'a' });
    await once(out, 'open');
    out.on('error', complain);
    return new AccessLog(out, options);
  }

  /** Writes the line of an answer when it has ended. */
  watch(request: IncomingMessage, response: ServerResponse): void {
    const answer = {
      address: request.socket.remoteAddress ?? null,
      begun: performance.now(),
      bytes: 0,
    };
    countBytes(response, answer);
    response.once('close', () => this.#write(answer, request, response));
  }

  /** Writes what is left, and closes the file. */
  async close(): Promise<void> {
    if (this.#out === process.stdout || this.#out.destroyed) return;
    this.#out.end();
    await once(this.#out, 'close');
  }

  #write(answer: Answer, request: IncomingMessage, response: ServerResponse): void {
    const { address, begun, bytes } = answer;
    const { method = '', url = '', headers } = request;
    const { referer = null, 'user-agent': agent = null } = headers;
    const entry = {
      time: new Date(),
      milliseconds: performance.now() - begun,
      address,
      protocol: protocolOf(request, this.#options.spdy),
      method,
      url,
      referer,
      agent,
      status: response.headersSent ? response.statusCode : null,
      bytes,
      complete: response.writableFinished,
    };
    this.#out.write(accessLine(entry, this.#options.json ? 'json' : 'combined'));
  }
}

/** Counts the bytes of the body that are written to a response. */
function countBytes(response: ServerResponse, answer: Answer): void {
  for (const name of ['write', 'end'] as const) {
    const method = response[name] as (...args: unknown[]) => unknown;
    const counting = (...args: unknown[]): unknown => {
      const [chunk] = args;
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) {
        answer.bytes += Buffer.byteLength(chunk);
      }
      return method.apply(response, args);
    };
    Object.assign(response, { [name]: counting });
  }
}

/** As ALPN has it. */
function protocolOf(request: SpdyRequest, spdy: string): string {
  if (request.stream === undefined) return `http/${request.httpVersion}`;
  return (request.socket as Partial<TLSSocket>).alpnProtocol || spdy;
}
