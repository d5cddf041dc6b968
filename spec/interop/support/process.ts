import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** What a program that ran to its end left behind. */
export interface Finished {
  /** Exit code; null when it was ended by a signal. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A peer that runs beside the specs. */
export class PeerProcess {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #finished: Promise<Finished>;
  #stdout = '';
  #stderr = '';

  constructor(command: readonly string[]) {
    const [program, ...args] = command;
    if (program === undefined) throw new TypeError('no program to start');
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#finished = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code) =>
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr }),
      );
    });
    this.#finished.catch(() => {});
  }

  /** Resolves with the match of what the program printed; rejects when it ends or the time runs out first. */
  async printed(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.#stdout);
      if (match) return match;
      if (this.#child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`peer printed no ${pattern}: ${this.#stdout}${this.#stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Everything printed so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** Whether the program has not ended yet. */
  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when the program has ended by itself; ends it when the time runs out. */
  async finished(timeoutMs = 60_000): Promise<Finished> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs);
    try {
      return await this.#finished;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the program. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#finished;
  }
}

/** Runs a program to its end. */
export function run(command: readonly string[], timeoutMs?: number): Promise<Finished> {
  return new PeerProcess(command).finished(timeoutMs);
}
