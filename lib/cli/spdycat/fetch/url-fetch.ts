import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { decompress } from '../../../http/client/fetch/decompress.ts';
import type { ClientRequest } from '../../../http/client/request/request.ts';
import { hasBody } from '../../../http/message-head.ts';
import type { Header } from '../../../protocol/frames.ts';
import type { SpdyStream } from '../../../session/public.ts';
import type { BodyProgress } from '../../progress.ts';
import type { RequestRecord } from '../output/statistics.ts';
import { type AssetFinder, openAssetFinder } from './assets.ts';
import type { FetchContext } from './fetch-context.ts';
import type { GroupAgents } from './group-agents.ts';
import { redirection, type Step } from './redirects.ts';
import type { RequestData } from './request-data.ts';
import { Retries } from './retries.ts';

/** Priority of all requests, as Spdylay has it. */
const PRIORITY = 3;

/** What a fetch is told of its group, and tells it. */
export interface FetchHost {
  readonly context: FetchContext;
  readonly agents: GroupAgents;
  readonly signal: AbortSignal;
  /** The request has got its connection. */
  connected(request: ClientRequest, record: RequestRecord): void;
  /** A resource is pushed along with it. */
  pushed(url: string, method: string, response: IncomingMessage): void;
  /** A page refers to this. */
  found(asset: URL): void;
}

/** One URL: its request, those that redirects lead to, and all of it once more where that is wanted. */
export class UrlFetch {
  readonly #host: FetchHost;
  readonly #record: RequestRecord;
  /** The place of its body among the others; null for a push. */
  readonly #number: number | null;
  /** Bytes that are there already. */
  #offset = 0;
  /** What is shown of its body. */
  #progress: BodyProgress | null = null;
  /** Heads of responses, for `--include`. */
  #heads: Buffer[] = [];

  constructor(host: FetchHost, record: RequestRecord, number: number | null) {
    this.#host = host;
    this.#record = record;
    this.#number = number;
  }

