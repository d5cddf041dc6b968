import {
  DEFAULT_WINDOW_SIZE,
  MAX_WINDOW_SIZE,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SETTINGS_MAX_CONCURRENT_STREAMS,
} from '../../lib/protocol/constants.ts';
import type { ProtocolVersion } from '../../lib/protocol/version.ts';
import type { DecodedFrame } from '../support/frame-decoder.ts';

/**
 * What one side of a conversation can know of the other one: the frames that have arrived, each with the time of its arrival. Kept
 * without any help of the engine, to judge what the engine does with it.
 */
export class Knowledge {
  readonly #version: ProtocolVersion;
  readonly #flowControl: boolean;
  #initialWindow: number = DEFAULT_WINDOW_SIZE;
  #sessionWindow: number = DEFAULT_WINDOW_SIZE;
  readonly #windows = new Map<number, number>();
  /** The peer's MAX_CONCURRENT_STREAMS. */
  maxStreams: number = Number.POSITIVE_INFINITY;
  /** When GOAWAY arrived. */
  goawayAt: number = Number.POSITIVE_INFINITY;
  /** When RST_STREAM arrived, by stream. */
  readonly resetAt: Map<number, number> = new Map();
  /** When RST_STREAM with CANCEL arrived for a stream that was open. */
  readonly cancelledAt: Map<number, number> = new Map();
  /** When FIN arrived, by stream. */
  readonly finAt: Map<number, number> = new Map();
  /** When SYN_STREAM arrived, by stream. */
  readonly openedAt: Map<number, number> = new Map();
  /** Streams of the peer on which this side may not send. */
  readonly receiveOnly: Set<number> = new Set();
  /** PINGs of the peer that have to be echoed, in order. */
  readonly toEcho: number[] = [];
  /** Payload that arrived on each stream and, under 0, on the session. */
  readonly payload: Map<number, number> = new Map();

  constructor(version: ProtocolVersion, flowControl: boolean) {
    this.#version = version;
    this.#flowControl = flowControl && version.streamWindows;
  }

  /** A stream of this side leaves: its window opens. */
  opened(streamId: number): void {
    this.#windows.set(streamId, this.#initialWindow);
  }

  /** Payload leaves on a stream. */
  spend(streamId: number, bytes: number): void {
    if (!this.#flowControl) return;
    this.#windows.set(streamId, (this.#windows.get(streamId) ?? 0) - bytes);
    this.#sessionWindow -= bytes;
  }

  /** How much may be sent on a stream now. */
  allowance(streamId: number): number {
    if (!this.#flowControl) return Number.POSITIVE_INFINITY;
    const window = this.#windows.get(streamId) ?? 0;
    return this.#version.sessionWindow ? Math.min(window, this.#sessionWindow) : window;
  }

  /** A frame has arrived completely. `ownParity` is that of the ids that this side gives out. */
  arrived({ frame, data }: DecodedFrame, now: number, ownParity: number): void {
    const { streamId = 0, flags = 0, deltaWindowSize = 0 } = frame;
    switch (frame.type) {
      case 'SYN_STREAM':
        this.#windows.set(streamId, this.#initialWindow);
        this.openedAt.set(streamId, now);
        if ((flags & 2) !== 0 || (ownParity === 1 && frame.associatedToStreamId !== 0)) {
          this.receiveOnly.add(streamId);
        }
        break;
      case 'RST_STREAM':
        this.resetAt.set(streamId, now);
        break;
      case 'GOAWAY':
        this.goawayAt = Math.min(this.goawayAt, now);
        break;
      case 'PING':
        if ((frame.id ?? 0) % 2 !== ownParity) this.toEcho.push(frame.id ?? 0);
        break;
      case 'WINDOW_UPDATE':
        if (streamId === 0) this.#sessionWindow += deltaWindowSize;
        else this.#windows.set(streamId, (this.#windows.get(streamId) ?? 0) + deltaWindowSize);
        break;
      case 'SETTINGS':
        for (const { id, value } of frame.entries ?? []) {
          if (id === SETTINGS_MAX_CONCURRENT_STREAMS) this.maxStreams = value;
          if (id === SETTINGS_INITIAL_WINDOW_SIZE && value <= MAX_WINDOW_SIZE) this.#move(value);
        }
        break;
      case 'DATA':
        for (const id of [0, streamId])
          this.payload.set(id, (this.payload.get(id) ?? 0) + data.length);
        break;
    }
    if (frame.type !== 'SETTINGS' && streamId !== 0 && (flags & 1) !== 0)
      this.finAt.set(streamId, now);
  }

  #move(initialWindow: number): void {
    const change = initialWindow - this.#initialWindow;
    this.#initialWindow = initialWindow;
    for (const [id, window] of this.#windows) this.#windows.set(id, window + change);
  }
}
