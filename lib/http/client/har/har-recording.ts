import type http from 'node:http';
import { isIP, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import type { HeaderList } from '../../../protocol/frames.ts';
import { isSecret } from '../../../protocol/secret-fields.ts';
import type { Observed, RequestObserver } from '../exchange/channels.ts';
import type { ReadyHead } from '../exchange/exchange.ts';
import { watchBody } from '../request/body-watch.ts';
import type { HarEntry, HarPair, HarRequest, HarResponse, HarTimings } from './har-format.ts';

/** The request that is recorded, as far as that matters here. */
export interface Recorded extends Observed {
  readonly errored: Error | null;
  readonly fields: HeaderList;
  hasHeader(name: string): boolean;
  setHeader(name: string, value: number | string | readonly string[]): unknown;
}

const UNKNOWN = 'unknown';

/** A response, as far as it is kept. */
interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly httpVersion: string;
  /** Names and values in turn. */
  readonly raw: readonly string[];
}

/** What becomes of one request. Once that is over, neither request nor response is held. */
export class HarRecording implements RequestObserver {
  readonly #origin: string;
  readonly #startedDateTime = new Date().toISOString();
  readonly #begun = performance.now();
  #request: Recorded | null;
  #body: { readonly bytes: number } | null;
  #head: Pick<ReadyHead, 'method' | 'path' | 'fields'> | null = null;
  #version = UNKNOWN;
  #answer: Answer | null = null;
  #requestBytes = 0;
  #responseBytes = 0;
  #connection: Pick<HarEntry, 'connection' | 'serverIPAddress'> = {};
  #sent: number | null = null;
  #bodySent: number | null = null;
  #answered: number | null = null;
  #ended: number | null = null;
  #error: string | null = null;

