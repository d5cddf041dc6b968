import { Readable, Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import { onAbort } from '../../../common/abort.ts';
import { Deadline } from '../../../common/deadline.ts';
import { SpdyError } from '../../../errors.ts';
import {
  CHANNEL_NUMBERS,
  type ChannelCodec,
  CLOSE_CHANNEL,
  codecOf,
  MAX_CHANNEL_MESSAGE,
} from '../../wire/channels.ts';
import { rulesOf } from '../../wire/protocols.ts';
import type { KubernetesStatus } from '../../wire/status.ts';
import type { TerminalSize } from '../../wire/terminal-size.ts';
import { closeWebSocket } from '../../wire/websocket.ts';
import { KeepOpen } from '../keep-open.ts';
import type { ResolvedCommand } from './command-options.ts';
import { type CommandExit, CommandOutcome } from './command-outcome.ts';
import type { CommandLink } from './remote-command.ts';

type Done = (error?: Error | null) => void;

/** Close code of an orderly end (RFC 6455 7.4.1). */
const NORMAL = 1000;
/** How long a server may take for its close frame behind the status, in milliseconds. */
const CLOSE_TIMEOUT_MS = 5000;

/** A command over WebSocket: each message is for a channel. The status stands behind all output; a close frame with code 1000 ends all. */
export class WebSocketCommand implements CommandLink {
  readonly protocol: string;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly exited: Promise<CommandExit>;
  readonly #socket: WebSocket;
  readonly #codec: ChannelCodec;
  readonly #outcome: CommandOutcome;
  readonly #outputs = new Map<number, ChannelReader>();
  readonly #keepOpen: KeepOpen;
  readonly #closing = new Deadline();
  readonly #resizes: boolean;
  readonly #stopAbort: () => void;
  #settle: (outcome: CommandExit | Error) => void = () => {};
  #settled = false;
  #failure: Error | null = null;
  #received = 0;
  #sent = 0;

  /** The WebSocket is open, and paused. */
  constructor(
    socket: WebSocket,
    protocol: string,
    resolved: ResolvedCommand,
    signal: AbortSignal | null,
  ) {
    const { query, size, keepOpen } = resolved;
    this.#socket = socket;
    this.protocol = protocol;
    this.#codec = codecOf(protocol);
    this.#outcome = new CommandOutcome(rulesOf(protocol), query.command === null);
    this.exited = new Promise((resolve, reject) => {
      this.#settle = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
    });
    this.stdin = query.stdin ? this.#input(protocol) : null;
    this.stdout = query.stdout ? this.#output(CHANNEL_NUMBERS.stdout) : null;
    this.stderr = query.stderr ? this.#output(CHANNEL_NUMBERS.stderr) : null;
    this.#resizes = query.tty;
    this.#keepOpen = this.#keep(keepOpen);
    this.#stopAbort = onAbort(signal, (cause) =>
      this.#end(new SpdyError('ERR_SPDY_ABORTED', 'the command was aborted', 'local', { cause })),
    );
    this.#listen();
    if (size !== null) this.resize(size);
    socket.resume();
  }

  get status(): KubernetesStatus | null {
    return this.#outcome.status;
  }

  resize({ columns, rows }: TerminalSize): void {
    if (this.#settled || !this.#resizes) return;
    const text = JSON.stringify({ Width: columns, Height: rows });
    this.#send(CHANNEL_NUMBERS.resize, Buffer.from(text), () => {});
  }

  close(): void {
    this.#end(new SpdyError('ERR_SPDY_ABORTED', 'the command was given up'));
  }

  async closed(): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState === socket.CLOSED) return;
    await new Promise<void>((done) => socket.once('close', () => done()));
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#message(data, isBinary));
    socket.on('ping', (data: Buffer) => {
      this.#received += 1;
      if (socket.readyState === socket.OPEN) socket.pong(data);
    });
    socket.on('error', (error) => {
      this.#failure ??= error;
    });
    socket.once('close', (code: number) => this.#closed(code));
  }

  #keep(options: ResolvedCommand['keepOpen']): KeepOpen {
    const socket = this.#socket;
    let answered = (): void => {};
    socket.on('pong', () => {
      this.#received += 1;
      answered();
    });
    const received = (): number => this.#received;
    const sent = (): number => this.#sent;
    return new KeepOpen(
      {
        get open() {
          return socket.readyState === socket.OPEN;
        },
        get held() {
          return socket.isPaused;
        },
        get received() {
          return received();
        },
        get sent() {
          return sent();
        },
        ping: (done) => {
          answered = done;
          socket.ping(() => {});
        },
        lose: (error) => {
          this.#failure ??= error;
          socket.terminate();
        },
      },
      options,
    );
  }

  #message(message: Buffer, isBinary: boolean): void {
    this.#received += 1;
    if (isBinary !== this.#codec.binary) {
      const text = 'a message of the wrong type in a WebSocket of channels';
      this.#end(new SpdyError('ERR_SPDY_PROTOCOL', text, 'peer'));
      return;
    }
    const decoded = this.#codec.decode(message);
    // Servers begin with an empty one.
    if (decoded === null || decoded.data.length === 0) return;
    const { channel, data } = decoded;
    if (channel === CHANNEL_NUMBERS.error) this.#status(data);
    else if (this.#outputs.get(channel)?.accept(data) === false) this.#socket.pause();
  }

  #status(data: Buffer): void {
    const tooLong = this.#outcome.add(data);
    if (tooLong !== null) this.#end(tooLong);
    // All output stands in front of it.
    else if (!this.#closing.running)
      this.#closing.start(CLOSE_TIMEOUT_MS, () => this.#conclude(true));
  }

  #closed(code: number): void {
    if (code !== NORMAL && this.#failure === null) {
      const message = `the WebSocket was closed with code ${code}`;
      this.#failure = new SpdyError('ERR_SPDY_TRANSPORT_CLOSED', message, 'peer');
    }
    this.#conclude(code === NORMAL);
  }

  #conclude(complete: boolean): void {
    this.#end(this.#outcome.failure() ?? this.#outcome.conclude(complete, this.#failure));
  }

  #end(outcome: CommandExit | Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#keepOpen.stop();
    this.#closing.stop();
    this.#stopAbort();
    const lost = outcome instanceof Error && !this.#isToldByServer(outcome);
    for (const output of this.#outputs.values()) {
      if (lost) output.destroy(outcome);
      else output.end();
    }
    this.stdin?.destroy();
    this.#settle(outcome);
    const socket = this.#socket;
    if (lost) socket.terminate();
    else if (socket.readyState === socket.OPEN) {
      closeWebSocket(socket, NORMAL, CLOSE_TIMEOUT_MS);
    }
  }

  /** A failure of the command, behind which nothing is missing. */
  #isToldByServer(error: Error): boolean {
    return (
      this.#failure === null &&
      error instanceof SpdyError &&
      error.code === 'ERR_SPDY_REMOTE_FAILURE'
    );
  }

  #output(channel: number): ChannelReader {
    const output = new ChannelReader(() => this.#resume());
    this.#outputs.set(channel, output);
    return output;
  }

  /** Reads on when everybody has room. */
  #resume(): void {
    const outputs = [...this.#outputs.values()];
    if (outputs.every(({ hasRoom }) => hasRoom)) this.#socket.resume();
  }

  #input(protocol: string): Writable {
    const write = (chunk: Buffer, done: Done): void => this.#write(chunk, done);
    const canEnd = protocol === 'v5.channel.k8s.io';
    const stdin: Writable = new Writable({
      highWaterMark: MAX_CHANNEL_MESSAGE,
      write: (chunk: Buffer, _encoding, done) => write(chunk, done),
      final: (done) => {
        if (canEnd) this.#send(CLOSE_CHANNEL, Buffer.of(CHANNEL_NUMBERS.stdin), () => done());
        else done();
      },
    });
    stdin.on('error', () => {});
    return stdin;
  }

  #write(chunk: Buffer, done: Done): void {
    for (let at = 0; at < chunk.length; at += MAX_CHANNEL_MESSAGE) {
      const piece = chunk.subarray(at, at + MAX_CHANNEL_MESSAGE);
      this.#sent += piece.length;
      const isLast = at + MAX_CHANNEL_MESSAGE >= chunk.length;
      // When it fails the end of the connection tells why, and closes this as well.
      this.#send(CHANNEL_NUMBERS.stdin, piece, isLast ? () => done() : () => {});
    }
    if (chunk.length === 0) done();
  }

  #send(channel: number, data: Buffer, done: Done): void {
    const { binary } = this.#codec;
    this.#socket.send(this.#codec.encode(channel, data), { binary }, done);
  }
}

/** What a command writes, as a plain Readable. */
class ChannelReader extends Readable {
  readonly #wanted: () => void;
  hasRoom = true;

  constructor(wanted: () => void) {
    super();
    this.#wanted = wanted;
    this.on('error', () => {});
  }

  /** Takes a piece; false when that was enough for now. */
  accept(data: Buffer): boolean {
    // Once destroyed, nothing holds the others.
    if (this.destroyed) return true;
    this.hasRoom = this.push(data);
    return this.hasRoom;
  }

  end(): void {
    if (!this.destroyed) this.push(null);
  }

  override _read(): void {
    this.#room();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#room();
    done(error);
  }

  #room(): void {
    if (this.hasRoom) return;
    this.hasRoom = true;
    this.#wanted();
  }
}
