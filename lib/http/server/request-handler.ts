import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { escapeHtml } from '../../common/html.ts';
import type { Header } from '../../protocol/frames.ts';

/** Makes the handler of a request: a subclass of BaseSpdyRequestHandler. */
export type RequestHandlerClass = new (
  request: IncomingMessage,
  response: ServerResponse,
) => BaseSpdyRequestHandler;

/** The most bytes that `readBody()` collects unless told otherwise. */
const MAX_BODY = 1 << 20;

/**
 * Handles requests in the manner of Spdylay's Python server: subclass it with `doGet()`, `doPost()` and so on, and attach it with
 * `server.on('request', MyHandler.listener())`. There is one instance per request; the methods may be asynchronous. What they do not end,
 * is ended when they return. A method that is missing gets 501; an exception gets 500, or resets the stream once the response has begun.
 */
export class BaseSpdyRequestHandler {
  /** The request: a Readable of its body. */
  readonly request: IncomingMessage;
  /** The response: a Writable for its body. */
  readonly response: ServerResponse;
  /** Value of the field `server`. */
  readonly serverVersion: string = `spdylay Node.js/${process.versions.node}`;
  /** Content type of error pages. */
  readonly errorContentType: string = 'text/html; charset=UTF-8';

  /** One is made for each request. */
  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.response = response;
  }

  /** A listener for the event 'request' of a server, SPDY or not. */
  static listener(
    this: RequestHandlerClass,
  ): (request: IncomingMessage, response: ServerResponse) => void {
    return (request, response) => {
      new this(request, response).handle().catch(() => response.destroy());
    };
  }

  /** The method, such as `GET`. */
  get command(): string {
    return this.request.method ?? '';
  }

  /** Path and query. */
  get path(): string {
    return this.request.url ?? '';
  }

  /** Such as `HTTP/1.1`. */
  get requestVersion(): string {
    return `HTTP/${this.request.httpVersion}`;
  }

  /** The header fields in order. */
  get headers(): Header[] {
    const { rawHeaders } = this.request;
    return Array.from({ length: rawHeaders.length / 2 }, (_, i) => [
      (rawHeaders[2 * i] as string).toLowerCase(),
      rawHeaders[2 * i + 1] as string,
    ]);
  }

  /** Address of the client, empty if it is not known. */
  get clientAddress(): string {
    return this.request.socket?.remoteAddress ?? '';
  }

  /** Begins a response; header fields may follow. */
  sendResponse(code: number, message: string = STATUS_CODES[code] ?? '???'): void {
    this.response.statusCode = code;
    this.response.statusMessage = message;
    if (!this.response.hasHeader('server')) this.response.setHeader('server', this.serverVersion);
  }

  /** Adds a header field; several of one name are several fields. */
  sendHeader(name: string, value: string | number): void {
    this.response.appendHeader(name, String(value));
  }

  /** Writes to the body of the response. False: wait for 'drain' of `response`. */
  write(chunk: string | Uint8Array): boolean {
    return this.response.write(chunk);
  }

  /** Answers with an error page. */
  sendError(code: number, message: string = STATUS_CODES[code] ?? '???'): void {
    const body = Buffer.from(this.errorPage(code, message));
    this.sendResponse(code, message);
    this.response.setHeader('content-type', this.errorContentType);
    this.response.setHeader('content-length', body.length);
    this.response.end(body);
  }

  /** The text of an error page; override it for another one. */
  protected errorPage(code: number, message: string): string {
    const title = `${code} ${escapeHtml(message)}`;
    const server = escapeHtml(this.serverVersion);
    return `<!DOCTYPE html>\n<html><head><title>${title}</title></head>\n<body><h1>${title}</h1><hr><p>${server}</p></body></html>\n`;
  }

  /** Collects the body of the request; rejects with RangeError, after answering 413, when it has more than `limit` bytes. */
  async readBody(limit: number = MAX_BODY): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of this.request.iterator({ destroyOnReturn: false })) {
      length += (chunk as Buffer).length;
      if (length > limit) {
        this.sendError(413);
        throw new RangeError(`the request body has more than ${limit} bytes`);
      }
      chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks, length);
  }

  /** Calls the method for the request, and ends what it has left open. */
  async handle(): Promise<void> {
    const { response } = this;
    const method = methodOf(this, this.command);
    if (method === null) {
      this.sendError(this.command === '' ? 400 : 501);
      return;
    }
    try {
      await method.call(this);
    } catch (error) {
      if (response.writableEnded) return;
      if (response.headersSent) throw error;
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      this.sendError(500);
      return;
    }
    if (!response.writableEnded) response.end();
  }
}

/** `doGet` for GET, `doMSearch` for M-SEARCH. */
function methodOf(handler: BaseSpdyRequestHandler, command: string): (() => unknown) | null {
  const words = command.toLowerCase().split(/[^a-z0-9]+/);
  const name = `do${words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')}`;
  const method = (handler as unknown as Record<string, unknown>)[name];
  return name !== 'do' && typeof method === 'function' ? (method as () => unknown) : null;
}
