import type { ServerHttp2Stream } from 'node:http2';
import { fieldOf, without } from '../message/fields.ts';
import { webSocketAccept } from '../message/websocket-fields.ts';
import type { FrontRequest, ResponseHead } from '../relay/exchange.ts';
import { H2Reply } from './h2-front.ts';

/** The answer to a request for a WebSocket by HTTP/2, an extended CONNECT (RFC 8441): 200 begins it, where HTTP/1.1 says 101. */
export class WebSocketReply extends H2Reply {
  readonly #accept: string;

  constructor(stream: ServerHttp2Stream, { fields }: FrontRequest) {
    super(stream, true);
    this.#accept = webSocketAccept(fields);
  }

  override respond(head: ResponseHead, bodiless: boolean): void {
    const { status, fields } = head;
    if (status !== 101) {
      // An ordinary answer, however good, is no WebSocket; the client would take it for one.
      super.respond(status < 300 ? { ...head, status: 502 } : head, bodiless);
      return;
    }
    if (fieldOf(fields, 'sec-websocket-accept') !== this.#accept) {
      throw new Error('the server has not accepted the WebSocket that was asked for');
    }
    const kept = without(fields, 'connection', 'upgrade', 'sec-websocket-accept');
    super.respond({ status: 200, message: '', fields: kept }, bodiless);
  }
}
