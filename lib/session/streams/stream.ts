import { clearTimeout, setTimeout } from 'node:timers';
import { shown } from '../../common/check.ts';
import { showBy } from '../../common/inspection.ts';
import { checkOptions, optionNames } from '../../common/option-names.ts';
import { InvalidArgumentError, InvalidStateError } from '../../errors.ts';
import { CANCEL, OK } from '../../protocol/constants.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import type { StreamEventsOf } from './stream-events.ts';

import { STREAM_OPTION_NAMES, type StreamOptions } from './stream-options.ts';
import { WritableHalf } from './writable-half.ts';

/** Events of a SpdyStream with their arguments, besides those of a Duplex. */
export type StreamEvents = StreamEventsOf<SpdyStream>;

const RESPOND_OPTION_NAMES = optionNames<{ readonly endStream?: boolean }>({ endStream: true });

/**
 * One SPDY stream as a Duplex, with the peer's flow control as its backpressure: bytes count as consumed when the application has taken
 * them. FIN ends a direction; `destroy()` and `close()` send RST_STREAM. Made by `session.request()`, `stream.pushStream()`, or
 * received with the event 'stream'.
 */
export class SpdyStream extends WritableHalf<SpdyStream> {
  static {
    showBy(SpdyStream, factsOf);
  }

  /**
   * Accepts a stream of the peer with SYN_REPLY; `endStream` finishes it at once. Writing without it accepts with no headers.
   *
   * @throws InvalidStateError for a stream that needs no reply, or was replied to
   */
  respond(headers: HeaderList = [], options: { readonly endStream?: boolean } = {}): void {
    checkOptions('respond()', options, RESPOND_OPTION_NAMES);
    if (this.own || this.associatedId !== 0)
      throw new InvalidStateError('only streams that the peer opened are replied to');
    if (this.hasReply) throw new InvalidStateError(`stream ${this.id} was replied to already`);
    if (!this.open) return;
    const end = options.endStream === true;
    this.port.reply(this, headers, end);
    this.repliedWith(headers);
    if (end) this.end();
  }

  /** Sends further headers behind what was written. */
  sendHeaders(headers: HeaderList): void {
    assertWritable(this);
    this.port.checkHeaders(headers);
    this.acceptFirst();
    this.release();
    this.outgoing.addHeaders(headers, ignore);
    this.resumeOutput();
  }

  /** Ends the stream with headers behind the last byte: HEADERS, then an empty DATA frame with FIN, which every peer understands. */
  sendTrailers(headers: HeaderList): void {
    assertWritable(this);
    this.port.checkHeaders(headers);
    this.outgoing.setTrailers(headers);
    this.end();
  }

  /**
   * Pushes a stream in association with this one of the client (SPDY/3 3.3.1): it can only be written to. Call it before the
   * reply is ended; what is pushed for a stream that has ended is destroyed.
   */
  pushStream(headers: HeaderList, options: StreamOptions = {}): SpdyStream {
    if (this.own) throw new InvalidStateError('pushes belong to a stream of the client');
    checkOptions('pushStream()', options, STREAM_OPTION_NAMES);
    return this.port.push(this, headers, options);
  }

  /** Ends the stream both ways with RST_STREAM (1 to 11; default CANCEL), unless it has ended. */
  close(status: number = CANCEL): void {
    if (!Number.isInteger(status) || status < 1 || status > 11) {
      throw new InvalidArgumentError(
        `status must be an integer from 1 to 11, got ${shown(status)}`,
      );
    }
    if (this.destroyed) return;
    this.rstStatus = this.open ? status : this.rstStatus;
    this.destroy();
  }

  /** Emits 'timeout' when nothing is received or sent for so many milliseconds; 0 switches it off. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (milliseconds > 0 && !this.destroyed) {
      this.timer = setTimeout(() => this.run(() => this.emit('timeout')), milliseconds);
      this.timer.unref();
    }
    if (listener !== undefined) this.once('timeout', listener);
    return this;
  }

  /** A stream of the peer has to be accepted before anything is sent on it. */
  protected override acceptFirst(): void {
    if (!this.own && this.associatedId === 0 && !this.hasReply) this.respond();
  }
}

function assertWritable({ writableEnded, writable }: SpdyStream): void {
  if (writableEnded || !writable) {
    throw new InvalidStateError('this side has finished the stream', 'ERR_SPDY_STREAM_SHUT_WR');
  }
}

/** What `util.inspect()` shows. */
function factsOf(stream: SpdyStream): object {
  const { id, own, priority, associatedId, headers, replyHeaders, rstStatus, state } = stream;
  return {
    id,
    own,
    priority,
    ...(associatedId === 0 ? {} : { associatedId }),
    headers: pseudoHeaders(headers),
    replyHeaders: replyHeaders === null ? null : pseudoHeaders(replyHeaders),
    ...(rstStatus === OK ? {} : { rstStatus }),
    sending: state?.sending ?? 'ended',
    receiving: state?.receiving ?? 'ended',
    sendWindow: state?.sendWindow ?? null,
    receiveWindow: state?.receiveWindow ?? null,
    bytesRead: stream.bytesRead,
    bytesToRead: stream.readableLength + (state?.unconsumedBytes ?? 0),
    bytesToWrite: stream.writableLength,
    destroyed: stream.destroyed,
    error: stream.errored?.message ?? null,
  };
}

/** The headers that are the protocol's own: the others may be secrets, and many. */
function pseudoHeaders(headers: HeaderList): Record<string, string> {
  return Object.fromEntries(headers.filter(([name]) => name.startsWith(':')));
}

function ignore(): void {}
