import { StallDeadline } from '../../../common/deadline.ts';
import { SpdyError } from '../../../errors.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { BackCall, BackHandler } from '../back/back.ts';
import type { Backend } from '../back/backend.ts';
import { endToEnd, faultOf, fieldOf } from '../message/fields.ts';
import { isLoop } from '../message/forwarded.ts';
import type { MessageBody } from '../message/message-body.ts';
import { clientHead, MAX_INTERIM, tunnelHead } from '../message/response-head.ts';
import { backRequestFor } from './back-request.ts';
import type { BackPush, FrontRequest, Reply, ResponseHead, Sink } from './exchange.ts';
import {
  answerFailure,
  type Failure,
  failureOf,
  failureOfSending,
  isOwn,
  refusal,
} from './failure.ts';
import { Pump } from './pump.ts';
import { passPush } from './push.ts';
import type { RelayHost } from './relay-host.ts';
import { Upload } from './upload.ts';

/** Carries one request to a back and its answer to the client: what ends on one side before its end is reset on the other, at once. */
export class Relay implements BackHandler {
  readonly #request: FrontRequest;
  readonly #reply: Reply;
  readonly #host: RelayHost;
  readonly #upload: Upload | null;
  readonly #deadline = new StallDeadline();
  readonly #tried = new Set<Backend>();
  #tries = 0;
  /** Interim responses. */
  #informed = 0;
  #backend: Backend | null = null;
  /** The back that has the request now. */
  #sentTo: Backend | null = null;
  #call: BackCall | null = null;
  #download: Pump | null = null;
  #status: number | null = null;
  #headSeen = false;
  /** The back has changed the protocol: both directions end by themselves. */
  #tunnel = false;
  #downloadEnded = false;
  /** The back has ended its answer before its end. */
  #cut = false;
  #over = false;

