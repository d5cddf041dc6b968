import { start } from '../client/command/exec.ts';
import type { RemoteCommand } from '../client/command/remote-command.ts';
import { RemoteFailureError } from '../errors.ts';
import { printable } from '../wire/printable.ts';
import type { ExecPart } from './options.ts';

/** What of the words of a remote tar is kept, in bytes. */
const MAX_STDERR = 8192;
/** Exit codes of shells and runtimes for a program that cannot be run. */
const NO_PROGRAM = [126, 127];

/** A `tar` that runs in a container. */
export class RemoteTar {
  readonly command: RemoteCommand;
  readonly #stderr: Buffer[] = [];

  constructor(command: RemoteCommand) {
    this.command = command;
    let length = 0;
    command.stderr?.on('data', (chunk: Buffer) => {
      if (length < MAX_STDERR) this.#stderr.push(chunk);
      length += chunk.length;
    });
    // Why it failed is told by `exited`.
    for (const stream of [command.stdin, command.stdout, command.stderr])
      stream?.on('error', () => {});
  }

  /** Starts a command that is `tar`, or runs it. */
  static async start(
    target: ExecPart,
    command: readonly string[],
    stdin: boolean,
  ): Promise<RemoteTar> {
    return new RemoteTar(await start(target, command, { ...target, stdin }, true));
  }

  /**
   * Waits for its end.
   *
   * @throws RemoteFailureError when there is no tar, or when it says that it failed; ConnectionLostError when nobody knows
   */
  async ended(): Promise<void> {
    let exitCode: number | null;
    try {
      ({ exitCode } = await this.command.exited);
    } catch (error) {
      if (error instanceof RemoteFailureError && isMissing(error.message))
        throw new RemoteFailureError(noTar(error.message), error.status);
      throw error;
    }
    if (exitCode === 0) return;
    const words = this.#words();
    if (exitCode !== null && NO_PROGRAM.includes(exitCode))
      throw new RemoteFailureError(noTar(words));
    throw new RemoteFailureError(`tar failed with exit code ${exitCode}: ${words}`);
  }

  #words(): string {
    return printable(Buffer.concat(this.#stderr).toString());
  }
}

/** Whether a container runtime says that there is no such program. */
function isMissing(message: string): boolean {
  return /executable file not found|no such file or directory/i.test(message);
}

function noTar(words: string): string {
  return `the container has no tar, without which nothing can be copied: ${words}`;
}
