import type { Readable, Writable } from 'node:stream';
import type { KubernetesStatus } from '../../wire/status.ts';
import type { TerminalSize } from '../../wire/terminal-size.ts';
import { checkSize } from './command-options.ts';
import type { CommandExit } from './command-outcome.ts';

/** A running command, however it is reached. */
export interface CommandLink {
  readonly protocol: string;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly exited: Promise<CommandExit>;
  /** What the server has said of the outcome, word for word; null if it was no status. */
  readonly status: KubernetesStatus | null;
  /** Tells the size of the terminal, where there is one. */
  resize(size: TerminalSize): void;
  /** Gives up. */
  close(): void;
  /** Resolves when the connection is closed, after `close()`. */
  closed(): Promise<void>;
}

/**
 * A command that runs in a container, with its standard streams. Made by `exec()` and `attach()`. What is asked for of stdout and stderr
 * must be read (or `resume()`d), both at the same time: all share one connection without flow control of its own, so that one unread
 * stream holds the other, and the outcome.
 */
export class RemoteCommand {
  /** The sub-protocol that the server chose; `channel.k8s.io` (v1) if it named none. */
  readonly protocol: string;
  /** Standard input; null unless it was asked for. It is closed without an error when the command wants no more. */
  readonly stdin: Writable | null;
  /** Standard output; null if it was not wanted. Destroyed with an error when the connection is lost within it. */
  readonly stdout: Readable | null;
  /** Standard error, as `stdout`; null with a terminal. */
  readonly stderr: Readable | null;
  /**
   * Resolves when the command has ended and all its output has arrived here. Rejects with RemoteFailureError when it could not be run,
   * with ConnectionLostError when the connection ended before that was known, with `ERR_SPDY_TIMEOUT`, with `ERR_SPDY_ABORTED`.
   */
  readonly exited: Promise<CommandExit>;
  readonly #link: CommandLink;

  /** Made by `exec()` and `attach()` and nobody else. */
  constructor(link: CommandLink) {
    this.#link = link;
    this.protocol = link.protocol;
    this.stdin = link.stdin;
    this.stdout = link.stdout;
    this.stderr = link.stderr;
    this.exited = link.exited;
    // Whoever does not ask for the outcome is not hurt by it; the streams tell of a lost connection as well.
    this.exited.catch(() => {});
  }

  /** Tells the size of the terminal. Without one, and below v3, nothing happens. */
  resize(size: TerminalSize): void {
    checkSize(size);
    this.#link.resize(size);
  }

  /** Gives up: ends the connection. The command itself goes on where the server does not end it (Kubernetes does not). */
  close(): void {
    this.#link.close();
  }

  /** `close()`, and the end of the connection, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#link.closed();
  }
}
