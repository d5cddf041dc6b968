import type { HeaderList } from '../../../protocol/frames.ts';
import type { MessageBody } from '../message/message-body.ts';

/** Who asks. */
export interface ClientFacts {
  /** Address of the client, null if it is not known (unix sockets). */
  readonly address: string | null;
  /** Its port; 0 if it is not known. */
  readonly port: number;
  /** Address at which it has connected, null if it is not known. */
  readonly localAddress: string | null;
  /** Port at which it has connected; 0 if it is not known. */
  readonly localPort: number;
  /** Whether it speaks TLS, if only to a terminator in front. */
  readonly secure: boolean;
}

/** A request as it came, whatever it came by. */
export interface FrontRequest {
  /** `'spdy/3.1'`, `'spdy/3'`, `'spdy/2'`, `'h2'`, `'http/1.1'` or `'http/1.0'`. */
  readonly protocol: string;
  /** In the case that was given. */
  readonly method: string;
  /** `'https'` or `'http'`. */
  readonly scheme: string;
  /** Name and port, as in the Host field; may be empty. */
  readonly authority: string;
  /** Path and query, `*`, or `host:port` with CONNECT. */
  readonly target: string;
  /** All other fields: names in lower case. */
  readonly fields: HeaderList;
  /** The body, null if there is none. With an upgrade and with CONNECT it is what follows the answer. */
  readonly body: MessageBody | null;
  /** The protocol that the client wants to change to, null if it does not. */
  readonly upgrade: string | null;
  /** From the priority of the stream, 0 to 7; null where the protocol has none. */
  readonly urgency: number | null;
  /** Whether the target named scheme and host: a client that takes this for a forward proxy. */
  readonly absolute: boolean;
  /** Who asks. */
  readonly client: ClientFacts;
}

/** The head of a response. */
export interface ResponseHead {
  readonly status: number;
  /** Text behind the status, often empty. */
  readonly message: string;
  readonly fields: HeaderList;
}

/** What takes a body. */
export interface Sink {
  /** Takes a piece; false: wait for what was given to `onDrain()`. */
  write(chunk: Uint8Array): boolean;
  /** The end of the body, with fields behind it. */
  end(trailers: HeaderList): void;
  /** There is no more, and that is not the end: whoever reads it must not take it for whole. */
  reset(cause: Error): void;
  /** Calls `listener` whenever writing may go on. */
  onDrain(listener: () => void): void;
}

/** A resource that a back pushes. */
export interface BackPush {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly urgency: number;
  readonly head: ResponseHead;
  readonly body: MessageBody;
}

/** The answer to a request: the head once, the body behind it. */
export interface Reply extends Sink {
  /** Whether the client takes pushed resources. */
  readonly takesPush: boolean;
  /** Whether the client may send another request on its connection, so that one that was not read to its end has to be followed by `connection: close`. */
  readonly keepsConnection: boolean;
  /** Passes an interim response on, where the protocol has them. */
  inform(status: number, fields: HeaderList): void;
  /** Sends the head; `bodiless`: nothing follows, and `end()` is not called. A 101, and 200 to CONNECT, begin the tunnel. */
  respond(head: ResponseHead, bodiless: boolean): void;
  /**
   * Offers a resource to the client: what takes its body, or null if it cannot be pushed. `gone` is called when the client does not want it, or has it.
   */
  push(push: BackPush, gone: () => void): Sink | null;
  /** The answer is complete although the request is not: nobody wants the rest. */
  abandon(): void;
  /** Calls `listener` once when the client has gone, or has given the request up, before the answer was complete. */
  onGone(listener: (cause: Error) => void): void;
}
