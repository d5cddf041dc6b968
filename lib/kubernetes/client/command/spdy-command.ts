import type { Readable, Writable } from 'node:stream';
import { Deadline } from '../../../common/deadline.ts';
import { SessionError, SpdyError, StreamError } from '../../../errors.ts';
import { REFUSED_STREAM } from '../../../protocol/constants.ts';
import type { Session, SpdyStream } from '../../../session/public.ts';
import { RemoteFailureError } from '../../errors.ts';
import { rulesOf, STREAM_TYPE, type StreamType } from '../../wire/protocols.ts';
import type { KubernetesStatus } from '../../wire/status.ts';
import type { TerminalSize } from '../../wire/terminal-size.ts';
import { type KeepOpen, keepSessionOpen } from '../keep-open.ts';
import { leave } from '../leave.ts';
import type { ResolvedCommand } from './command-options.ts';
import { type CommandExit, CommandOutcome } from './command-outcome.ts';
import { CommandStdin } from './command-stdin.ts';
import type { CommandLink } from './remote-command.ts';

/** A command over SPDY: each of its streams is one of the session. */
export class SpdyCommand implements CommandLink {
  readonly protocol: string;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly exited: Promise<CommandExit>;

  readonly #session: Session;
  readonly #outcome: CommandOutcome;
  readonly #statusIsJson: boolean;
  readonly #error: SpdyStream;
  readonly #stdin: CommandStdin | null;
  readonly #resize: SpdyStream | null;
  /** stdout and stderr. */
  readonly #outputs: readonly SpdyStream[];
  /** Streams that the server has not accepted yet. */
  readonly #unanswered = new Set<SpdyStream>();
  /** Streams from which something is still to come. */
  readonly #running: Set<SpdyStream>;
  readonly #replyDeadline = new Deadline();
  readonly #keepOpen: KeepOpen;
  #settle: (outcome: CommandExit | Error) => void = () => {};
  #settled = false;
  #goaway = false;
  /** The server has ended the error stream, by FIN or RST_STREAM. */
  #errorEnded = false;
  /** Output ended without FIN, and not because it was destroyed here. */
  #cut = false;
  /** Why the session failed. */
  #failure: Error | null = null;