  constructor(request: FrontRequest, reply: Reply, host: RelayHost) {
    this.#request = request;
    this.#reply = reply;
    this.#host = host;
    const { body } = request;
    this.#upload = body === null ? null : new Upload(body, host.replayBytes);
    reply.onGone((cause) => {
      if (!this.#over) this.#abort(cause);
    });
  }

  /** Begins. */
  start(): void {
    const { method, absolute } = this.#request;
    if (method === 'CONNECT' && !this.#host.forward) {
      this.failed(refusal(405, 'http_request_denied', 'CONNECT is not spoken here'));
    } else if (absolute && this.#request.scheme !== 'http' && !this.#host.forward) {
      this.failed(refusal(421, 'http_request_denied', 'this is no forward proxy'));
    } else if (isLoop(this.#request, this.#host.headers)) {
      this.failed(refusal(508, 'proxy_loop_detected', 'the request has come through here before'));
    } else this.#try();
  }

  informed(status: number, fields: HeaderList): void {
    if (this.#over || ++this.#informed > MAX_INTERIM) return;
    const expected = fieldOf(this.#request.fields, 'expect') !== null;
    if ((status === 100 && !expected) || faultOf(fields) !== null) return;
    this.#reply.inform(status, status === 100 ? [] : endToEnd(fields, 'content-length'));
  }

  responded(head: ResponseHead, body: MessageBody | null): void {
    if (this.#over) {
      body?.stream.destroy();
      return;
    }
    this.#answered(head.status);
    const given = clientHead(head, body, this.#request, this.#host.headers);
    if (!this.#respond(given, body === null)) body?.stream.destroy();
    else if (body === null) this.#downloaded(null);
    else this.#receive(body, this.#host.timeouts.idleMs);
  }

  switched(head: ResponseHead, body: MessageBody, sink: Sink): void {
    if (this.#over) {
      sink.reset(new Error('the client has gone'));
      return;
    }
    this.#answered(head.status);
    this.#tunnel = true;
    if (!this.#respond(tunnelHead(head, this.#request, this.#host.headers), false)) {
      sink.reset(new Error('the answer could not be passed on'));
      return;
    }
    this.#call = Object.assign(sink, { connected: true });
    this.#upload?.sendTo(sink, (error) => this.#uploaded(error));
    this.#receive(body, this.#host.timeouts.tunnelIdleMs);
    // It may have ended its half before: what the client still sends can go nowhere then.
    body.stream.once('close', () => this.#closedBehind());
  }

  pushed(push: BackPush): void {
    if (this.#over) push.body.stream.destroy();
    else passPush(push, this.#request, this.#reply, this.#host.headers, this.#host.timeouts.idleMs);
  }

  failed(failure: Failure): void {
    if (this.#over) return;
    this.#deadline.stop();
    this.#upload?.stop();
    this.#call = null;
    this.#leave(failure);
    if (this.#mayTryAgain(failure) && this.#try(failure)) return;
    this.#answerFailure(failure);
  }

  /** Sends the request to a back that has not had it; false if there is none, and `failure` tells why the last one did not take it. */
  #try(failure: Failure | null = null): boolean {
    const { pool } = this.#host;
    const request = this.#request;
    const backend = pool.pick(request, this.#tried) ?? (failure?.again ? this.#backend : null);
    if (backend === null) {
      if (failure !== null) return false;
      this.#backend = null;
      this.#answerFailure(pool.refusal());
      return true;
    }
    this.#backend = backend;
    this.#sentTo = backend;
    this.#tries++;
    this.#tried.add(backend);
    const length = this.#upload === null ? null : (request.body?.length ?? -1);
    const { takesPush } = this.#reply;
    const given = backRequestFor(request, this.#host, backend.options, length, takesPush);
    this.#deadline.stop();
    try {
      this.#call = backend.send(given, this);
    } catch (error) {
      this.failed(failureOfSending(error as Error));
      return true;
    }
    this.#await();
    const tunnel = request.upgrade !== null || request.method === 'CONNECT';
    if (!tunnel) this.#upload?.sendTo(this.#call, (error) => this.#uploaded(error));
    return true;
  }

  #mayTryAgain(failure: Failure): boolean {
    const { maxTries } = this.#host;
    const upload = this.#upload;
    if (this.#tries === 0 || this.#tries >= maxTries) return false;
    if (upload !== null && !upload.repeatable) return false;
    const { method } = this.#request;
    const harmless = method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
    return failure.unprocessed || (failure.again === true && harmless);
  }

  /** Waits for the head of the response. A body that does not come is no fault of the connection to the back. */
  #await(): void {
    const { responseMs } = this.#host.timeouts;
    if (responseMs === 0) return;
    this.#deadline.start(
      responseMs,
      () => this.#upload?.bytes ?? 0,
      () => {
        const starved = this.#upload?.starved === true;
        const text = `no ${starved ? 'more of the body' : 'answer'} within ${responseMs} ms`;
        const error = starved ? new Error(text) : new SpdyError('ERR_SPDY_TIMEOUT', text);
        this.#call?.reset(error);
        this.failed(starved ? refusal(408, 'http_request_error', text) : failureOf(error, false));
      },
    );
  }

  /** A back has answered: no other one gets the request. */
  #answered(status: number): void {
    this.#deadline.stop();
    this.#status = status;
    this.#headSeen = true;
    this.#upload?.release();
  }

  /** Sends the head to the client. What no message to it can carry is reset on both sides; false then. */
  #respond(head: ResponseHead, bodiless: boolean): boolean {
    try {
      this.#reply.respond(head, bodiless);
      return true;
    } catch (error) {
      this.#reply.reset(error as Error);
      this.#abort(error as Error);
      return false;
    }
  }

  #receive(body: MessageBody, idleMs: number): void {
    const download = new Pump(body, this.#reply, (error) => this.#downloaded(error));
    this.#download = download;
    if (idleMs === 0) return;
    this.#deadline.start(
      idleMs,
      () => download.bytes + (this.#upload?.bytes ?? 0),
      () => {
        const error = new SpdyError('ERR_SPDY_TIMEOUT', `nothing moved for ${idleMs} ms`);
        this.#reply.reset(error);
        this.#abort(error);
      },
    );
  }

  /** The back has closed the connection that is a tunnel. */
  #closedBehind(): void {
    if (this.#over) return;
    const error = new Error('the server has closed the tunnel');
    this.#reply.reset(error);
    this.#abort(error);
  }

  /** The body of the request has ended. If it was cut off the back was told that already. */
  #uploaded(error: Error | null): void {
    if (this.#over) return;
    if (error !== null) {
      this.#reply.reset(error);
      this.#abort(error);
    } else if (this.#tunnel && this.#downloadEnded) this.#finish(null);
  }

  /** The body of the response has ended. If it was cut off the client was told that already. */
  #downloaded(error: Error | null): void {
    if (this.#over) return;
    if (error !== null) {
      this.#call?.reset(error);
      this.#upload?.stop();
      // A tunnel may end as its ends like; an answer has to be whole.
      if (!this.#tunnel) this.#cut = true;
      this.#finish(error);
      return;
    }
    this.#downloadEnded = true;
    const complete = this.#upload === null || this.#upload.complete;
    if (this.#tunnel && !complete) return;
    if (!complete) {
      this.#upload?.stop();
      this.#call?.reset(new Error('the answer is complete'));
      this.#reply.abandon();
    }
    this.#finish(null);
  }

  /** Ends what goes to and comes from the back. */
  #abort(error: Error): void {
    this.#call?.reset(error);
    this.#download?.stop();
    this.#upload?.stop();
    this.#finish(error);
  }

  /** Answers what no back has answered. */
  #answerFailure(failure: Failure): void {
    this.#status = failure.status;
    const unread = this.#upload?.complete === false;
    const { name } = this.#host.headers;
    answerFailure(this.#reply, failure, name, this.#request.method === 'HEAD', unread);
    this.#finish(Object.assign(new Error(failure.text), { cause: failure.cause, failure }));
  }

  /** The back has nothing more to do with the request. */
  #leave(failure: Failure | null): void {
    const backend = this.#sentTo;
    this.#sentTo = null;
    if (backend === null) return;
    if (this.#cut) backend.failed();
    else if (failure === null && this.#headSeen) backend.answered();
    else if (failure === null || failure.status < 500 || isOwn(failure)) backend.abandoned();
    else backend.failed();
  }

  #finish(error: Error | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline.stop();
    this.#leave(null);
    this.#host.over({
      request: this.#request,
      status: this.#status,
      back: this.#backend?.options.name ?? null,
      tries: this.#tries,
      received: this.#upload?.bytes ?? 0,
      sent: this.#download?.bytes ?? 0,
      error,
    });
  }
}
