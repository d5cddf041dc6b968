import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { ClientRequest } from '../../../http/client/request/request.ts';
import { getNpnProtocols, type Session } from '../../../session/public.ts';
import type { FrameLog } from '../../frame-log.ts';
import type { UrlGroup } from '../options/options.ts';
import { newRecord, type RequestRecord } from '../output/statistics.ts';
import type { FetchContext } from './fetch-context.ts';
import { GroupAgents } from './group-agents.ts';
import { type FetchHost, UrlFetch } from './url-fetch.ts';

const MINUTE_MS = 60_000;

/**
 * Fetches URLs of one origin over one connection. Resolves with what became of each request. `first` is the place of the first one among all
 * URLs of the command line.
 */
export async function fetchGroup(
  urls: UrlGroup,
  context: FetchContext,
  first: number,
): Promise<readonly RequestRecord[]> {
  const group = new GroupFetch(context);
  return group.run(urls, first);
}

class GroupFetch implements FetchHost {
  readonly context: FetchContext;
  readonly agents: GroupAgents;
  readonly signal: AbortSignal;
  readonly #abort = new AbortController();
  readonly #tasks: Promise<void>[] = [];
  readonly #records: RequestRecord[] = [];
  /** URLs that were asked for, or came by themselves. */
  readonly #seen = new Set<string>();
  #handshake: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(context: FetchContext) {
    this.context = context;
    this.signal = AbortSignal.any([context.signal, this.#abort.signal]);
    // Every request listens.
    setMaxListeners(0, this.signal);
    this.agents = new GroupAgents(context.options, context.har, (session) =>
      this.#sessionBegun(session),
    );
  }

  async run(urls: UrlGroup, first: number): Promise<readonly RequestRecord[]> {
    // Pushes alone do not keep the process alive.
    const alive = setInterval(() => {}, MINUTE_MS);
    for (const [i, url] of urls.entries()) this.#start(url, first + i, true);
    // Pages and pushes add to them.
    for (let i = 0; i < this.#tasks.length; i++) await this.#tasks[i];
    clearInterval(alive);
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.signal.aborted) this.agents.destroy();
    else await this.agents.close();
    return this.#records;
  }

  found(asset: URL): void {
    const [{ url } = { url: asset.href }] = this.#records;
    if (asset.origin !== new URL(url).origin || this.#seen.has(asset.href)) return;
    this.#start(asset, null, false);
  }

  pushed(href: string, method: string, response: IncomingMessage): void {
    const url = new URL(href);
    this.#seen.add(url.href);
    const record = this.#newRecord(url.href, method, true);
    record.times.sent = this.context.now();
    const fetch = new UrlFetch(this, record, null);
    this.#tasks.push(this.#complete(record, null, () => fetch.receive(url, response, false)));
  }

  connected(request: ClientRequest, record: RequestRecord): void {
    const { log, now } = this.context;
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
    if (log !== null) this.#logHandshake(log, 'http/1.1', request.socket);
  }

  /** `page`: whether what it refers to may be fetched too. */
  #start(url: URL, index: number | null, page: boolean): void {
    this.#seen.add(url.href);
    const number = this.context.nextNumber(index);
    const record = this.#newRecord(url.href, this.context.options.method, false);
    const fetch = new UrlFetch(this, record, number);
    this.#tasks.push(this.#complete(record, number, () => fetch.run(url, page)));
  }

  #newRecord(href: string, method: string, pushed: boolean): RequestRecord {
    const record = newRecord(href, method, this.context.now(), pushed);
    this.#records.push(record);
    this.context.begun(record);
    return record;
  }

  async #complete(
    record: RequestRecord,
    number: number | null,
    carryOut: () => Promise<void>,
  ): Promise<void> {
    try {
      await carryOut();
      record.times.completed = this.context.now();
    } catch (error) {
      record.error = this.signal.aborted ? (this.signal.reason as Error) : (error as Error);
    }
    record.times.handshake = this.#handshake;
    if (number !== null) this.context.output.done?.(number);
    this.context.ended(record);
  }

  #sessionBegun(session: Session): void {
    const { log, now, trace } = this.context;
    this.#handshake = now();
    trace?.watch(session);
    this.#startTimer();
    if (log === null) return;
    this.#logHandshake(log, session.version.name, session.socket);
    log.watch(session);
  }

  #logHandshake(log: FrameLog, chosen: string, socket: Duplex | null): void {
    const { http1, version } = this.context.options;
    if ((socket as TLSSocket | null)?.encrypted === true) {
      const all = http1 ? ['http/1.1'] : [...getNpnProtocols(), 'http/1.1'];
      const names = version === null ? all : [version.name];
      const offered = names.map((name) => `* ${name}`);
      log.note('ALPN: this client offers', [...offered, `the server chose ${chosen}`]);
      log.note('Handshake complete');
    } else {
      log.note(`Connected without TLS, for ${chosen}`);
    }
  }

  /** From the handshake on, everything together has the time of `--timeout` once more. */
  #startTimer(): void {
    const { timeoutMs } = this.context.options;
    if (timeoutMs === null || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#abort.abort(new Error(`timed out ${timeoutMs / 1000} s after connecting`));
    }, timeoutMs);
  }
}
