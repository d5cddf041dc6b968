import { SpdyError } from '../../../errors.ts';
import { ConnectionLostError, RemoteFailureError } from '../../errors.ts';
import { printable } from '../../wire/printable.ts';
import type { RemoteCommandRules } from '../../wire/protocols.ts';
import {
  exitCodeOf,
  type KubernetesStatus,
  MAX_STATUS_BYTES,
  parseStatus,
} from '../../wire/status.ts';

/** How a remote command ended. */
export interface CommandExit {
  /** 0 to 255, of a signal 128 more than its number; null for an attached process, whose code nobody tells. */
  readonly exitCode: number | null;
}

/** The error stream of a remote command: what it says, and what that means. */
export class CommandOutcome {
  readonly #rules: RemoteCommandRules;
  readonly #attached: boolean;
  readonly #chunks: Buffer[] = [];
  #length = 0;

  constructor(rules: RemoteCommandRules, attached: boolean) {
    this.#rules = rules;
    this.#attached = attached;
  }

  /** Takes a piece of it; returns the error when there is too much. */
  add(chunk: Buffer): SpdyError | null {
    this.#length += chunk.length;
    if (this.#length > MAX_STATUS_BYTES) return malformed(`more than ${MAX_STATUS_BYTES} bytes`);
    this.#chunks.push(chunk);
    return null;
  }

  /** What it says so far as a status; null while that is none, and for text. */
  get status(): KubernetesStatus | null {
    return this.#rules.statusIsJson && this.#length > 0 ? parseStatus(this.#text()) : null;
  }

  /** The failure that it tells, which needs no output to be complete; null if it tells none. */
  failure(): SpdyError | null {
    const text = this.#text();
    if (text === '') return null;
    if (!this.#rules.statusIsJson) return new RemoteFailureError(printable(text));
    const status = parseStatus(text);
    if (status === null) return malformed(text);
    if (exitCodeOf(status) !== null) return null;
    const words = status.message ?? status.reason ?? 'the command failed';
    return new RemoteFailureError(printable(words), status);
  }

  /** What it comes to when no failure was told; `complete`: all output was there, and finished by the peer. */
  conclude(complete: boolean, cause: Error | null): CommandExit | ConnectionLostError {
    const { status } = this;
    const options = cause === null ? {} : { cause };
    if (status === null && this.#rules.statusIsJson)
      return new ConnectionLostError('the connection ended without an outcome', null, options);
    if (!complete)
      return new ConnectionLostError('the connection ended within the output', status, options);
    if (status === null) return { exitCode: this.#attached ? null : 0 };
    const exitCode = exitCodeOf(status);
    return { exitCode: this.#attached && exitCode === 0 ? null : exitCode };
  }

  #text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}

function malformed(text: string): SpdyError {
  const shown = printable(text.length > 200 ? `${text.slice(0, 200)}...` : text);
  const message = `the error stream holds no status: ${JSON.stringify(shown)}`;
  return new SpdyError('ERR_SPDY_PROTOCOL', message, 'peer');
}
