import { setTimeout as sleep } from 'node:timers/promises';

/** How often, and how soon. */
export interface RetryChoice {
  readonly count: number;
  /** Between tries; null: 1 s, then twice as long each time. */
  readonly delayMs: number | null;
}

/** Statuses that may pass. */
const STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Errors that may pass: nobody there, the connection lost, the stream refused or reset. */
const CODES: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_SPDY_STREAM_REFUSED',
  'ERR_SPDY_STREAM_RESET',
  'ERR_SPDY_TIMEOUT',
  'ERR_SPDY_TRANSPORT_CLOSED',
]);

const LONGEST_MS = 600_000;

/** The tries of one request. */
export class Retries {
  readonly #choice: RetryChoice;
  readonly #signal: AbortSignal;
  #made = 0;

  constructor(choice: RetryChoice, signal: AbortSignal) {
    this.#choice = choice;
    this.#signal = signal;
  }

  /** How often it was tried again. */
  get made(): number {
    return this.#made;
  }

  /** Whether it is tried again after this status; then it was waited for as long as the server wants (`retry-after`). */
  afterStatus(status: number, retryAfter: string | undefined): Promise<boolean> {
    return this.#again(STATUSES.has(status), secondsOf(retryAfter));
  }

  /** The same after an error. */
  afterError(error: unknown): Promise<boolean> {
    const { code, cause } = error as { readonly code?: string; readonly cause?: { code?: string } };
    return this.#again(CODES.has(code ?? '') || CODES.has(cause?.code ?? ''), null);
  }

  async #again(passes: boolean, wantedMs: number | null): Promise<boolean> {
    if (!passes || this.#signal.aborted || this.#made >= this.#choice.count) return false;
    const own = this.#choice.delayMs ?? 1000 * 2 ** this.#made;
    this.#made++;
    await sleep(Math.min(wantedMs ?? own, LONGEST_MS), undefined, { signal: this.#signal });
    return true;
  }
}

/** `retry-after` in milliseconds: seconds, or a date. */
function secondsOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : Math.max(0, time - Date.now());
}
