import { expect } from 'chai';
import type { DataSource, ReadCtrl } from '../../lib/engine/data-provider.ts';
import type { StreamHandle } from '../../lib/engine/streams/stream-record.ts';
import {
  type SessionError,
  type StreamError,
  TemporalCallbackFailureError,
} from '../../lib/errors.ts';
import { ERR_DEFERRED, READ_EOF } from '../../lib/protocol/constants.ts';
import type { BodySpec } from './engine-operations.ts';

/** What a body has to tell the side that sends it. */
export interface BodyOwner {
  /** It is asked for bytes. */
  asked(streamId: number, length: number): void;
  /** It fails for its stream. */
  bodyFailed(streamId: number): void;
  /** It has handed over bytes. */
  spend(streamId: number, bytes: number): void;
  /** Whether a stream exists and was not reset by this side. */
  isAlive(streamId: number): boolean;
}

/** A stream as one application sees it. */
export class ModelStream {
  /** 0 until it is known. */
  id: number;
  readonly own: boolean;
  readonly priority: number;
  /** Priority of its SYN_STREAM: a push leaves before what its request has to send. */
  urgency: number;
  /** Of own streams. */
  handle: StreamHandle | null = null;
  /** Whether the peer may not send on it, or this side may not. */
  receives: boolean;
  sends: boolean;
  /** What was submitted for it, in order, as far as it can ever be sent. */
  readonly bodies: Body[] = [];
  replied = false;
  /** A frame or body with FIN was submitted. */
  finished = false;
  resetAsked = false;
  /** A body has failed. */
  failed = false;
  opened = false;
  /** Its SYN_STREAM, its SYN_REPLY was written. */
  openWritten = false;
  replyWritten = false;
  closed = 0;
  error: StreamError | SessionError | null = null;
  readonly received: Buffer[] = [];
  unconsumed = 0;
  requests = 0;

  constructor(id: number, own: boolean, priority: number, sends: boolean, receives: boolean) {
    this.id = id;
    this.own = own;
    this.priority = priority;
    this.urgency = priority;
    this.sends = sends;
    this.receives = receives;
  }

  /** The body that will be asked next. */
  get nextBody(): Body | undefined {
    return this.bodies.find((body) => body.deferred || !(body.finished || body.ended));
  }

  /** Whether the application may still submit something that is sent. */
  get writable(): boolean {
    return this.sends && !this.finished && !this.resetAsked && this.closed === 0;
  }
}

/** A data source with predictable bytes that checks how much it is asked for. */
export class Body implements DataSource {
  readonly spec: BodySpec;
  readonly #seed: number;
  readonly #owner: BodyOwner;
  readonly #deferAt: Set<number>;
  delivered = 0;
  /** It has answered `ERR_DEFERRED`, and `resumeData()` was not called since. */
  deferred = false;
  /** Its end was told. */
  finished = false;

  constructor(spec: BodySpec, seed: number, owner: BodyOwner) {
    this.spec = spec;
    this.#seed = seed;
    this.#owner = owner;
    this.#deferAt = new Set(spec.deferAt.map((quarter) => (spec.length * quarter) >> 2));
  }

  get ended(): boolean {
    return this.spec.end === 'ended' && this.delivered === this.spec.length && !this.#stopsHere;
  }

  /** The bytes that were handed over. */
  bytes(length: number = this.delivered): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i++) bytes[i] = (i * 7 + (i >> 8) + this.#seed * 31) & 0xff;
    return bytes;
  }

  readCb(streamId: number, length: number, control: ReadCtrl): Uint8Array | typeof ERR_DEFERRED {
    expect(this.deferred, 'asked again without resumeData()').to.equal(false);
    this.#owner.asked(streamId, length);
    // Whatever is returned for a stream that was reset just now is dropped.
    if (!this.#owner.isAlive(streamId)) return this.bytes(1);
    const { spec } = this;
    if (this.#deferAt.delete(this.delivered)) {
      this.deferred = true;
      return ERR_DEFERRED;
    }
    if (spec.failAt !== null && this.delivered >= (spec.length * spec.failAt) >> 2) {
      this.#owner.bodyFailed(streamId);
      throw new TemporalCallbackFailureError('as planned');
    }
    let end = Math.min(spec.length, this.delivered + Math.min(length, spec.perRead));
    for (const stop of this.#stops()) if (stop > this.delivered) end = Math.min(end, stop);
    const from = this.delivered;
    if (spec.end !== 'extra' || from === spec.length) {
      this.finished = end === spec.length && !this.#stopsAt(end);
      if (this.finished) control.flags |= READ_EOF;
    }
    this.delivered = end;
    this.#owner.spend(streamId, end - from);
    return this.bytes(end).subarray(from);
  }

  get #stopsHere(): boolean {
    return this.#stopsAt(this.delivered);
  }

  #stopsAt(offset: number): boolean {
    return [...this.#stops()].includes(offset);
  }

  *#stops(): Generator<number> {
    yield* this.#deferAt;
    if (this.spec.failAt !== null) yield (this.spec.length * this.spec.failAt) >> 2;
  }
}