  /** `exec()` and `attach()` make it. @internal */
  constructor(session: Session, protocol: string | null, resolved: ResolvedCommand) {
    const { query, size, replyTimeoutMs } = resolved;
    this.#session = session;
    this.protocol = protocol ?? 'channel.k8s.io';
    const rules = rulesOf(this.protocol);
    this.#outcome = new CommandOutcome(rules, query.command === null);
    this.#statusIsJson = rules.statusIsJson;
    this.#keepOpen = keepSessionOpen(session, resolved.keepOpen);
    this.exited = new Promise((resolve, reject) => {
      this.#settle = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
    });

    this.#error = this.#open('error', true);
    const stdin = query.stdin ? this.#open('stdin', false) : null;
    const stdout = query.stdout ? this.#open('stdout', true) : null;
    const stderr = query.stderr ? this.#open('stderr', true) : null;
    this.#resize = query.tty && rules.resizes ? this.#open('resize', false) : null;
    this.#stdin = stdin === null ? null : new CommandStdin(stdin);
    this.#outputs = [stdout, stderr].filter((stream) => stream !== null);
    this.#running = new Set([this.#error, ...this.#outputs]);
    this.stdin = this.#stdin;
    this.stdout = stdout;
    this.stderr = stderr;

    this.#error.on('data', (chunk: Buffer) => {
      const tooLong = this.#outcome.add(chunk);
      if (tooLong !== null) this.#end(tooLong);
    });
    this.#resize?.resume();
    if (size !== null) this.resize(size);
    // What a closed stream has brought is here, even if nobody has read it yet.
    session.on('streamClose', (id, _status, error) => this.#streamClosed(id, error));
    session.on('goaway', () => {
      this.#goaway = true;
      this.#check();
    });
    session.on('error', (error) => {
      this.#failure = error;
    });
    // Servers open none.
    session.on('stream', (stream) => stream.close(REFUSED_STREAM));
    session.on('close', () => this.#conclude());
    if (replyTimeoutMs > 0) {
      const message = `the server did not accept the streams within ${replyTimeoutMs} ms`;
      this.#replyDeadline.start(replyTimeoutMs, () =>
        this.#end(new SpdyError('ERR_SPDY_TIMEOUT', message, 'peer')),
      );
    }
  }

  get status(): KubernetesStatus | null {
    return this.#outcome.status;
  }

  resize(size: TerminalSize): void {
    const { columns, rows } = size;
    if (this.#settled || this.#resize === null || this.#resize.destroyed) return;
    this.#resize.write(`${JSON.stringify({ Width: columns, Height: rows })}\n`);
  }

  close(): void {
    this.#end(new SpdyError('ERR_SPDY_ABORTED', 'the command was given up'));
  }

  closed(): Promise<void> {
    return leave(this.#session);
  }

  #open(type: StreamType, endStream: boolean): SpdyStream {
    const stream = this.#session.request([[STREAM_TYPE, type]], { endStream });
    this.#unanswered.add(stream);
    stream.on('error', () => {});
    stream.on('response', () => this.#answered(stream));
    return stream;
  }

  #answered(stream: SpdyStream): void {
    this.#unanswered.delete(stream);
    if (this.#unanswered.size > 0) return;
    this.#replyDeadline.stop();
    this.#stdin?.release();
  }

  #streamClosed(id: number, error: StreamError | SessionError | null): void {
    const stream = [...this.#unanswered, ...this.#running].find((one) => one.id === id);
    if (stream === undefined || this.#settled) return;
    this.#running.delete(stream);
    if (error instanceof SessionError) this.#failure ??= error;
    const reset =
      error instanceof StreamError &&
      error.by === 'peer' &&
      error.code !== 'ERR_SPDY_TRANSPORT_CLOSED';
    const refused = reset && !this.#goaway;
    if (refused && this.#unanswered.has(stream)) {
      const type = stream.headers[0]?.[1] ?? '';
      const refusal = `the server refused the stream ${type}: RST_STREAM ${error.status}`;
      this.#end(this.#outcome.failure() ?? new RemoteFailureError(refusal));
      return;
    }
    if (stream === this.#error) this.#errorEnded = error === null || reset;
    const onPurpose = error === null || (error instanceof StreamError && error.by === 'local');
    if (!onPurpose && stream !== this.#error) this.#cut = true;
    this.#check();
  }

  /** Ends when there is nothing more to come. A failure that is no exit code needs no output. */
  #check(): void {
    if (this.#settled) return;
    const told = !this.#running.has(this.#error) || (this.#goaway && this.#error.bytesRead > 0);
    if (!told) return;
    const failure = this.#outcome.failure();
    const complete = this.#outputs.every((output) => !this.#running.has(output));
    // Text may stand for an exit code, to which output belongs; old servers tell it first.
    if (failure !== null && (complete || this.#statusIsJson)) this.#end(failure);
    else if (complete) this.#conclude();
  }

  #conclude(): void {
    if (this.#settled) return;
    const { code } = (this.#failure ?? {}) as Partial<SpdyError>;
    if (this.#failure !== null && code === 'ERR_SPDY_ABORTED') {
      this.#end(this.#failure);
      return;
    }
    const cause = this.#failure ?? this.#session.state.transportError;
    // A status is whole or none. But of text, a connection that is lost before its stream has ended may have lost all.
    const told = this.#statusIsJson || this.#errorEnded || this.#goaway;
    const complete = !this.#cut && told;
    this.#end(this.#outcome.failure() ?? this.#outcome.conclude(complete, cause));
  }

  /** Tells the outcome, and leaves as kubectl does: RST_STREAM for what is open, GOAWAY, the end of the connection. */
  #end(outcome: CommandExit | Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#replyDeadline.stop();
    this.#keepOpen.stop();
    this.#stdin?.destroy();
    this.#resize?.close();
    this.#error.close();
    for (const output of this.#outputs) {
      if (outcome instanceof Error && this.#running.has(output)) output.destroy(outcome);
    }
    this.#settle(outcome);
    // What has come and is not read yet is not given up.
    if (outcome instanceof Error) void leave(this.#session);
    else this.#session.close().catch(() => {});
  }
}
