import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { SpdyAgent } from '../../http/client/agent.ts';
import type { SpdyAgentOptions } from '../../http/client/agent-options.ts';
import { decompress } from '../../http/client/decompress.ts';
import type { HarRecorder } from '../../http/client/har-recorder.ts';
import type { ClientRequest } from '../../http/client/request.ts';
import { hasBody } from '../../http/message-head.ts';
import { getNpnProtocols, type Session, type SpdyStream } from '../../session/public.ts';
import type { FrameLog } from '../frame-log.ts';
import type { Progress } from '../progress.ts';
import type { TraceFile } from '../trace-file.ts';
import { type AssetFinder, openAssetFinder } from './assets.ts';
import type { BodyOutput } from './body-output.ts';
import type { SpdycatOptions, TlsFiles, UrlGroup } from './options.ts';
import type { ProxyPlace } from './proxy-option.ts';
import type { RequestDataSource } from './request-data.ts';
import { newRecord, type RequestRecord } from './statistics.ts';

/** What all groups of a run have in common. */
export interface FetchContext {
  readonly options: SpdycatOptions;
  readonly output: BodyOutput;
  readonly data: RequestDataSource | null;
  readonly log: FrameLog | null;
  readonly trace: TraceFile | null;
  readonly har: HarRecorder | null;
  readonly progress: Progress;
  /** Milliseconds since the program has begun. */
  readonly now: () => number;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** The next number of a body, for their order. */
  nextNumber(): number;
  /** A request has begun. */
  begun(record: RequestRecord): void;
  /** Nothing more will come of it. */
  ended(record: RequestRecord): void;
}

/** Priority of all requests, as Spdylay has it. */
const PRIORITY = 3;

/** How long the server may take to end the connection after GOAWAY. */
const LINGER_MS = 1000;

const MINUTE_MS = 60_000;

/** Fetches URLs of one origin over one connection. Resolves with what became of each request. */
export async function fetchGroup(
  urls: UrlGroup,
  context: FetchContext,
): Promise<readonly RequestRecord[]> {
  const group = new GroupFetch(context);
  return group.run(urls);
}

class GroupFetch {
  readonly #context: FetchContext;
  readonly #agent: SpdyAgent;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #tasks: Promise<void>[] = [];
  readonly #records: RequestRecord[] = [];
  /** URLs that were asked for, or came by themselves. */
  readonly #seen = new Set<string>();
  #handshake: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(context: FetchContext) {
    this.#context = context;
    this.#signal = AbortSignal.any([context.signal, this.#abort.signal]);
    // Every request listens.
    setMaxListeners(0, this.#signal);
    this.#agent = new SpdyAgent(agentOptions(context));
    this.#agent.on('session', (session) => this.#sessionBegun(session));
  }

  async run(urls: UrlGroup): Promise<readonly RequestRecord[]> {
    // Pushes alone do not keep the process alive.
    const alive = setInterval(() => {}, MINUTE_MS);
    for (const url of urls) this.#start(url, true);
    // Pages and pushes add to them.
    for (let i = 0; i < this.#tasks.length; i++) await this.#tasks[i];
    clearInterval(alive);
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#signal.aborted) this.#agent.destroy();
    else await this.#agent.close();
    return this.#records;
  }

  /** `page`: whether what it refers to may be fetched too. */
  #start(url: URL, page: boolean): void {
    this.#seen.add(url.href);
    const record = this.#newRecord(url.href, this.#context.options.method, false);
    const number = this.#context.nextNumber();
    const request = async (): Promise<void> => {
      const response = await this.#request(url, record);
      await this.#receive(url, record, response, number, page);
    };
    this.#tasks.push(this.#complete(record, url, number, request));
  }

