import { Duplex } from 'node:stream';
import { Deadline } from '../../../common/deadline.ts';
import { InvalidStateError, SessionError, SpdyError, StreamError } from '../../../errors.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { Session, SpdyStream } from '../../../session/public.ts';
import { ConnectionLostError, RemoteFailureError } from '../../errors.ts';
import { printable } from '../../wire/printable.ts';
import { PORT, REQUEST_ID, STREAM_TYPE } from '../../wire/protocols.ts';

type Done = (error?: Error | null) => void;

/** What of the text on an error stream is kept, in bytes. */
const MAX_TEXT = 4096;

/** How long the end of the data waits for what the error stream has to say about it, in milliseconds. */
const EXPLANATION_MS = 3000;

/**
 * A connection to a port of the pod: bytes both ways, each of which ends on its own as with TCP. Made by `PortForward.connect()`. It is
 * destroyed with RemoteFailureError when the pod's side says that it failed (as when nothing listens there), with ConnectionLostError
 * when the connection to the cluster is lost, with `ERR_SPDY_STREAM_RESET` when the server resets it.
 */
export class PodConnection extends Duplex {
  /** Port of the pod that it leads to, from 1 to 65535. */
  readonly port: number;
  /** Resolves when the server has accepted both streams of the pair; what the pod's side makes of it comes later. */
  readonly accepted: Promise<void>;

  readonly #error: SpdyStream;
  readonly #data: SpdyStream;
  readonly #unanswered: Set<SpdyStream>;
  readonly #replyDeadline = new Deadline();
  readonly #explanation = new Deadline();
  #settle: (error: Error | null) => void = () => {};
  /** `accepted` has come to an end. */
  #settled = false;
  /** What the error stream has said. */
  readonly #text: Buffer[] = [];
  #textLength = 0;
  #taken = 0;
  #inputEnded = false;
  #pushedEnd = false;
  /** Nothing more comes on the error stream. */
  #explained = false;
  /** Why the data stream has ended too early. */
  #failure: Error | null = null;
  /** What waits for the end of the error stream, when both directions have ended. */
  #farewell: (() => void) | null = null;

