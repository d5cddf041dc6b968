import { type ChildProcess, spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { abortSignal, onAbort } from '../../common/abort.ts';
import { checkTime, shown } from '../../common/check.ts';
import { checkOptions, optionNames } from '../../common/option-names.ts';
import { InvalidArgumentError } from '../../errors.ts';
import type { ServerCommand } from './command.ts';
import { exitCodeOfProcess, notStarted, ProcessKiller, type ProcessPlan } from './local-process.ts';
import { runInTerminal } from './terminal-process.ts';

/** How a local process is run. */
export interface RunProcessOptions {
  /** The program. Default: the first word of the command. */
  readonly file?: string | undefined;
  /** Its arguments. Default: the other words of the command. */
  readonly args?: readonly string[] | undefined;
  /** Working directory. Default: that of this process. */
  readonly cwd?: string | undefined;
  /** All of its environment. Default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * What becomes of the process when the client has gone before its end: `'kill'` it, with everything in its process group; or
   * `'leave'` it alone with closed pipes, as container runtimes do. Default `'kill'`.
   */
  readonly whenGone?: 'kill' | 'leave' | undefined;
  /** Ends the process when it is fired, as when the client has gone and it is killed; its exit code is told all the same. Default none. */
  readonly signal?: AbortSignal | undefined;
  /** The signal for that. Default `'SIGTERM'`, with a terminal `'SIGHUP'`. */
  readonly killSignal?: NodeJS.Signals | undefined;
  /** Milliseconds until SIGKILL follows it. Default 5000. */
  readonly killTimeoutMs?: number | undefined;
}

const OPTION_NAMES = optionNames<RunProcessOptions>({
  file: true,
  args: true,
  cwd: true,
  env: true,
  whenGone: true,
  signal: true,
  killSignal: true,
  killTimeoutMs: true,
});

/**
 * Runs a local process for a command: a handler for exec, without any isolation, as the user of this process. Resolves with its exit code:
 * 128 and the number for a signal, 127 for a program that does not exist, 126 for one that may not be run (both with a line on
 * stderr). A terminal needs the package `@lydell/node-pty`, or `node-pty`.
 *
 * @throws InvalidArgumentError without a program, for a `cwd` that is no directory, and for an option that does not exist
 * @throws MissingPackageError for a terminal when there is no package for it
 */
export async function runProcess(
  command: ServerCommand,
  options: RunProcessOptions = {},
): Promise<number> {
  checkOptions('runProcess()', options, OPTION_NAMES);
  const [first = '', ...rest] = command.command;
  const { file = first, args = rest, cwd, env = process.env } = options;
  if (file === '') throw new InvalidArgumentError('there is no program to run: give `file`');
  // The system would say of the program that it is not there.
  if (cwd !== undefined && !(await isDirectory(cwd)))
    throw new InvalidArgumentError(`the working directory ${cwd} is no directory`);
  const { whenGone = 'kill' } = options;
  if (whenGone !== 'kill' && whenGone !== 'leave')
    throw new InvalidArgumentError(`whenGone must be one of kill, leave, got ${shown(whenGone)}`);
  const plan: ProcessPlan = {
    file,
    args,
    cwd,
    env,
    leaves: whenGone === 'leave',
    signal: abortSignal(options.signal),
    killSignal: options.killSignal ?? (command.tty ? 'SIGHUP' : 'SIGTERM'),
    killTimeoutMs: checkTime('killTimeoutMs', options.killTimeoutMs ?? 5000),
  };
  return command.tty ? runInTerminal(command, plan) : runWithPipes(command, plan);
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

function runWithPipes(command: ServerCommand, plan: ProcessPlan): Promise<number> {
  const { stdin, stdout, stderr } = command;
  const pipe = (stream: unknown): 'pipe' | 'ignore' => (stream === null ? 'ignore' : 'pipe');
  const child = spawn(plan.file, plan.args, {
    cwd: plan.cwd,
    env: plan.env,
    stdio: [pipe(stdin), pipe(stdout), pipe(stderr)],
    // A process group of its own: what the program starts can be ended with it.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  if (stdin !== null && child.stdin !== null) feed(stdin, child.stdin);
  if (stdout !== null && child.stdout !== null) drain(child.stdout, stdout);
  if (stderr !== null && child.stderr !== null) drain(child.stderr, stderr);
  return new Promise((resolve, reject) => {
    const killer = new ProcessKiller(plan, child.pid);
    const stopAbort = onAbort(command.signal, () => {
      if (plan.leaves) {
        child.unref();
        resolve(0);
      } else killer.kill(() => closePipes(child));
    });
    const stopEnd = onAbort(plan.signal, () => killer.kill(() => closePipes(child)));
    child.once('error', (error) => notStarted(error, plan.file, stderr).then(resolve, reject));
    child.once('close', (code, signal) => {
      killer.stop();
      stopAbort();
      stopEnd();
      // A failure to start has told its own.
      if (child.pid !== undefined) resolve(exitCodeOfProcess(code, signal));
    });
  });
}

/** What the client types goes to the program, until either has enough. */
function feed(input: Readable, sink: Writable): void {
  // The program may end, or close it, before it has read everything.
  sink.on('error', () => {});
  // What it does not want any more must not hold up the connection.
  sink.once('close', () => input.destroy());
  input.once('close', () => sink.end());
  input.pipe(sink);
}

/** What the program prints goes to the client. A client that wants no more breaks the pipe. */
function drain(source: Readable, output: Writable): void {
  source.on('error', () => output.end());
  output.once('close', () => source.destroy());
  source.pipe(output);
}

/** When something outside of the process group keeps them open. */
function closePipes(child: ChildProcess): void {
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
}
