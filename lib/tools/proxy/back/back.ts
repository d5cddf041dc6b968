import type { HeaderList } from '../../../protocol/frames.ts';
import type { MessageBody } from '../message/message-body.ts';
import type { BackPush, ClientFacts, ResponseHead, Sink } from '../relay/exchange.ts';
import type { Failure } from '../relay/failure.ts';

/** A request as a back gets it. */
export interface BackRequest {
  readonly method: string;
  /** `'https'` or `'http'`: the one that the client has used. */
  readonly scheme: string;
  /** Value of the Host field. */
  readonly authority: string;
  /** Path and query, `*`, `host:port` with CONNECT, or a whole URL for a proxy. */
  readonly target: string;
  /** The other fields, those of the connection and the length left out. */
  readonly fields: HeaderList;
  /** Bytes of the body: 0 for a body that is told to be empty, null for no body, -1 for one of unknown length. */
  readonly length: number | null;
  /** The protocol to change to, or null. */
  readonly upgrade: string | null;
  /** 0 to 7. */
  readonly urgency: number;
  /** Whether the client has said that it takes fields behind the body. */
  readonly takesTrailers: boolean;
  /** Whether pushed resources are of use. */
  readonly takesPush: boolean;
  /** Who asks; null: the proxy itself. */
  readonly client: ClientFacts | null;
}

/** What becomes of a request. Nothing is called within `send()`. */
export interface BackHandler {
  /** An interim response. */
  informed(status: number, fields: HeaderList): void;
  /** The response; without a body nothing follows. */
  responded(head: ResponseHead, body: MessageBody | null): void;
  /** The connection is a tunnel from now on: what came of it, and what takes what goes. */
  switched(head: ResponseHead, body: MessageBody, sink: Sink): void;
  /** A resource is pushed. */
  pushed(push: BackPush): void;
  /** There is no response, and none will come. Called once, and not behind `responded()` or `switched()`. */
  failed(failure: Failure): void;
}

/** A request under way: what takes its body. `reset()` gives it up, whatever has come by then. */
export interface BackCall extends Sink {
  /** Whether the connection is there, or was. */
  readonly connected: boolean;
}

/** Carries requests to one server in one protocol. */
export interface Transport {
  /** Sends the head of a request. */
  send(request: BackRequest, handler: BackHandler): BackCall;
  /** Ends connections that are not in use, and the others when they are no more. */
  close(): void;
  /** Ends all connections at once. */
  destroy(): void;
}