  /** Opens the pair. `replyTimeoutMs` 0: no limit. Throws what `session.request()` does. */
  constructor(session: Session, port: number, requestId: number, replyTimeoutMs: number) {
    super();
    this.port = port;
    const open = (type: string): SpdyStream => {
      const pair = [
        [STREAM_TYPE, type],
        [PORT, String(port)],
        [REQUEST_ID, String(requestId)],
      ] as const satisfies HeaderList;
      return session.request(pair);
    };
    this.#error = open('error');
    this.#error.end();
    this.#data = open('data');
    this.#unanswered = new Set([this.#error, this.#data]);
    this.accepted = new Promise((resolve, reject) => {
      this.#settle = (error) => {
        this.#settled = true;
        if (error === null) resolve();
        else reject(error);
      };
    });
    this.accepted.catch(() => {});
    this.once('close', () => {
      if (!this.#settled) this.#settle(this.errored ?? destroyed());
    });
    // As with a SpdyStream: who does not listen is not hurt.
    this.on('error', () => {});
    this.#followError();
    this.#followData();
    if (replyTimeoutMs > 0) {
      const message = `the server did not accept a connection within ${replyTimeoutMs} ms`;
      this.#replyDeadline.start(replyTimeoutMs, () =>
        this.#fail(new SpdyError('ERR_SPDY_TIMEOUT', message, 'peer')),
      );
    }
  }

  /** Received bytes that wait for the reader: while there are many, no connection of the session receives anything. */
  get unread(): number {
    return this.#data.destroyed ? 0 : this.#data.bytesRead - this.#taken;
  }

  /** Received bytes that the reader has taken. */
  get taken(): number {
    return this.#taken;
  }

  override _read(): void {
    this.#data.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: Done): void {
    this.#data.write(chunk, encoding, this.#unlessFailed(done));
  }

  override _final(done: Done): void {
    this.#data.end(this.#unlessFailed(done));
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#replyDeadline.stop();
    this.#explanation.stop();
    const finish = (): void => {
      this.#explanation.stop();
      this.#data.close();
      this.#error.close();
      done(error ?? this.#told());
    };
    // An orderly end, unless the error stream still says something else.
    const orderly = error === null && this.#pushedEnd && this.writableFinished;
    if (!orderly || this.#explained) {
      finish();
      return;
    }
    this.#farewell = finish;
    this.#explanation.start(EXPLANATION_MS, () => this.#leave());
  }

  #followError(): void {
    const error = this.#error;
    error.on('data', (chunk: Buffer) => {
      if (this.#textLength < MAX_TEXT) this.#text.push(chunk);
      this.#textLength += chunk.length;
      // The text is complete with the end of the stream, which some server may forget.
      this.#wait();
    });
    error.on('response', () => this.#answered(error));
    error.on('error', (reason) => {
      // Servers may reset it in the end; but what was lost with the connection may have been a failure.
      if (isLoss(reason)) this.#failure ??= reason;
      this.#refused(error, reason);
    });
    const ended = (): void => {
      this.#explained = true;
      this.#conclude();
      this.#leave();
    };
    error.on('end', ended);
    error.on('close', ended);
  }

  #followData(): void {
    const data = this.#data;
    data.on('data', (chunk: Buffer) => {
      this.#taken += chunk.length;
      if (!this.push(chunk)) data.pause();
    });
    data.on('response', () => this.#answered(data));
    data.on('end', () => {
      this.#inputEnded = true;
      // An end without a single byte is often a failure, of which the error stream tells next.
      if (this.#taken > 0 || this.#explained) this.#conclude();
      else this.#wait();
    });
    data.on('error', (reason) => {
      this.#failure ??= reason;
      this.#refused(data, reason);
      if (this.#explained || reason instanceof SessionError || isLoss(reason)) this.#conclude();
      else this.#wait();
    });
  }

  #answered(stream: SpdyStream): void {
    this.#unanswered.delete(stream);
    if (this.#unanswered.size > 0) return;
    this.#replyDeadline.stop();
    this.#settle(null);
  }

  /** RST_STREAM instead of SYN_REPLY. */
  #refused(stream: SpdyStream, reason: Error): void {
    const reset = reason instanceof StreamError && !isLoss(reason);
    if (!this.#unanswered.has(stream) || !reset) return;
    const message = `the server refused a connection to port ${this.port}: RST_STREAM ${reason.status}`;
    this.#fail(this.#told() ?? new RemoteFailureError(message));
  }

  /** Gives the error stream some time. */
  #wait(): void {
    if (this.#explained) this.#conclude();
    else if (!this.#explanation.running) {
      this.#explanation.start(EXPLANATION_MS, () => this.#conclude());
    }
  }

  /** Does what waited for the error stream. */
  #conclude(): void {
    if (this.destroyed) return;
    const told = this.#told();
    if (told !== null) this.#fail(told);
    else if (this.#failure !== null) this.#fail(this.#failure);
    else if (this.#inputEnded && !this.#pushedEnd) {
      this.#pushedEnd = true;
      this.push(null);
    }
  }

  #leave(): void {
    const farewell = this.#farewell;
    this.#farewell = null;
    farewell?.();
  }

  #told(): RemoteFailureError | null {
    if (this.#textLength === 0) return null;
    return new RemoteFailureError(printable(Buffer.concat(this.#text).toString()));
  }

  #fail(reason: Error): void {
    const lost = 'the connection to the cluster was lost';
    const error = isLoss(reason) ? new ConnectionLostError(lost, null, { cause: reason }) : reason;
    this.#settle(error);
    // Who waits for `accepted` has been told already.
    this.destroy(error);
  }

  /** A write fails with its stream, of which 'error' tells more. */
  #unlessFailed(done: Done): Done {
    return (error) => {
      if (error === null || error === undefined) done();
    };
  }
}

/** Whether a stream has failed because the connection to the cluster has. */
function isLoss(reason: Error): boolean {
  if (reason instanceof StreamError) return reason.code === 'ERR_SPDY_TRANSPORT_CLOSED';
  return reason instanceof SessionError && reason.code !== 'ERR_SPDY_ABORTED';
}

function destroyed(): InvalidStateError {
  return new InvalidStateError('the connection was destroyed', 'ERR_SPDY_SESSION_CLOSED');
}
