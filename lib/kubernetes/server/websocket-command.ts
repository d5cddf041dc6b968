import type { IncomingMessage } from 'node:http';
import { setImmediate } from 'node:timers';
import type { WebSocket } from 'ws';
import { CHANNEL_NUMBERS, type ChannelCodec, CLOSE_CHANNEL, codecOf } from '../wire/channels.ts';
import { type RemoteCommandProtocol, rulesOf } from '../wire/protocols.ts';
import type { KubernetesStatus } from '../wire/status.ts';
import { TerminalSizeReader } from '../wire/terminal-size.ts';
import { ServerCommand } from './command.ts';
import { statusText } from './command-outcome.ts';
import type { CommandRequest } from './routes.ts';
import { WebSocketLife } from './websocket-life.ts';
import { ChannelInput, ChannelOutput } from './websocket-streams.ts';

/** What an exec or attach over WebSocket is made of. */
export interface WebSocketCommandInit {
  readonly socket: WebSocket;
  readonly asked: CommandRequest;
  /** As it was negotiated; '' for none. */
  readonly subprotocol: string;
  readonly request: IncomingMessage;
  /** Serves the command: what it resolves with is told to the client. Never rejects. */
  readonly serve: (command: ServerCommand) => Promise<KubernetesStatus>;
  readonly endTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** The client broke the protocol. */
  readonly broken: (error: Error) => void;
}

/** Close code of an orderly end (RFC 6455 7.4.1). */
const NORMAL = 1000;

/** One exec or attach of a client over WebSocket: each message is for a channel. */
export class WebSocketCommand {
  /** How it ends: as with a session. */
  readonly life: WebSocketLife;
  /** Resolves when the connection is closed and the command is served. */
  readonly done: Promise<void>;
  readonly #init: WebSocketCommandInit;
  readonly #codec: ChannelCodec;
  readonly #protocol: RemoteCommandProtocol;
  readonly #sizes = new TerminalSizeReader();
  readonly #stdin: ChannelInput | null;
  readonly #outputs: readonly ChannelOutput[];
  readonly #command: ServerCommand;
  #inputEnded = false;

  constructor(init: WebSocketCommandInit) {
    this.#init = init;
    const { socket, asked, request, subprotocol } = init;
    this.#codec = codecOf(subprotocol);
    this.#protocol = protocolOf(subprotocol);
    const { idleTimeoutMs, broken } = init;
    const message = (data: Buffer): void => this.#message(data);
    this.life = new WebSocketLife({ socket, idleTimeoutMs, message, broken });
    this.#stdin = asked.stdin ? new ChannelInput(() => socket.resume()) : null;
    const stdout = asked.stdout ? this.#output(CHANNEL_NUMBERS.stdout) : null;
    const stderr = asked.stderr ? this.#output(CHANNEL_NUMBERS.stderr) : null;
    this.#outputs = [stdout, stderr].filter((output) => output !== null);
    const { signal } = this.life;
    const streams = { stdin: this.#stdin, stdout, stderr };
    const protocol = this.#protocol;
    this.#command = new ServerCommand({ asked, request, protocol, ...streams, size: null, signal });
    socket.once('close', () => {
      this.#stdin?.destroy();
      for (const output of this.#outputs) output.destroy();
    });
    socket.resume();
    // Later, when whoever has made this is done, and what came along with the handshake was heard.
    const handled = new Promise((next) => setImmediate(next)).then(() => this.#run());
    this.done = Promise.all([this.life.closed, handled]).then(() => {});
  }

  #message(message: Buffer): void {
    const decoded = this.#codec.decode(message);
    if (decoded === null) return;
    const { channel, data } = decoded;
    if (channel === CHANNEL_NUMBERS.stdin) this.#input(data);
    else if (channel === CHANNEL_NUMBERS.resize) this.#resize(data);
    else if (channel === CLOSE_CHANNEL && data[0] === CHANNEL_NUMBERS.stdin) this.#inputEnds();
    // Others are for nobody.
  }

  #input(data: Buffer): void {
    const stdin = this.#stdin;
    if (stdin === null || stdin.destroyed || this.#inputEnded || data.length === 0) return;
    if (!stdin.push(data)) this.#init.socket.pause();
  }

  #inputEnds(): void {
    if (this.#protocol !== 'v5.channel.k8s.io' || this.#inputEnded) return;
    this.#inputEnded = true;
    if (this.#stdin?.destroyed === false) this.#stdin.push(null);
  }

  #resize(data: Buffer): void {
    // Some clients send no line feed, nor any: each message is whole.
    for (const size of this.#sizes.push(data)) this.#command.resized(size);
  }

  async #run(): Promise<void> {
    const status = await this.#init.serve(this.#command);
    // Nobody reads it any more: it must not hold up the rest.
    this.#stdin?.destroy();
    await Promise.all(this.#outputs.map((output) => output.finished()));
    this.#finish(status);
  }

  /** The end that all clients understand: the status, and a close frame behind it. */
  #finish(status: KubernetesStatus): void {
    if (!this.life.open) return;
    const text = statusText(status, rulesOf(this.#protocol).statusIsJson);
    if (text !== '') this.#send(CHANNEL_NUMBERS.error, Buffer.from(text), () => {});
    this.life.finish(NORMAL, this.#init.endTimeoutMs);
  }

  #output(channel: number): ChannelOutput {
    return new ChannelOutput((data, done) => this.#send(channel, data, done));
  }

  #send(channel: number, data: Buffer, done: (error?: Error | null) => void): void {
    this.life.busy();
    const { binary } = this.#codec;
    this.#init.socket.send(this.#codec.encode(channel, data), { binary }, done);
  }
}

/** What a handler is told: the forms of v4 are v4, everything without a version is v1. */
function protocolOf(subprotocol: string): RemoteCommandProtocol {
  if (subprotocol === 'v5.channel.k8s.io') return subprotocol;
  return subprotocol.startsWith('v4.') ? 'v4.channel.k8s.io' : 'channel.k8s.io';
}