  /** Fetches it. `page`: whether what it refers to is looked for. */
  async run(url: URL, page: boolean): Promise<void> {
    const { context, signal } = this.#host;
    const retries = new Retries(context.options.retry, signal);
    for (;;) {
      try {
        const response = await this.#answer(url, retries);
        const effective = new URL(this.#record.effectiveUrl);
        await this.receive(effective, response, page);
        return;
      } catch (error) {
        if (!this.#canRepeat() || !(await retries.afterError(error))) throw error;
        this.#record.bytes = 0;
        if (this.#progress !== null) context.progress.forget(this.#progress);
        this.#progress = null;
      } finally {
        this.#record.retries = retries.made;
      }
    }
  }

  /** Takes a response with its body. One that cannot be used is given up at once. */
  async receive(url: URL, response: IncomingMessage, page: boolean): Promise<void> {
    try {
      await this.#take(url, response, page);
    } catch (error) {
      response.on('error', () => {});
      response.destroy();
      throw error;
    }
  }

  async #take(url: URL, response: IncomingMessage, page: boolean): Promise<void> {
    const { options, output, progress } = this.#host.context;
    const record = this.#record;
    this.#note(response);
    const { statusCode = 0, statusMessage = '', headers } = response;
    if (options.fail && statusCode >= 400)
      throw new Error(`HTTP status ${statusCode} ${statusMessage}`.trim());
    const resumed = this.#resumed(response);
    if (resumed === 'complete' || !hasBody(record.method, statusCode)) {
      response.resume();
      if (this.#heads.length > 0)
        record.file = await output.take(this.#number, url, bytesOf(this.#heads));
      return;
    }
    const { 'content-encoding': coding, 'content-length': length = '' } = headers;
    this.#progress = progress.expect(
      /^\d+$/.test(length) && coding === undefined ? Number(length) : null,
    );
    const html = /^text\/html\b/i.test(headers['content-type'] ?? '');
    const finder = page && options.assets && html ? await openAssetFinder(url) : null;
    const body = this.#tap(decompress(response, coding) ?? response, finder);
    record.file =
      resumed === 'goes on' && output.append !== undefined
        ? await output.append(this.#number, url, body)
        : await output.take(this.#number, url, body);
    for (const asset of finder?.end() ?? []) this.#host.found(asset);
  }

  /** Whether nothing of a body has gone where it cannot be taken back. */
  #canRepeat(): boolean {
    const { data, output } = this.#host.context;
    return (this.#record.bytes === 0 || output.repeatable) && (data?.repeatable ?? true);
  }

  /** The response behind all redirects, to the last of the tries. */
  async #answer(url: URL, retries: Retries): Promise<IncomingMessage> {
    const { options, data, output } = this.#host.context;
    const record = this.#record;
    let step: Step = { url, method: options.method, body: data !== null, trusted: true };
    record.redirects = 0;
    this.#heads = [];
    this.#offset =
      options.resume === 'file'
        ? ((await output.sizeOf?.(this.#number, url)) ?? 0)
        : (options.resume ?? 0);
    for (;;) {
      record.effectiveUrl = step.url.href;
      const response = await this.#request(step);
      const { statusCode = 0, headers } = response;
      if (options.include) this.#heads.push(headText(response, record.protocol));
      const next = redirection(step, statusCode, headers.location, options.methodGiven);
      if (next !== null && options.maxRedirects > 0) {
        discard(response);
        this.#note(response);
        if (record.redirects >= options.maxRedirects)
          throw new Error(`more than ${options.maxRedirects} redirects`);
        record.redirects++;
        step = next;
      } else if (await retries.afterStatus(statusCode, headers['retry-after'])) {
        discard(response);
        this.#heads = [];
      } else {
        return response;
      }
    }
  }

  /** Sends a request; resolves when the head of the response has come. */
  async #request(step: Step): Promise<IncomingMessage> {
    const { agents, context, signal } = this.#host;
    const { options, data } = context;
    const record = this.#record;
    const body = step.body ? ((await data?.open()) ?? null) : null;
    const first = record.redirects === 0;
    const request = agents.of(step.url, step.trusted).request(step.url, {
      method: step.method,
      headers: this.#fields(step, body),
      priority: PRIORITY,
      signal,
      ...(options.path === null || !first ? {} : { path: options.path }),
    });
    const response = new Promise<IncomingMessage>((resolve, reject) => {
      request.on('response', resolve);
      request.on('error', reject);
      // As with CONNECT, which makes a tunnel that nobody uses here.
      request.on('close', () => reject(new Error('the request ended without a response')));
    });
    request.on('socket', (socket) => {
      const { remoteAddress, remotePort } = socket as Partial<TLSSocket>;
      if (remoteAddress !== undefined && remotePort !== undefined)
        record.remote = { address: remoteAddress, port: remotePort };
      this.#host.connected(request, record);
    });
    request.on('stream', (stream) => this.#opened(stream));
    request.on('push', ({ url, method }, pushed) => this.#host.pushed(url, method, pushed));
    if (body === null) request.end();
    else this.#send(body, request);
    return response;
  }

  #send({ source }: RequestData, request: ClientRequest): void {
    const { rate } = this.#host.context;
    const paced = rate === null ? source : Readable.from(pace(source, (n) => rate.take(n)));
    paced.on('error', (error) => request.destroy(error));
    // A request that ends early has read only a part of it.
    request.once('close', () => {
      paced.destroy();
      source.destroy();
    });
    paced.pipe(request);
  }

  #fields({ url, trusted, body }: Step, data: RequestData | null): Header[] {
    const { options } = this.#host.context;
    const kept = options.headers.filter(([name]) => {
      // Other servers are none of those that the command line trusts.
      if (!trusted && ['authorization', 'cookie', 'host'].includes(name)) return false;
      return body || name !== 'content-type';
    });
    const partial = this.#offset > 0 || kept.some(([name]) => name === 'range');
    const fields = kept.map(
      ([name, value]): Header =>
        // A part of what is compressed could not be read.
        partial && name === 'accept-encoding' ? [name, 'identity'] : [name, value],
    );
    if (this.#offset > 0) fields.push(['range', `bytes=${this.#offset}-`]);
    if (data !== null && data.length !== null) fields.push(['content-length', String(data.length)]);
    const user = (trusted ? options.user : null) ?? options.netrc?.userOf(url.hostname) ?? null;
    if (user !== null && url.username === '' && !fields.some(([name]) => name === 'authorization'))
      fields.push(['authorization', `Basic ${Buffer.from(user).toString('base64')}`]);
    return fields;
  }

  #note(response: IncomingMessage): void {
    const record = this.#record;
    record.times.reply = this.#host.context.now();
    record.status = response.statusCode ?? 0;
    record.statusMessage = response.statusMessage ?? '';
    record.headers = response.headers;
    record.protocol ??= (response.socket as TLSSocket | null)?.alpnProtocol || 'http/1.1';
  }

  /** How a response fits to the bytes that are there. */
  #resumed({ statusCode, headers }: IncomingMessage): 'anew' | 'goes on' | 'complete' {
    if (this.#offset === 0) return 'anew';
    const range = headers['content-range'] ?? '';
    const [, first, size] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(range) ?? [];
    if (statusCode === 206 && Number(first) === this.#offset) return 'goes on';
    if (statusCode === 416 && Number(size) === this.#offset) return 'complete';
    // What is there must not give way to a page that tells an error.
    const status = statusCode === 200 ? '' : ` (HTTP status ${statusCode})`;
    throw new Error(`the server does not go on at byte ${this.#offset}${status}`);
  }

  /** Looks at the pieces of a body on their way. */
  async *#tap(body: AsyncIterable<Buffer>, finder: AssetFinder | null): AsyncGenerator<Buffer> {
    const { progress, rate } = this.#host.context;
    yield* this.#heads;
    for await (const chunk of body) {
      this.#record.bytes += chunk.length;
      if (this.#progress !== null) progress.add(this.#progress, chunk.length);
      finder?.write(chunk);
      await rate?.take(chunk.length);
      yield chunk;
    }
  }

  /** The stream of a request was opened. */
  #opened(stream: SpdyStream): void {
    const sent = (): void => {
      this.#record.times.sent = this.#host.context.now();
    };
    if (stream.pending) stream.once('ready', sent);
    else sent();
  }
}

/** Nobody wants the body. */
function discard(response: IncomingMessage): void {
  response.on('error', () => {});
  response.resume();
}

async function* bytesOf(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

async function* pace(
  source: Readable,
  take: (bytes: number) => Promise<void>,
): AsyncGenerator<Buffer> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    await take(chunk.length);
    yield chunk;
  }
}

/** The head of a response as a text: its status line names the protocol. */
function headText(response: IncomingMessage, protocol: string | null): Buffer {
  const { statusCode = 0, statusMessage = '', rawHeaders } = response;
  const version = (protocol ?? 'http/1.1').toUpperCase();
  const lines = [`${version} ${statusCode} ${statusMessage}`.trim()];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
