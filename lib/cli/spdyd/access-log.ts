import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { SpdyRequest } from '../../http/server/exchange/request.ts';
import { accessLine } from '../access-line.ts';
import { LogFile } from '../log-file.ts';

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
  readonly #file: LogFile;
  readonly #options: AccessLogOptions;

  private constructor(file: LogFile, options: AccessLogOptions) {
    this.#file = file;
    this.#options = options;
  }

  /**
   * Appends to a file; `-` is standard output.
   *
   * @param complain told of what cannot be written later; that is lost
   * @throws Error when the file cannot be opened
   */
  static async open(
    file: string,
    options: AccessLogOptions,
    complain: (text: string) => void,
  ): Promise<AccessLog> {
    return new AccessLog(await LogFile.open(file, complain), options);
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

  /** Opens the file anew, as whoever has moved it away wants it. */
  reopen(): void {
    this.#file.reopen();
  }

  /** Writes what is left, and closes the file. */
  close(): Promise<void> {
    return this.#file.close();
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
    this.#file.write(accessLine(entry, this.#options.json ? 'json' : 'combined'));
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
