import type { Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { lateCrypto } from '../../common/late-modules.ts';
import { run } from '../client/command/run.ts';
import { RemoteFailureError } from '../errors.ts';
import { batches } from './batches.ts';
import type { ExecPart } from './options.ts';
import { RemoteTar } from './remote-tar.ts';
import type { Retries } from './retries.ts';

/** The archive is another one than before: what has come of it is of no use. */
export class ArchiveChanged extends Error {}

/** The hash of the first bytes of an archive. */
const HASH = 'n=$1; shift; tar "$@" | head -c "$n" | sha256sum';
/** The rest of an archive, with the exit code of tar. */
const REST =
  'n=$1; shift; exec 4>&1; s=$({ { tar "$@"; echo $? >&3; } | tail -c "+$n" >&4; } 3>&1); exit "$s"';

/** What takes an archive: it may come in several parts. */
export interface ArchiveSink {
  /** Whether it has failed by itself. */
  readonly failed: boolean;
  consume(source: AsyncIterable<readonly Buffer[]>): Promise<void>;
  /** All has come. */
  finish(): Promise<void>;
}

/**
 * The archive that a `tar` in a container writes. When the connection is lost, it is gone on with where it stopped, if the container can tell that all
 * before is as it was (with `sh`, `head`, `tail` and `sha256sum`).
 */
export class RemoteArchive {
  readonly #target: ExecPart;
  readonly #args: readonly string[];
  readonly #retries: Retries;
  readonly #hash: Hash | null;
  #received = 0;
  #resumed = false;

  constructor(target: ExecPart, args: readonly string[], retries: Retries) {
    this.#target = target;
    this.#args = args;
    this.#retries = retries;
    this.#hash = retries.any ? lateCrypto().createHash('sha256') : null;
  }

  /**
   * Gives all of it to a sink.
   *
   * @throws ArchiveChanged when it has to begin again; else as `copyFromPod()`
   */
  async pour(sink: ArchiveSink): Promise<void> {
    let next = await RemoteTar.start(this.#target, ['tar', ...this.#args], false);
    for (;;) {
      const tar = next;
      try {
        await this.#receive(tar, sink);
        // What has changed between the hash and the rest.
        if (this.#resumed && !(await this.#isAsItWas())) throw new ArchiveChanged();
        return;
      } catch (error) {
        if (sink.failed || error instanceof ArchiveChanged) throw error;
        next = await this.#again(error);
      } finally {
        tar.command.close();
      }
    }
  }

  async #receive(tar: RemoteTar, sink: ArchiveSink): Promise<void> {
    try {
      await sink.consume(this.#counted(tar.command.stdout as Readable));
    } catch (error) {
      // Why the command failed says more than that its output was cut.
      if (!sink.failed) await tar.ended();
      throw error;
    }
    await tar.ended();
    await sink.finish();
  }

  async *#counted(source: Readable): AsyncGenerator<readonly Buffer[]> {
    for await (const batch of batches(source)) {
      for (const chunk of batch) {
        this.#received += chunk.length;
        this.#hash?.update(chunk);
      }
      yield batch;
    }
  }

  /** The rest of it, after as many tries as that takes. */
  async #again(lost: unknown): Promise<RemoteTar> {
    let error = lost;
    for (;;) {
      await this.#retries.next(error);
      try {
        return await this.#rest();
      } catch (failed) {
        if (failed instanceof ArchiveChanged) throw failed;
        error = failed;
      }
    }
  }

  async #rest(): Promise<RemoteTar> {
    const received = this.#received;
    if (received === 0) return await RemoteTar.start(this.#target, ['tar', ...this.#args], false);
    if (!(await this.#isAsItWas())) throw new ArchiveChanged();
    this.#resumed = true;
    const command = ['sh', '-c', REST, 'sh', String(received + 1), ...this.#args];
    return await RemoteTar.start(this.#target, command, false);
  }

  async #isAsItWas(): Promise<boolean> {
    return (await this.#remoteHash()) === this.#hash?.copy().digest('hex');
  }

  /** The hash of as much as was received, as it is there now; null if it cannot be had. */
  async #remoteHash(): Promise<string | null> {
    const command = ['sh', '-c', HASH, 'sh', String(this.#received), ...this.#args];
    try {
      const { stdout } = await run({ ...this.#target, command });
      return /^[\da-f]{64}(?=\s)/.exec(stdout.toString())?.[0] ?? null;
    } catch (error) {
      if (error instanceof RemoteFailureError) return null;
      throw error;
    }
  }
}