  constructor(request: Recorded, origin: string, body: { readonly bytes: number }) {
    this.#request = request;
    this.#origin = origin;
    this.#body = body;
    const on = (event: string, listener: () => void): void => {
      request.on(event as never, listener as never);
    };
    on('finish', () => {
      this.#bodySent ??= performance.now();
    });
    on('close', () => {
      if (this.#answer === null) this.#end(request.errored ?? new Error('no response came'));
    });
  }

  sent(head: ReadyHead, socket: Duplex | null, version: string | null): void {
    this.#head = head;
    this.#version = version ?? 'HTTP/1.1';
    this.#connection = connectionOf(socket as Socket | null);
    this.#sent = performance.now();
  }

  answered(response: http.IncomingMessage): void {
    this.#take(response);
    if (response.complete) {
      this.#end(null);
      return;
    }
    watchBody(response, (chunk) => {
      if (chunk === null) this.#end(null);
      else this.#responseBytes += chunk.length;
    });
    response.once('close', () => {
      this.#end(response.errored ?? new Error('the response was given up'));
    });
  }

  switched(response: http.IncomingMessage): void {
    this.#take(response);
    this.#end(null);
  }

  /** The entry of a HAR. */
  entry(secrets: boolean): HarEntry {
    const timings = this.#timings();
    const { blocked, send, wait, receive } = timings;
    return {
      startedDateTime: this.#startedDateTime,
      time: rounded(blocked + send + wait + receive),
      request: this.#requestPart(secrets),
      response: this.#responsePart(secrets),
      cache: {},
      timings,
      ...this.#connection,
      ...(this.#error === null ? {} : { _error: this.#error }),
      ...(this.#ended === null ? { _unfinished: true } : {}),
    };
  }

  #take(response: http.IncomingMessage): void {
    const { statusCode = 0, statusMessage = '', httpVersion, rawHeaders } = response;
    const version = this.#version.startsWith('spdy/') ? this.#version : `HTTP/${httpVersion}`;
    this.#answered = performance.now();
    this.#answer = {
      status: statusCode,
      statusText: statusMessage,
      httpVersion: version,
      raw: rawHeaders,
    };
  }

  #end(error: Error | null): void {
    if (this.#ended !== null) return;
    this.#ended = performance.now();
    // Of system errors with several addresses, the message is empty.
    if (error !== null) this.#error = error.message || error.name;
    this.#requestBytes = this.#body?.bytes ?? 0;
    this.#head = this.#currentHead();
    this.#request = null;
    this.#body = null;
  }

  /** What was sent, or would be. */
  #currentHead(): Pick<ReadyHead, 'method' | 'path' | 'fields'> {
    if (this.#head !== null) return this.#head;
    const request = this.#request as Recorded;
    return { method: request.method, path: request.path, fields: request.fields };
  }

  #timings(): HarTimings {
    const end = this.#ended ?? performance.now();
    const sent = this.#sent ?? end;
    const answered = Math.max(this.#answered ?? end, sent);
    // A response may come before all of the request has left.
    const bodySent = Math.min(Math.max(this.#bodySent ?? answered, sent), answered);
    return {
      blocked: rounded(sent - this.#begun),
      dns: -1,
      connect: -1,
      send: rounded(bodySent - sent),
      wait: rounded(answered - bodySent),
      receive: rounded(Math.max(end - answered, 0)),
    };
  }

  #requestPart(secrets: boolean): HarRequest {
    const { method, path, fields } = this.#currentHead();
    const url = this.#urlOf(method, path);
    const query = URL.canParse(url) ? [...new URL(url).searchParams] : [];
    return {
      method,
      url,
      httpVersion: this.#version,
      cookies: cookiesOf(fields, 'cookie', secrets),
      headers: shownFields(fields, secrets),
      queryString: query.map(([name, value]) => ({ name, value })),
      headersSize: -1,
      bodySize: this.#sent === null ? 0 : (this.#body?.bytes ?? this.#requestBytes),
    };
  }

  #responsePart(secrets: boolean): HarResponse {
    const answer = this.#answer;
    const fields = pairsOf(answer?.raw ?? []);
    const value = (name: string): string => fields.find(([each]) => each === name)?.[1] ?? '';
    const coding = value('content-encoding');
    return {
      status: answer?.status ?? 0,
      statusText: answer?.statusText ?? '',
      httpVersion: answer?.httpVersion ?? UNKNOWN,
      cookies: cookiesOf(fields, 'set-cookie', secrets),
      headers: shownFields(fields, secrets),
      content: {
        size: this.#responseBytes,
        mimeType: value('content-type'),
        ...(coding === '' ? {} : { comment: `size as transferred, in ${coding}` }),
      },
      redirectURL: value('location'),
      headersSize: -1,
      bodySize: answer === null ? -1 : this.#responseBytes,
    };
  }

  #urlOf(method: string, path: string): string {
    if (path.startsWith('/')) return `${this.#origin}${path}`;
    if (method === 'CONNECT') return `${this.#origin.replace(/:.*/, '')}://${path}`;
    return /^https?:\/\//i.test(path) ? path : `${this.#origin}/${path}`;
  }
}

function connectionOf(socket: Socket | null): Pick<HarEntry, 'connection' | 'serverIPAddress'> {
  const { remoteAddress = '', localPort } = socket ?? {};
  const address = remoteAddress.replace(/%.*/, '');
  return {
    ...(isIP(address) === 0 ? {} : { serverIPAddress: address }),
    ...(localPort === undefined ? {} : { connection: String(localPort) }),
  };
}

function pairsOf(raw: readonly string[]): HeaderList {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    pairs.push([(raw[i] as string).toLowerCase(), raw[i + 1] as string]);
  }
  return pairs;
}

function shownFields(fields: HeaderList, secrets: boolean): HarPair[] {
  return fields.map(([name, value]) => ({
    name,
    value: secrets || !isSecret(name) ? value : '***',
  }));
}

function cookiesOf(fields: HeaderList, field: string, secrets: boolean): HarPair[] {
  const cookies: HarPair[] = [];
  for (const [name, value] of fields) {
    if (name !== field) continue;
    // What stands behind the first ';' of Set-Cookie are attributes.
    const parts = field === 'cookie' ? value.split(';') : [value.replace(/;.*/s, '')];
    for (const part of parts) {
      const at = part.indexOf('=');
      if (at < 0) continue;
      const cookie = secrets ? part.slice(at + 1).trim() : '***';
      cookies.push({ name: part.slice(0, at).trim(), value: cookie });
    }
  }
  return cookies;
}

/** To microseconds. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
