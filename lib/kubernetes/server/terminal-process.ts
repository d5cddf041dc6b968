import { closeSync, constants, openSync } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { clearInterval, setInterval } from 'node:timers';
import { onAbort } from '../../common/abort.ts';
import { importByName, MissingPackageError } from '../../common/packages.ts';
import type { TerminalSize } from '../wire/terminal-size.ts';
import type { ServerCommand } from './command.ts';
import { exitCodeOfProcess, notStarted, ProcessKiller, type ProcessPlan } from './local-process.ts';

/** What is needed of a terminal of `node-pty`. */
interface Pty {
  readonly pid: number;
  /** The name of the process's end, where systems have that. */
  readonly ptsName?: string | undefined;
  onData(listener: (data: string | Buffer) => void): unknown;
  onExit(listener: (exit: { exitCode: number; signal?: number }) => void): unknown;
  write(data: string | Buffer): void;
  resize(columns: number, rows: number): void;
  pause(): void;
  resume(): void;
}

interface PtyModule {
  spawn(file: string, args: readonly string[], options: object): Pty;
}

/** Packages with that interface, best first. */
const PACKAGES = ['@lydell/node-pty', 'node-pty'];

/** Size of a terminal whose client has told none. */
const DEFAULT_SIZE: TerminalSize = { columns: 80, rows: 24 };

/** How often a process whose output is held back is looked after, in milliseconds. */
const WATCH_INTERVAL_MS = 50;

/** What a terminal's user types for the end of input. */
const END_OF_INPUT = '\x04';

/** Runs a process in a terminal; as `runProcess()`. */
export async function runInTerminal(command: ServerCommand, plan: ProcessPlan): Promise<number> {
  const { spawn } = await loadPty();
  const { stdin, stdout, signal } = command;
  const problem = await lookUp(plan);
  if (problem !== null) return notStarted(problem, plan.file, stdout);
  if (signal.aborted) return 0;
  const size = command.size ?? DEFAULT_SIZE;
  const pty = spawn(plan.file, plan.args, {
    name: 'xterm',
    cols: size.columns,
    rows: size.rows,
    cwd: plan.cwd ?? process.cwd(),
    env: plan.env,
    encoding: null,
  });
  const output = new TerminalOutput(pty, stdout);
  let ended = false;
  const whileOpen = (action: () => void): void => {
    try {
      if (!ended) action();
    } catch {
      // The terminal has been closed already.
    }
  };
  command.on('resize', ({ columns, rows }) => whileOpen(() => pty.resize(columns, rows)));
  stdin?.on('data', (chunk: Buffer) => whileOpen(() => pty.write(chunk)));
  stdin?.on('end', () => whileOpen(() => pty.write(END_OF_INPUT)));
  const killer = new ProcessKiller(plan, pty.pid);
  return new Promise((resolve) => {
    const stopAbort = onAbort(signal, () => {
      if (plan.leaves) resolve(0);
      else killer.kill();
    });
    const stopEnd = onAbort(plan.signal, () => killer.kill());
    pty.onExit(({ exitCode, signal: number }) => {
      ended = true;
      output.close();
      killer.stop();
      stopAbort();
      stopEnd();
      resolve(exitCodeOfProcess(exitCode, number ?? null));
    });
  });
}

/**
 * The output of a terminal, no faster than the client takes it, and all of it. What a process has written just before its end may be lost when
 * nobody has the terminal open any more: so its end is held open here. The package closes the terminal 200 ms after the end of the
 * process: so one that is held back is watched, and what is left of it, a few buffers, is taken when it has ended.
 */
class TerminalOutput {
  readonly #pty: Pty;
  readonly #output: Writable | null;
  readonly #heldOpen: number | null;
  #watch: NodeJS.Timeout | null = null;

  constructor(pty: Pty, output: Writable | null) {
    this.#pty = pty;
    this.#output = output;
    this.#heldOpen = holdOpen(pty.ptsName);
    pty.onData((data) => this.#data(data));
    output?.on('drain', () => this.#resume());
    output?.on('close', () => this.#resume());
  }

  /** The terminal is closed. */
  close(): void {
    this.#stopWatch();
    if (this.#heldOpen !== null) closeSync(this.#heldOpen);
  }

  #data(data: string | Buffer): void {
    const output = this.#output;
    // Nobody sees it any more; the process is not held for that.
    if (output === null || !output.writable) return;
    if (output.write(data) || this.#watch !== null || !isAlive(this.#pty.pid)) return;
    this.#pty.pause();
    this.#watch = setInterval(() => {
      if (!isAlive(this.#pty.pid)) this.#resume();
    }, WATCH_INTERVAL_MS);
  }

  #resume(): void {
    if (this.#watch === null) return;
    this.#stopWatch();
    this.#pty.resume();
  }

  #stopWatch(): void {
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#watch = null;
  }
}

function holdOpen(name: string | undefined): number | null {
  if (name === undefined) return null;
  try {
    return openSync(name, constants.O_RDWR | constants.O_NOCTTY);
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (exception) {
    return (exception as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function loadPty(): Promise<PtyModule> {
  let cause: unknown;
  for (const name of PACKAGES) {
    try {
      const found = await importByName<PtyModule & { default?: PtyModule }>(name);
      return found.spawn === undefined && found.default !== undefined ? found.default : found;
    } catch (exception) {
      cause ??= exception;
    }
  }
  throw new MissingPackageError(PACKAGES[0] as string, 'a terminal', { cause });
}

/** Why a program cannot be run, as far as that can be told beforehand: a terminal would only tell by its exit code 1. */
async function lookUp({ file, cwd = '', env }: ProcessPlan): Promise<NodeJS.ErrnoException | null> {
  if (process.platform === 'win32') return null;
  const { PATH = '' } = env;
  const folders = file.includes('/') ? [''] : PATH.split(path.delimiter);
  let problem: NodeJS.ErrnoException | null = null;
  for (const folder of folders) {
    try {
      await access(path.resolve(cwd, folder, file), constants.X_OK);
      return null;
    } catch (exception) {
      const error = exception as NodeJS.ErrnoException;
      if (problem === null || error.code === 'EACCES') problem = error;
    }
  }
  return problem;
}
