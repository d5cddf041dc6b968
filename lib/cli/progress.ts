/** What progress is shown on: standard error. */
export interface ProgressScreen {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** What has come of one body. */
export interface BodyProgress {
  /** Null if it does not tell its length. */
  readonly length: number | null;
  /** Bytes that came. */
  received: number;
}

const DELAY_MS = 500;
const INTERVAL_MS = 100;
const BAR_WIDTH = 24;

/** One line with a bar on a terminal, for bodies that take their time; elsewhere nothing. */
export class Progress {
  readonly #screen: ProgressScreen;
  readonly #begun = performance.now();
  #timer: NodeJS.Timeout | null = null;
  #shown = false;
  #received = 0;
  /** Of all bodies together that tell their lengths. */
  #total = 0;
  /** Bodies that do not. */
  #unknown = 0;

  /** `delayMs`: how long nothing is shown. */
  constructor(screen: ProgressScreen, enabled = true, delayMs: number = DELAY_MS) {
    this.#screen = screen;
    if (!enabled || screen.isTTY !== true) return;
    this.#timer = setTimeout(() => {
      this.#timer = setInterval(() => this.#show(), INTERVAL_MS).unref();
    }, delayMs).unref();
  }

  /** A body begins; null if it does not tell its length. */
  expect(length: number | null): BodyProgress {
    this.#count(length, 1);
    return { length, received: 0 };
  }

  /** Bytes of a body came. */
  add(body: BodyProgress, length: number): void {
    body.received += length;
    this.#received += length;
  }

  /** A body comes once more from its beginning: what there was of it counts for nothing. */
  forget({ length, received }: BodyProgress): void {
    this.#count(length, -1);
    this.#received -= received;
  }

  /** Takes the line away, so that something else can be written. */
  clear(): void {
    if (this.#shown) this.#screen.write('\r\x1b[K');
    this.#shown = false;
  }

  /** Nothing more comes. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.clear();
  }

  #count(length: number | null, bodies: 1 | -1): void {
    if (length === null) this.#unknown += bodies;
    else this.#total += bodies * length;
  }

  #show(): void {
    const seconds = (performance.now() - this.#begun) / 1000;
    const total = this.#unknown > 0 ? null : this.#total;
    const line = progressLine(this.#received, total, seconds);
    this.#shown = true;
    this.#screen.write(`\r${line.slice(0, (this.#screen.columns ?? 80) - 1)}\x1b[K`);
  }
}

/** ` 50% [=====     ] 1.0 MB of 2.0 MB, 512 kB/s`. */
export function progressLine(received: number, total: number | null, seconds: number): string {
  const rate = `${byteText(seconds > 0 ? received / seconds : 0)}/s`;
  if (total === null || total === 0) return `${byteText(received)}, ${rate}`;
  const share = Math.min(received / total, 1);
  const bar = '='.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  return `${percent} [${bar}] ${byteText(received)} of ${byteText(total)}, ${rate}`;
}

function byteText(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), units.length);
  return `${(bytes / 1000 ** power).toFixed(1)} ${units[power - 1]}`;
}
