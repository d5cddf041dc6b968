import type { ProxyOutcome, SpdyProxy } from '../../tools/index.ts';
import { type AccessFormat, accessLine } from '../access-line.ts';
import { LogFile } from '../log-file.ts';
import type { AccessLogConfig } from './config.ts';

/** Writes a line for each request that is over, if a configuration wants that. */
export class ProxyAccessLog {
  readonly #proxy: SpdyProxy;
  readonly #complain: (text: string) => void;
  #config: AccessLogConfig | null = null;
  #file: LogFile | null = null;
  #format: AccessFormat = 'combined';

  /** @param complain told of what cannot be written; that is lost */
  constructor(proxy: SpdyProxy, complain: (text: string) => void) {
    this.#proxy = proxy;
    this.#complain = (text) => complain(`access log: ${text}`);
  }

  /**
   * Takes what a configuration says. The same file as before is opened anew.
   *
   * @throws Error when the file cannot be opened; nothing is changed then
   */
  async use(config: AccessLogConfig | null): Promise<void> {
    const former = this.#file;
    if (config !== null && config.file === this.#config?.file) former?.reopen();
    else {
      this.#file = config === null ? null : await this.#open(config.file);
      void former?.close();
      if (former === null && config !== null) this.#proxy.on('exchange', this.#write);
      if (config === null) this.#proxy.off('exchange', this.#write);
    }
    this.#config = config;
    this.#format = config?.format ?? 'combined';
  }

  /** Opens the file anew, as whoever has moved it away wants it. */
  reopen(): void {
    this.#file?.reopen();
  }

  /** Writes what is left, and closes the file. */
  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #open(file: string): Promise<LogFile> {
    try {
      return await LogFile.open(file, this.#complain);
    } catch (error) {
      throw new Error(`access log: ${(error as Error).message}`, { cause: error });
    }
  }

  readonly #write = (outcome: ProxyOutcome): void => {
    const { request, status, sent, milliseconds, error, back, tries, received } = outcome;
    const { client, protocol, method, target, fields } = request;
    const field = (name: string): string | null => fields.find((it) => it[0] === name)?.[1] ?? null;
    const entry = {
      time: new Date(),
      milliseconds,
      address: client.address,
      protocol,
      method,
      url: target,
      referer: field('referer'),
      agent: field('user-agent'),
      status,
      bytes: sent,
      complete: error === null,
    };
    const more = { host: request.authority, received, back, tries, error: error?.message ?? null };
    this.#file?.write(accessLine(entry, this.#format, more));
  };
}
