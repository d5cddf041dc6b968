import { checkRange } from '../../common/check.ts';
import {
  InvalidArgumentError,
  InvalidStateError,
  SessionError,
  StreamClosedError,
} from '../../errors.ts';
import {
  CLIENT,
  CREDENTIAL,
  MAX_FRAME_LENGTH,
  MAX_STREAM_ID,
  MAX_WINDOW_SIZE,
  PING,
  SETTINGS,
  SETTINGS_MAX,
} from '../../protocol/constants.ts';
import type { SettingsEntry } from '../../protocol/frames.ts';
import type { EngineState } from '../engine-state.ts';
import { applyLocalSettings } from '../settings.ts';

/** Checks what the application asks of the session as a whole and queues it. Nothing is written here. */
export class SessionSubmitter {
  readonly #state: EngineState;

  constructor(state: EngineState) {
    this.#state = state;
  }

  /** Queues PING; returns its id. */
  ping(): number {
    const state = this.#state;
    const { maxOutstandingPings } = state.options;
    if (state.queuedPings + (state.outstandingPings?.size ?? 0) >= maxOutstandingPings) {
      throw new InvalidStateError(
        `${maxOutstandingPings} PINGs are already waiting for an answer`,
        'ERR_SPDY_TOO_MANY_PINGS',
      );
    }
    const id = state.nextPingId;
    state.nextPingId = id + 2 > MAX_STREAM_ID ? (state.side === CLIENT ? 1 : 2) : id + 2;
    if (state.phase === 'ended') return id;
    state.queuedPings++;
    state.queue.pings.push({ version: state.version.wire, flags: 0, length: 4, type: PING, id });
    return id;
  }

  /** Queues GOAWAY. */
  goaway(status: number): void {
    checkRange('status', status, 0, 2);
    if (this.#state.phase !== 'ended') this.#state.queue.goaways.push(this.#state.goaway(status));
  }

  /** Ends the session: GOAWAY is the last frame. */
  fail(status: number, error: SessionError | undefined): void {
    const state = this.#state;
    checkRange('status', status, 0, 2);
    if (state.phase !== 'open') this.goaway(status);
    else {
      const message = 'the session was ended by this side';
      const reason = error ?? new SessionError('ERR_SPDY_SESSION_CLOSED', message, status, 'local');
      state.fail(reason, status);
    }
    state.report.rethrow();
  }

  /** Queues SETTINGS; our own values count from now on. */
  settings(flags: number, entries: readonly SettingsEntry[]): void {
    const state = this.#state;
    checkRange('flags', flags, 0, 1);
    if (!Array.isArray(entries) || entries.some((entry) => !(entry instanceof Object)))
      throw new InvalidArgumentError('settings must be an array of { id, flags, value }');
    const sorted = entries.map(({ id, flags: entryFlags, value }) => {
      checkRange('settings id', id, 1, SETTINGS_MAX);
      checkRange(`flags of setting ${id}`, entryFlags, 0, 255);
      checkRange(`value of setting ${id}`, value, 0, 0xffffffff);
      return { id, flags: entryFlags, value };
    });
    sorted.sort((a, b) => a.id - b.id);
    for (const [i, entry] of sorted.entries()) {
      if (entry.id === sorted[i + 1]?.id)
        throw new InvalidArgumentError(`setting ${entry.id} is given twice`);
    }
    if (state.phase === 'ended') return;
    applyLocalSettings(state, sorted);
    const length = 4 + 8 * sorted.length;
    state.queue.settings.push({
      version: state.version.wire,
      flags,
      length,
      type: SETTINGS,
      entries: sorted,
    });
  }

  /** Queues WINDOW_UPDATE for a stream, or with stream id 0 for the session. */
  windowUpdate(streamId: number, delta: number): void {
    const state = this.#state;
    checkRange('delta', delta, 1, MAX_WINDOW_SIZE);
    checkRange('streamId', streamId, 0, MAX_STREAM_ID);
    const { version } = state;
    if (streamId === 0 ? !version.sessionWindow : !version.streamWindows) {
      throw new InvalidArgumentError(
        `${version.name} has no ${streamId === 0 ? 'session window' : 'WINDOW_UPDATE'}`,
      );
    }
    const stream = state.streams.get(streamId);
    if (streamId !== 0 && stream === undefined)
      throw new StreamClosedError(`stream ${streamId} is not open`);
    if (state.phase !== 'ended') state.credit.grant(stream ?? null, delta);
  }

  /** Queues CREDENTIAL. */
  credential(slot: number, proof: Uint8Array, certificates: readonly Uint8Array[]): void {
    const state = this.#state;
    if (!state.version.hasCredential || state.side !== CLIENT) {
      throw new InvalidStateError('CREDENTIAL is sent by SPDY/3 clients only');
    }
    checkRange('slot', slot, 1, 0xffff);
    if (!isBytes(proof) || !Array.isArray(certificates) || !certificates.every(isBytes))
      throw new InvalidArgumentError('CREDENTIAL needs a proof and certificates as Uint8Arrays');
    const length = certificates.reduce(
      (sum, certificate) => sum + 4 + certificate.length,
      6 + proof.length,
    );
    if (certificates.length === 0)
      throw new InvalidArgumentError('CREDENTIAL needs at least one certificate');
    if (length > MAX_FRAME_LENGTH)
      throw new InvalidArgumentError(
        `CREDENTIAL is too large: ${length} bytes`,
        'ERR_SPDY_FRAME_TOO_LARGE',
      );
    if (state.phase === 'ended') return;
    state.queue.urgent.push({
      version: state.version.wire,
      flags: 0,
      length,
      type: CREDENTIAL,
      slot,
      proof,
      certificates,
    });
  }

  /** The id that our next stream gets. */
  setNextStreamId(id: number): void {
    const { streams, queue } = this.#state;
    const last = MAX_STREAM_ID - 2 * Math.max(0, queue.waitingToOpen - 1);
    checkRange('next stream id', id, streams.nextOwnId, last);
    if (!streams.isOwnId(id)) throw new InvalidArgumentError(`stream id ${id} belongs to the peer`);
    streams.nextOwnId = id;
  }
}

function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array;
}
