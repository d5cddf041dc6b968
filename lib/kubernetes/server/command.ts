import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import type { RemoteCommandProtocol } from '../wire/protocols.ts';
import type { TerminalSize } from '../wire/terminal-size.ts';
import type { CommandRequest } from './routes.ts';

/** What a handler of exec or attach is given. */
export interface ServerCommandInit {
  readonly asked: CommandRequest;
  readonly request: IncomingMessage;
  readonly protocol: RemoteCommandProtocol;
  readonly stdin: Readable | null;
  readonly stdout: Writable | null;
  readonly stderr: Writable | null;
  readonly size: TerminalSize | null;
  readonly signal: AbortSignal;
}

/** Events of a ServerCommand with their arguments. */
export interface ServerCommandEvents {
  /** The client's terminal has another size. */
  resize: [size: TerminalSize];
}

/** A command that a client asks for, with the client's ends of its standard streams. */
export class ServerCommand extends EventEmitter<ServerCommandEvents> {
  /** Run a command, or join the main process. */
  readonly kind: 'exec' | 'attach';
  /** As the URL says; may be empty for one of `issuePath()`. */
  readonly namespace: string;
  /** Name of the pod; may be empty where `namespace` may. */
  readonly pod: string;
  /** Null: the client leaves the choice to the server. */
  readonly container: string | null;
  /** Of the pod; only kubelets are told it. */
  readonly uid: string | null;
  /** The program and its arguments; empty for attach. */
  readonly command: readonly string[];
  /** Whether a terminal is wanted. Then `stderr` is null. */
  readonly tty: boolean;
  /** What the client types; null if it does not. Ends when the client ends it, is destroyed without an error when the client is gone. */
  readonly stdin: Readable | null;
  /** What the client shows; null if it does not want that. Ended by the server when the handler is done. */
  readonly stdout: Writable | null;
  /** As `stdout`, for errors; null with a terminal. */
  readonly stderr: Writable | null;
  /** Fired when the client is gone, or was sent away, before the handler is done. */
  readonly signal: AbortSignal;
  /** The HTTP request: its headers, its socket. */
  readonly request: IncomingMessage;
  /** The sub-protocol that was agreed on. */
  readonly protocol: RemoteCommandProtocol;
  #size: TerminalSize | null;

  /** The server makes it. @internal */
  constructor(init: ServerCommandInit) {
    super();
    const { asked } = init;
    this.kind = asked.kind;
    this.namespace = asked.namespace;
    this.pod = asked.pod;
    this.container = asked.container;
    this.uid = asked.uid;
    this.command = asked.command;
    this.tty = asked.tty;
    this.stdin = init.stdin;
    this.stdout = init.stdout;
    this.stderr = init.stderr;
    this.signal = init.signal;
    this.request = init.request;
    this.protocol = init.protocol;
    this.#size = init.size;
  }

  /** The size of the client's terminal as last heard; null before. */
  get size(): TerminalSize | null {
    return this.#size;
  }

  /** The client has told a size. */
  resized(size: TerminalSize): void {
    this.#size = size;
    this.emit('resize', size);
  }
}
