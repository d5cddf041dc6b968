import http from 'node:http';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { HttpLink } from '../connection/link.ts';
import type { Target } from '../connection/target.ts';
import { checkHead } from '../request/options.ts';
import type { Exchange, ExchangeHost, ReadyHead } from './exchange.ts';

/** A request over HTTP/1.1. */
export class HttpExchange implements Exchange {
  readonly stream = null;
  readonly #request: http.ClientRequest;
  readonly #target: Target;
  #error: Error | null = null;
  #answered = false;

  /** `observed`: it is told elsewhere, so that tools which have replaced `http.request()` need not tell it once more. */
  constructor(
    host: ExchangeHost,
    link: HttpLink,
    target: Target,
    method: string,
    observed: boolean,
  ) {
    const options: http.RequestOptions = {
      agent: link.agent,
      host: target.hostname,
      port: target.port,
      method,
      setHost: false,
    };
    const request = observed ? new http.ClientRequest(options) : http.request(options);
    this.#target = target;
    this.#request = request;
    request.on('socket', (socket) => host.connected(socket));
    request.on('timeout', () => host.timedOut());
    request.on('continue', () => host.continued());
    request.on('information', (info) => host.information(info));
    request.on('response', (response) => {
      this.#answered = true;
      host.answered(response);
    });
    request.on('connect', (response, socket, head) => {
      this.#answered = true;
      host.switched('connect', response, socket, head);
    });
    if (host.wantsUpgrade()) {
      request.on('upgrade', (response, socket, head) => {
        this.#answered = true;
        host.switched('upgrade', response, socket, head);
      });
    }
    request.on('error', (error) => {
      this.#error = error;
      if (this.#answered) host.broken(error);
    });
    request.on('close', () => host.closed(this.#answered ? null : this.#error, 'unknown'));
  }

  open(head: ReadyHead): void {
    const { method, path, fields, endStream } = head;
    const request = this.#request;
    checkHead(this.#target, method, path);
    request.method = method;
    request.path = path;
    let framed = endStream || method === 'CONNECT';
    for (const [name, value] of fields) {
      if (name === 'content-length' || name === 'transfer-encoding') framed = true;
      request.appendHeader(name, value);
    }
    if (!framed) request.setHeader('transfer-encoding', 'chunked');
    request.flushHeaders();
  }

  write(chunk: Uint8Array, done: (error?: Error | null) => void): void {
    this.#request.write(chunk, done);
  }

  end(trailers: HeaderList, done: (() => void) | null): void {
    if (trailers.length > 0) this.#request.addTrailers([...trailers] as [string, string][]);
    this.#request.end(done ?? undefined);
  }

  setTimeout(milliseconds: number): void {
    this.#request.setTimeout(milliseconds);
  }

  destroy(error: Error | null): void {
    this.#request.destroy(error ?? undefined);
  }
}
