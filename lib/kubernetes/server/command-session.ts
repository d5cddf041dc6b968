import type { IncomingMessage } from 'node:http';
import { Deadline } from '../../common/deadline.ts';
import type { Session, SpdyStream } from '../../session/public.ts';
import { StreamInput, StreamOutput } from '../wire/command-streams.ts';
import {
  headerValue,
  type RemoteCommandProtocol,
  type RemoteCommandRules,
  rulesOf,
  STREAM_TYPE,
  type StreamType,
} from '../wire/protocols.ts';
import type { KubernetesStatus } from '../wire/status.ts';
import type { TerminalSize } from '../wire/terminal-size.ts';
import { TerminalSizeReader } from '../wire/terminal-size.ts';
import { ServerCommand } from './command.ts';
import { statusText } from './command-outcome.ts';
import { ServerLife } from './life.ts';
import type { CommandRequest } from './routes.ts';

/** What a session of exec or attach is made of. */
export interface CommandSessionInit {
  readonly session: Session;
  readonly asked: CommandRequest;
  readonly protocol: RemoteCommandProtocol;
  readonly request: IncomingMessage;
  /** Serves the command: what it resolves with is told to the client. Never rejects. */
  readonly serve: (command: ServerCommand) => Promise<KubernetesStatus>;
  readonly streamCreationTimeoutMs: number;
  readonly endTimeoutMs: number;
  /** All streams are there, and the command is served. */
  readonly started: () => void;
}

/** One exec or attach of a client: collects the streams, calls the handler, and ends so that no byte is lost. */
export class CommandSession {
  readonly life: ServerLife;
  /** Resolves when the session is closed and the command is served. */
  readonly done: Promise<void>;
  readonly #init: CommandSessionInit;
  readonly #rules: RemoteCommandRules;
  readonly #expected: ReadonlySet<string>;
  readonly #streams = new Map<string, SpdyStream>();
  readonly #deadline = new Deadline();
  readonly #sizes = new TerminalSizeReader();
  #size: TerminalSize | null = null;
  #command: ServerCommand | null = null;
  #handled: Promise<void> = Promise.resolve();

  constructor(init: CommandSessionInit) {
    this.#init = init;
    this.#rules = rulesOf(init.protocol);
    this.#expected = expectedStreams(init.asked, this.#rules);
    this.life = new ServerLife(init.session, (stream) => this.#accept(stream));
    if (init.streamCreationTimeoutMs > 0)
      this.#deadline.start(init.streamCreationTimeoutMs, () => this.life.end());
    this.done = this.life.closed.then(() => {
      this.#deadline.stop();
      return this.#handled;
    });
  }

  #accept(stream: SpdyStream): void {
    const type = headerValue(stream.headers, STREAM_TYPE) ?? '';
    if (this.#streams.has(type)) {
      stream.close();
      return;
    }
    // At once: clients open the next stream only after that.
    stream.respond();
    if (!this.#expected.has(type)) {
      stream.resume();
      return;
    }
    this.#streams.set(type, stream);
    if (type === 'resize') stream.on('data', (chunk: Buffer) => this.#resize(chunk));
    else if (type !== 'stdin') stream.resume();
    if (this.#streams.size === this.#expected.size) this.#start();
  }

  #resize(chunk: Buffer): void {
    for (const size of this.#sizes.push(chunk)) {
      this.#size = size;
      this.#command?.resized(size);
    }
  }

  #start(): void {
    this.#deadline.stop();
    const { asked, request, protocol, started } = this.#init;
    const { life } = this;
    const stdin = this.#streams.get('stdin');
    const stdout = this.#output('stdout');
    const stderr = this.#output('stderr');
    const input = stdin === undefined ? null : new StreamInput(stdin, () => life.over);
    started();
    const { signal } = life;
    // Later, when the first size of the terminal that came along is known.
    this.#handled = Promise.resolve().then(async () => {
      const size = this.#size;
      const streams = { stdin: input, stdout, stderr };
      const command = new ServerCommand({ asked, request, protocol, ...streams, size, signal });
      this.#command = command;
      const status = await this.#init.serve(command);
      this.#command = null;
      await this.#finish(status, input, [stdout, stderr]);
    });
  }

  /**
   * The end that loses nothing: all output, then the status, each with FIN; then the client closes. Closing first would answer its next PING
   * with a TCP reset, which takes what it has not read yet (kubernetes#60140).
   */
  async #finish(
    status: KubernetesStatus,
    input: StreamInput | null,
    outputs: readonly (StreamOutput | null)[],
  ): Promise<void> {
    // Nobody reads it any more: it must not hold up the rest.
    input?.destroy();
    const flush = (): Promise<unknown> => Promise.all(outputs.map((output) => output?.finished()));
    // A client of v1 is done when the output is.
    const statusFirst = !this.#rules.stdinEnds;
    if (!statusFirst) await flush();
    if (this.life.over) return;
    const error = new StreamOutput(this.#streams.get('error') as SpdyStream);
    error.end(statusText(status, this.#rules.statusIsJson));
    await error.finished();
    await flush();
    const stdin = this.#streams.get('stdin');
    if (stdin !== undefined && !stdin.destroyed) stdin.end();
    const { endTimeoutMs } = this.#init;
    if (this.life.over || endTimeoutMs === 0) return;
    this.#deadline.start(endTimeoutMs, () => this.life.end());
  }

  #output(type: StreamType): StreamOutput | null {
    const stream = this.#streams.get(type);
    return stream === undefined ? null : new StreamOutput(stream);
  }
}

function expectedStreams(asked: CommandRequest, rules: RemoteCommandRules): Set<StreamType> {
  const types = new Set<StreamType>(['error']);
  if (asked.stdin) types.add('stdin');
  if (asked.stdout) types.add('stdout');
  if (asked.stderr) types.add('stderr');
  if (asked.tty && rules.resizes) types.add('resize');
  return types;
}
