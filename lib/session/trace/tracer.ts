import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers';
import type { EngineInsight, StreamState } from '../../engine/insight.ts';
import { CLIENT, WINDOW_UPDATE } from '../../protocol/constants.ts';
import { flagNames, frameFacts } from '../../protocol/frame-facts.ts';
import type { ControlFrame } from '../../protocol/frames.ts';
import { withoutSecret } from '../../protocol/secret-fields.ts';
import type { ProtocolVersion } from '../../protocol/version.ts';
import type { SessionEvents } from '../session-events.ts';
import type { SessionState, SessionStatistics } from './diagnostics.ts';
import { errorFacts, type TraceEvent, type TraceFrame } from './trace-events.ts';

/** Is told the events of a trace. */
export type TraceListener = (event: TraceEvent) => void;

/** What a tracer needs of a session. */
export interface Traced {
  readonly destroyed: boolean;
  readonly errored: Error | null;
  readonly side: number;
  readonly version: ProtocolVersion;
  readonly state: SessionState;
  readonly statistics: SessionStatistics;
  readonly socket: object | null;
  streamStates(): StreamState[];
  on(name: never, listener: never): unknown;
  off(name: never, listener: never): unknown;
}

/** An event without what all of them have. */
type Bare<Event> = Event extends TraceEvent ? Omit<Event, 'time' | 'session'> : never;

/** How long a stream has waited for what. */
interface Known {
  sending: StreamState['sending'];
  receiving: StreamState['receiving'];
  since: number;
}

const numbers = new WeakMap<object, number>();
let sessions = 0;

/** The number of a session in this process. */
function numberOf(session: object): number {
  const known = numbers.get(session);
  if (known !== undefined) return known;
  sessions++;
  numbers.set(session, sessions);
  return sessions;
}

/** Tells what happens in a session, as data, until it is closed or `stop()`. All is made only while there is one. */
export class Tracer {
  readonly #session: Traced;
  readonly #insight: EngineInsight;
  readonly #listener: TraceListener;
  readonly #number: number;
  readonly #stops: (() => void)[] = [];
  readonly #known = new Map<number, Known>();
  #queue = '0 false';
  #looks = false;
  #stopped = false;

  constructor(session: Traced, insight: EngineInsight, listener: TraceListener) {
    this.#session = session;
    this.#insight = insight;
    this.#listener = listener;
    this.#number = numberOf(session);
    this.#tell({
      event: 'begin',
      side: session.side === CLIENT ? 'client' : 'server',
      version: session.version.name,
      peer: peerOf(session),
    });
    this.#on('ctrlSend', (frame) => this.#control('sent', frame));
    this.#on('ctrlRecv', (frame) => this.#control('received', frame));
    this.#on('dataSend', (flags, id, length) => this.#data('sent', flags, id, length));
    this.#on('dataRecv', (flags, id, length) => this.#data('received', flags, id, length));
    this.#on('streamClose', (stream, status, error) => {
      this.#known.delete(stream);
      this.#tell({ event: 'streamEnd', stream, status, error: errorFacts(error) });
      this.#lookSoon();
    });
    this.#on('close', () => {
      const { statistics, errored } = this.#session;
      this.#tell({ event: 'end', error: errorFacts(errored), statistics });
      this.stop();
    });
    this.#lookSoon();
  }

  /** Nothing more is told. */
  stop(): void {
    this.#stopped = true;
    for (const stop of this.#stops.splice(0)) stop();
  }

  #on<Name extends keyof SessionEvents>(
    name: Name,
    listener: (...args: SessionEvents[Name]) => void,
  ): void {
    const session = this.#session;
    session.on(name as never, listener as never);
    this.#stops.push(() => session.off(name as never, listener as never));
  }

  #control(direction: TraceFrame['direction'], frame: ControlFrame): void {
    const windows =
      frame.type === WINDOW_UPDATE ? this.#windows(direction === 'received', frame.streamId) : {};
    const headers = 'headers' in frame ? { headers: frame.headers.map(withoutSecret) } : {};
    this.#tell({ event: 'frame', direction, ...frameFacts(frame), ...headers, ...windows });
    this.#lookSoon();
  }

  #data(direction: TraceFrame['direction'], bits: number, stream: number, length: number): void {
    const flags = flagNames(null, bits);
    const windows = this.#windows(direction === 'sent', stream);
    this.#tell({ event: 'frame', direction, type: 'DATA', stream, flags, length, ...windows });
    this.#lookSoon();
  }

  /** Windows in which this side sends, or the peer does. */
  #windows(ours: boolean, id: number): Pick<TraceFrame, 'window' | 'sessionWindow'> {
    const insight = this.#insight;
    const stream = insight.stream(id);
    return ours
      ? { window: stream?.sendWindow ?? null, sessionWindow: insight.sendWindow }
      : { window: stream?.receiveWindow ?? null, sessionWindow: insight.receiveWindow };
  }

  /** Looks when what happens in this turn is done: what changes and changes back is no news. */
  #lookSoon(): void {
    if (this.#looks) return;
    this.#looks = true;
    setImmediate(() => {
      this.#looks = false;
      if (!this.#stopped) this.#look();
    });
  }

  #look(): void {
    const session = this.#session;
    const { waitingStreams, maxStreams, outboundQueueSize, outboundBytes, outputHeld } =
      session.state;
    const queue = `${waitingStreams} ${outputHeld}`;
    if (queue !== this.#queue && !session.destroyed) {
      this.#queue = queue;
      this.#tell({
        event: 'queue',
        waitingStreams,
        maxStreams: Number.isFinite(maxStreams) ? maxStreams : null,
        outboundQueueSize,
        outboundBytes,
        outputHeld,
      });
    }
    for (const state of session.streamStates()) this.#lookAt(state);
  }

  #lookAt(state: StreamState): void {
    const { id, own: _own, priority: _priority, ...facts } = state;
    if (id === 0) return;
    const { sending, receiving } = facts;
    const now = performance.now();
    const known = this.#known.get(id);
    if (known?.sending === sending && known.receiving === receiving) return;
    this.#known.set(id, { sending, receiving, since: now });
    const after = known === undefined ? 0 : rounded(now - known.since);
    this.#tell({ event: 'wait', stream: id, after, ...facts });
  }

  #tell(event: Bare<TraceEvent>): void {
    const time = rounded(performance.timeOrigin + performance.now());
    this.#listener({ time, session: this.#number, ...event } as TraceEvent);
  }
}

/** To the microsecond. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

function peerOf(session: Traced): string | null {
  const { remoteAddress, remotePort } = (session.socket ?? {}) as {
    readonly remoteAddress?: string;
    readonly remotePort?: number;
  };
  return remoteAddress === undefined ? null : `${remoteAddress} ${remotePort}`;
}
