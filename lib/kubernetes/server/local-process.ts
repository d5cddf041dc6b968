import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { Deadline } from '../../common/deadline.ts';

/** How a local process is run, with every default. */
export interface ProcessPlan {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly leaves: boolean;
  readonly signal: AbortSignal | null;
  readonly killSignal: NodeJS.Signals;
  readonly killTimeoutMs: number;
}

/** Exit codes that shells use for a program that does not exist, and for one that cannot be run. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
/** Exit codes of signals begin here. */
const SIGNAL_BASE = 128;

/** The exit code of a process that ended by itself or by a signal. */
export function exitCodeOfProcess(
  code: number | null,
  signal: NodeJS.Signals | number | null,
): number {
  const number = typeof signal === 'string' ? constants.signals[signal] : signal;
  return number === null || number === 0 ? (code ?? 0) & 255 : SIGNAL_BASE + number;
}

/** The exit code, and the words, for a program that could not be started; throws what is no matter of the program. */
export async function notStarted(
  error: NodeJS.ErrnoException,
  file: string,
  output: Writable | null,
): Promise<number> {
  if (error.code !== 'ENOENT' && error.code !== 'EACCES') throw error;
  const missing = error.code === 'ENOENT';
  output?.write(`${file}: ${missing ? 'not found' : 'permission denied'}\n`);
  return missing ? NOT_FOUND : NOT_EXECUTABLE;
}

/** Ends a process and everything in its group: with a signal first, with SIGKILL when that takes too long. */
export class ProcessKiller {
  readonly #pid: number | undefined;
  readonly #signal: NodeJS.Signals;
  readonly #timeoutMs: number;
  readonly #deadline = new Deadline();

  constructor({ killSignal, killTimeoutMs }: ProcessPlan, pid: number | undefined) {
    this.#pid = pid;
    this.#signal = killSignal;
    this.#timeoutMs = killTimeoutMs;
  }

  /** `killed` is called behind SIGKILL. */
  kill(killed: () => void = () => {}): void {
    this.#send(this.#signal);
    this.#deadline.start(this.#timeoutMs, () => {
      this.#send('SIGKILL');
      killed();
    });
  }

  /** The process has ended. */
  stop(): void {
    this.#deadline.stop();
  }

  #send(signal: NodeJS.Signals): void {
    if (this.#pid === undefined) return;
    try {
      // A negative number is a process group.
      process.kill(process.platform === 'win32' ? this.#pid : -this.#pid, signal);
    } catch {
      // It has ended.
    }
  }
}
