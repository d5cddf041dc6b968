import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';

/** Bytes that may wait to be written. */
const MAX_WAITING = 1 << 23;
/** How long nothing is tried after a failure. */
const PAUSE_MS = 1000;

/**
 * A file that lines are appended to, wherever its end is: it may be moved away, or cut to nothing. Lines that cannot be written are lost: that is told once,
 * tried again each second, and told again when it works.
 */
export class LogFile {
  readonly #file: string;
  readonly #tell: (text: string) => void;
  readonly #pauseMs: number;
  #out: Writable | null = null;
  /** Whether the last line could not be written. */
  #broken = false;
  #brokenAt = 0;
  #lost = 0;

  private constructor(file: string, tell: (text: string) => void, pauseMs: number) {
    this.#file = file;
    this.#tell = tell;
    this.#pauseMs = pauseMs;
  }

  /**
   * Opens a file; `-` is standard output.
   *
   * @param tell told of what cannot be written, and when it can
   * @param pauseMs how long nothing is tried after a failure
   * @throws Error when it cannot be opened
   */
  static async open(
    file: string,
    tell: (text: string) => void,
    pauseMs: number = PAUSE_MS,
  ): Promise<LogFile> {
    const log = new LogFile(file, tell, pauseMs);
    const out = log.#open();
    // Who opens it hears of that by the rejection.
    log.#broken = true;
    if (out !== process.stdout) await once(out, 'open');
    log.#broken = false;
    return log;
  }

  /** Writes a line; it has its end. */
  write(line: string): void {
    if (this.#out === null && performance.now() - this.#brokenAt >= this.#pauseMs) this.#open();
    const out = this.#out;
    if (out === null) this.#lost++;
    else if (out.writableLength > MAX_WAITING) {
      this.#written(new Error('it takes too little of what there is to write'));
    } else out.write(line, this.#written);
  }

  /** Opens the file anew, as whoever has moved it away wants it. */
  reopen(): void {
    if (this.#file === '-') return;
    this.#out?.end();
    this.#open();
  }

  /** Writes what is left, and closes the file. */
  async close(): Promise<void> {
    const out = this.#out;
    if (out === null || out === process.stdout || out.destroyed) return;
    out.end();
    await new Promise((closed) => out.once('close', closed));
  }

  #open(): Writable {
    if (this.#file === '-') {
      this.#out = process.stdout;
      return this.#out;
    }
    const out = createWriteStream(this.#file, { flags: 'a' });
    this.#out = out;
    out.on('error', (error) => {
      if (this.#out === out) this.#out = null;
      this.#failed(error);
    });
    return out;
  }

  readonly #written = (error: Error | null | undefined): void => {
    if (error !== null && error !== undefined) {
      this.#lost++;
      this.#failed(error);
    } else if (this.#broken) {
      this.#broken = false;
      this.#tell(`${this.#file} is written again, ${this.#lost} lines were lost`);
      this.#lost = 0;
    }
  };

  #failed({ message }: Error): void {
    this.#brokenAt = performance.now();
    if (this.#broken) return;
    this.#broken = true;
    this.#tell(`${this.#file}: ${message}`);
  }
}
