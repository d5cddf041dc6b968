import { once } from 'node:events';
import { createWriteStream, openSync, type WriteStream } from 'node:fs';
import type { Session } from '../session/public.ts';
import { UsageError } from './arguments.ts';

/** The file of `--trace`: what happens in sessions, a line of JSON for each event. */
export class TraceFile {
  readonly #file: WriteStream;
  #error: Error | null = null;

  /** @throws UsageError for a file that cannot be written */
  constructor(path: string) {
    try {
      this.#file = createWriteStream(path, { fd: openSync(path, 'w') });
    } catch (error) {
      throw new UsageError(`--trace: ${(error as Error).message}`);
    }
    this.#file.on('error', (error) => {
      this.#error ??= error;
    });
  }

  /** Writes what happens in a session from now on. */
  readonly watch = (session: Session): void => {
    session.trace(this.#file);
  };

  /** Resolves when all is written; rejects if that has failed. */
  async end(): Promise<void> {
    const file = this.#file;
    if (!file.destroyed) {
      file.end();
      await once(file, 'close').catch(() => {});
    }
    if (this.#error !== null) throw this.#error;
  }
}
