import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { checkRange } from '../../../common/check.ts';
import { SpdyError } from '../../../errors.ts';
import { checkTargetNames, RUN_OPTION_NAMES } from '../option-names.ts';
import type { KubernetesTarget, RemoteCommandOptions } from './command-options.ts';
import { exec } from './exec.ts';
import type { RemoteCommand } from './remote-command.ts';

/** Options of `run()`. */
export type RunOptions = KubernetesTarget &
  Omit<RemoteCommandOptions, 'stdin' | 'stdout' | 'stderr' | 'tty' | 'size'> & {
    /** The argument vector; no shell looks at it. */
    readonly command: readonly string[];
    /** Standard input: text (UTF-8), bytes, or a stream. Default none. */
    readonly input?: string | Uint8Array | Readable | undefined;
    /** Most bytes of stdout and stderr together. Default 67108864 (64 MiB). */
    readonly maxOutputBytes?: number | undefined;
  };

/** What a command has written, and how it ended. */
export interface RunResult {
  /** As in `CommandExit`: from 0 to 255, null if nobody tells. */
  readonly exitCode: number | null;
  /** All of standard output. */
  readonly stdout: Buffer;
  /** All of standard error. */
  readonly stderr: Buffer;
}

/**
 * Runs a command in a container to its end and collects what it writes. Rejects as `exec()` and its `exited` do, with the error of
 * `input`, and with `ERR_SPDY_TOO_MUCH_BUFFERED` above `maxOutputBytes`. An exit code is no error.
 */
export async function run(options: RunOptions): Promise<RunResult> {
  checkTargetNames('run()', options, RUN_OPTION_NAMES);
  const { input, maxOutputBytes = 64 << 20, ...rest } = options;
  checkRange('maxOutputBytes', maxOutputBytes, 0, Number.MAX_SAFE_INTEGER);
  const source = input instanceof Readable ? input : null;
  // It may fail before there is a command to tell.
  source?.on('error', () => {});
  const command = await exec({ ...rest, stdin: input !== undefined }).catch((error) => {
    source?.destroy();
    throw error;
  });
  const room = { left: maxOutputBytes };
  try {
    const [stdout, stderr, { exitCode }] = await Promise.all([
      collect(command, command.stdout, room),
      collect(command, command.stderr, room),
      command.exited,
      feed(command, input),
    ]);
    return { exitCode, stdout, stderr };
  } finally {
    command.close();
  }
}

async function collect(
  command: RemoteCommand,
  output: Readable,
  room: { left: number },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of output as AsyncIterable<Buffer>) {
      room.left -= chunk.length;
      if (room.left < 0) break;
      chunks.push(chunk);
    }
  } catch (error) {
    // Why the command failed says more than that its output was cut.
    await command.exited;
    throw error;
  }
  if (room.left < 0) {
    const message = 'the command writes more than maxOutputBytes';
    throw new SpdyError('ERR_SPDY_TOO_MUCH_BUFFERED', message, 'peer');
  }
  return Buffer.concat(chunks);
}

async function feed(
  command: RemoteCommand,
  input: string | Uint8Array | Readable | undefined,
): Promise<void> {
  const { stdin } = command;
  if (stdin === null || input === undefined) return;
  if (!(input instanceof Readable)) {
    stdin.end(input);
    return;
  }
  try {
    await pipeline(input, stdin);
  } catch (error) {
    // One that had failed already is only called closed.
    const reason = (input.errored ?? error) as NodeJS.ErrnoException;
    // The command has ended without reading all of it.
    if (reason.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw reason;
  }
}
