import { closeSync, openSync, writeFileSync } from 'node:fs';
import { HarRecorder } from '../../../http/client/har/har-recorder.ts';
import { UsageError } from '../../arguments.ts';

/** The file of `--har`: all requests of a run. */
export class HarFile {
  /** Records the requests. */
  readonly recorder: HarRecorder = new HarRecorder({ maxEntries: 0x7fffffff });
  readonly #file: number;

  /** @throws UsageError for a file that cannot be written */
  constructor(path: string) {
    try {
      this.#file = openSync(path, 'w');
    } catch (error) {
      throw new UsageError(`--har: ${(error as Error).message}`);
    }
  }

  /** Writes what was recorded, and closes the file. */
  write(): void {
    try {
      writeFileSync(this.#file, `${JSON.stringify(this.recorder, null, 1)}\n`);
    } finally {
      closeSync(this.#file);
    }
  }
}