  #pushed(href: string, method: string, response: IncomingMessage): void {
    const url = new URL(href);
    this.#seen.add(url.href);
    const record = this.#newRecord(url.href, method, true);
    record.times.sent = this.#context.now();
    const receive = (): Promise<void> => this.#receive(url, record, response, null, false);
    this.#tasks.push(this.#complete(record, url, null, receive));
  }

  #newRecord(href: string, method: string, pushed: boolean): RequestRecord {
    const record = newRecord(href, method, pushed);
    this.#records.push(record);
    this.#context.begun(record);
    return record;
  }

  async #complete(
    record: RequestRecord,
    url: URL,
    number: number | null,
    carryOut: () => Promise<void>,
  ): Promise<void> {
    try {
      await carryOut();
      record.times.completed = this.#context.now();
    } catch (error) {
      record.error = this.#signal.aborted ? (this.#signal.reason as Error) : (error as Error);
    }
    record.times.handshake = this.#handshake;
    if (record.error !== null) await this.#context.output.take(number, url, null).catch(() => {});
    this.#context.ended(record);
  }

  /** Sends a request; resolves when the head of the response has come. */
  async #request(url: URL, record: RequestRecord): Promise<IncomingMessage> {
    const { options, data } = this.#context;
    const body = (await data?.open()) ?? null;
    const length = body === null || body.length === null ? [] : [String(body.length)];
    const request = this.#agent.request(url, {
      method: options.method,
      headers: [...options.headers, ...length.map((value) => ['content-length', value] as const)],
      priority: PRIORITY,
      signal: this.#signal,
      ...(options.path === null ? {} : { path: options.path }),
    });
    const response = new Promise<IncomingMessage>((resolve, reject) => {
      request.on('response', resolve);
      request.on('error', reject);
      // As with CONNECT, which makes a tunnel that nobody uses here.
      request.on('close', () => reject(new Error('the request ended without a response')));
    });
    request.on('socket', (socket) => this.#connected(socket, request, record));
    request.on('stream', (stream) => this.#opened(stream, record));
    request.on('push', ({ url: href, method }, pushed) => this.#pushed(href, method, pushed));
    if (body === null) request.end();
    else {
      body.source.on('error', (error) => request.destroy(error));
      body.source.pipe(request);
    }
    return response;
  }

  async #receive(
    url: URL,
    record: RequestRecord,
    response: IncomingMessage,
    number: number | null,
    page: boolean,
  ): Promise<void> {
    const { now, options, output, progress } = this.#context;
    const { statusCode = 0, statusMessage = '', headers } = response;
    record.times.reply = now();
    record.status = statusCode;
    record.statusMessage = statusMessage;
    record.headers = headers;
    record.protocol ??= (response.socket as TLSSocket | null)?.alpnProtocol || 'http/1.1';
    if (options.fail && statusCode >= 400) {
      response.destroy();
      throw new Error(`HTTP status ${statusCode} ${statusMessage}`.trim());
    }
    if (!hasBody(record.method, statusCode)) {
      response.resume();
      await output.take(number, url, null);
      return;
    }
    const { 'content-encoding': coding, 'content-length': length = '' } = headers;
    progress.expect(/^\d+$/.test(length) && coding === undefined ? Number(length) : null);
    const html = /^text\/html\b/i.test(headers['content-type'] ?? '');
    const finder = page && options.assets && html ? await openAssetFinder(url) : null;
    const body = decompress(response, coding) ?? response;
    record.file = await output.take(number, url, this.#tap(body, record, finder));
    for (const asset of finder?.end() ?? []) {
      if (asset.origin === url.origin && !this.#seen.has(asset.href)) this.#start(asset, false);
    }
  }

  /** Looks at the pieces of a body on their way. */
  async *#tap(
    body: AsyncIterable<Buffer>,
    record: RequestRecord,
    finder: AssetFinder | null,
  ): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      record.bytes += chunk.length;
      this.#context.progress.add(chunk.length);
      finder?.write(chunk);
      yield chunk;
    }
  }

  #sessionBegun(session: Session): void {
    const { log, now, trace } = this.#context;
    this.#handshake = now();
    trace?.watch(session);
    this.#startTimer();
    if (log === null) return;
    this.#logHandshake(log, session.version.name, session.socket);
    log.watch(session);
  }

  /** A request has got its connection. */
  #connected(socket: Duplex, request: ClientRequest, record: RequestRecord): void {
    const { log, now } = this.#context;
    this.#startTimer();
    const { session } = request;
    if (session !== null) {
      record.protocol = session.version.name;
      return;
    }
    record.protocol = 'http/1.1';
    record.times.sent = now();
    if (this.#handshake !== null) return;
    this.#handshake = now();
    if (log !== null) this.#logHandshake(log, 'http/1.1', socket);
  }

  /** The stream of a request was opened. */
  #opened(stream: SpdyStream, record: RequestRecord): void {
    const { now } = this.#context;
    const sent = (): void => {
      record.times.sent = now();
    };
    if (stream.pending) stream.once('ready', sent);
    else sent();
  }

  #logHandshake(log: FrameLog, chosen: string, socket: Duplex | null): void {
    const { options } = this.#context;
    if ((socket as TLSSocket | null)?.encrypted === true) {
      const names =
        options.version === null ? [...getNpnProtocols(), 'http/1.1'] : [options.version.name];
      const offered = names.map((name) => `* ${name}`);
      log.note('ALPN: this client offers', [...offered, `the server chose ${chosen}`]);
      log.note('Handshake complete');
    } else {
      log.note(`Connected without TLS, for ${chosen}`);
    }
  }

  /** From the handshake on, everything together has the time of `--timeout` once more. */
  #startTimer(): void {
    const { timeoutMs } = this.#context.options;
    if (timeoutMs === null || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#abort.abort(new Error(`timed out ${timeoutMs / 1000} s after connecting`));
    }, timeoutMs);
  }
}

function agentOptions({ har, options }: FetchContext): SpdyAgentOptions {
  const { proxy, servername, timeoutMs, tls, version, windowSize } = options;
  const window =
    windowSize === null
      ? {}
      : { initialWindowSize: windowSize, sessionWindowSize: Math.max(windowSize, 65536) };
  const only =
    version === null
      ? {}
      : { version: version.name, protocols: [version.name], defaultVersion: version.name };
  return {
    ...only,
    har,
    tls: { ...tls, ...(servername === null ? {} : { servername }) },
    session: { ...window, lingerTimeoutMs: LINGER_MS },
    ...(timeoutMs === null ? {} : { connectTimeoutMs: timeoutMs }),
    ...(proxy === null ? {} : proxyOptions(proxy, tls)),
  };
}

function proxyOptions(proxy: ProxyPlace, tls: TlsFiles): SpdyAgentOptions {
  if ('url' in proxy) return { proxy: { url: proxy.url, tls } };
  const { host, port } = proxy;
  return { createConnection: () => net.connect({ host, port, noDelay: true }) };
}
