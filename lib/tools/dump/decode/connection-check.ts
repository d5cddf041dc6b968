import {
  DEFAULT_WINDOW_SIZE,
  MAX_WINDOW_SIZE,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SETTINGS_MAX_CONCURRENT_STREAMS,
} from '../../../protocol/constants.ts';
import type { ProtocolVersion } from '../../../protocol/version.ts';
import type { DumpDirection, DumpFrame } from '../events.ts';
import type { FrameFacts } from './control-reader.ts';
import { type StreamHalf, type StreamView, StreamViews } from './stream-check.ts';

/** Windows behind a frame. */
type Windows = Pick<DumpFrame, 'window' | 'sessionWindow'>;

/** What is known of a connection. */
export interface CheckOptions {
  readonly version: ProtocolVersion;
  /** Whether the version is sure, also where SPDY/3 and SPDY/3.1 look the same. */
  readonly sure: boolean;
  /** Whether all frames are there, in the order of both directions. */
  readonly complete: boolean;
}

/** One side, as a sender. */
interface Sender {
  /** What the other side's SETTINGS give a new stream. */
  initialWindow: number;
  /** By how much that was lowered: what was sent before the sender knew. */
  slack: number;
  sessionWindow: number;
  sessionOverrun: boolean;
  /** Streams that the other side allows; null without a limit. */
  maxStreams: number | null;
  highestId: number;
  /** What it has announced in GOAWAY. */
  goaway: number | null;
}

const NO_WINDOWS: Windows = {};

/** Watches the rules of a connection from outside: adds warnings to frames that break them, and tells the windows. */
export class ConnectionCheck {
  readonly #options: CheckOptions;
  readonly #streams = new StreamViews();
  readonly #senders: Readonly<Record<DumpDirection, Sender>> = {
    c2s: makeSender(),
    s2c: makeSender(),
  };
  /** Whether no frame is missing. */
  #complete: boolean;
  /** Whether the session has a window for sure. */
  #sessionWindow: boolean;

  constructor(options: CheckOptions) {
    this.#options = options;
    this.#complete = options.complete;
    this.#sessionWindow = options.version.sessionWindow && options.sure;
  }

  /** Frames are missing: what depends on all of them is not judged any more. */
  lost(): void {
    this.#complete = false;
  }

  /** Looks at the next frame; returns the windows behind it. */
  see(direction: DumpDirection, frame: FrameFacts): Windows {
    switch (frame.type) {
      case 'DATA':
        return this.#data(direction, frame);
      case 'SYN_STREAM':
        this.#open(direction, frame);
        return NO_WINDOWS;
      case 'SYN_REPLY':
      case 'HEADERS':
        this.#headers(direction, frame);
        return NO_WINDOWS;
      case 'RST_STREAM':
        this.#reset(direction, frame);
        return NO_WINDOWS;
      case 'SETTINGS':
        this.#settings(direction, frame);
        return NO_WINDOWS;
      case 'WINDOW_UPDATE':
        return this.#update(direction, frame);
      case 'GOAWAY':
        this.#senders[direction].goaway = frame.fields?.lastGoodStreamId ?? null;
        return NO_WINDOWS;
      default:
        return NO_WINDOWS;
    }
  }

  #open(direction: DumpDirection, frame: FrameFacts): void {
    const { stream: id, flags, warnings } = frame;
    const sender = this.#senders[direction];
    const other = this.#senders[otherOf(direction)];
    const odd = id % 2 === 1;
    if (id === 0) warnings.push('SYN_STREAM for stream 0');
    else if (odd !== (direction === 'c2s')) {
      warnings.push(
        `a ${direction === 'c2s' ? 'client' : 'server'} opens a stream with an ${odd ? 'odd' : 'even'} id`,
      );
    } else if (id <= sender.highestId) {
      warnings.push(`stream ids must rise: ${id} comes behind ${sender.highestId}`);
    }
    sender.highestId = Math.max(id, sender.highestId);
    if (sender.goaway !== null) warnings.push('a new stream behind an own GOAWAY');
    if (other.goaway !== null && id > other.goaway) {
      warnings.push("late: the other side's GOAWAY refuses this stream");
    }
    const { maxStreams } = sender;
    if (maxStreams !== null && this.#streams.countOf(direction) >= maxStreams) {
      warnings.push(`more streams at once than the ${maxStreams} that the other side allows`);
    }
    if (this.#streams.get(id) !== undefined) return;
    const view = this.#streams.add(id, direction);
    view[direction].finished = flags.includes('FIN');
    const pushed = flags.includes('UNIDIRECTIONAL');
    view[otherOf(direction)].finished = pushed;
    view.replied = pushed;
    this.#streams.settle(view);
  }

  #headers(direction: DumpDirection, frame: FrameFacts): void {
    const view = this.#known(direction, frame);
    if (view === null) return;
    if (frame.type === 'SYN_REPLY') {
      if (view.openedBy === direction)
        frame.warnings.push('SYN_REPLY by the side that has opened the stream');
      else if (view.replied) frame.warnings.push('a second SYN_REPLY');
      view.replied = true;
    }
    this.#finish(view, direction, frame);
  }

  #data(direction: DumpDirection, frame: FrameFacts): Windows {
    const view = this.#known(direction, frame);
    const { version } = this.#options;
    const complete = this.#complete;
    const half = view?.[direction];
    if (half !== undefined) this.#takeWindow(half, direction, frame);
    const sender = this.#senders[direction];
    sender.sessionWindow -= frame.length;
    if (
      this.#sessionWindow &&
      complete &&
      sender.sessionWindow < 0 &&
      frame.length > 0 &&
      !sender.sessionOverrun
    ) {
      sender.sessionOverrun = true;
      frame.warnings.push(`the session window is overrun by ${-sender.sessionWindow} bytes`);
    }
    if (view !== null) {
      if (view.openedBy !== direction && !view.replied)
        frame.warnings.push('DATA before SYN_REPLY');
      this.#finish(view, direction, frame);
    }
    return version.streamWindows && complete ? this.#windows(half, sender) : NO_WINDOWS;
  }

  #takeWindow(half: StreamHalf, direction: DumpDirection, { length, warnings }: FrameFacts): void {
    const { version } = this.#options;
    const complete = this.#complete;
    half.level -= length;
    if (!version.streamWindows || !complete || half.overrun || length === 0) return;
    const sender = this.#senders[direction];
    const beyond = -windowOf(half, sender) - sender.slack;
    if (beyond <= 0) return;
    half.overrun = true;
    warnings.push(`the window of the stream is overrun by ${beyond} bytes`);
  }

  #update(direction: DumpDirection, frame: FrameFacts): Windows {
    const delta = frame.fields?.delta;
    const complete = this.#complete;
    // A frame that could not be read.
    if (delta === undefined) return NO_WINDOWS;
    if (delta === 0) frame.warnings.push('WINDOW_UPDATE of 0 bytes');
    const sender = this.#senders[otherOf(direction)];
    const stream = frame.stream;
    if (stream === 0) {
      this.#sessionWindow = this.#options.version.sessionWindow;
      sender.sessionWindow += delta;
      sender.sessionOverrun &&= sender.sessionWindow < 0;
      this.#checkSize(sender.sessionWindow, frame);
      return complete ? this.#windows(undefined, sender) : NO_WINDOWS;
    }
    const half = this.#known(direction, frame, false)?.[otherOf(direction)];
    if (half !== undefined) {
      half.level += delta;
      half.overrun &&= windowOf(half, sender) < 0;
      this.#checkSize(windowOf(half, sender), frame);
    }
    return complete ? this.#windows(half, sender) : NO_WINDOWS;
  }

  #checkSize(window: number, { warnings }: FrameFacts): void {
    if (this.#complete && window > MAX_WINDOW_SIZE) warnings.push(`a window of ${window} bytes`);
  }

  #windows(half: StreamHalf | undefined, sender: Sender): Windows {
    return {
      window: half === undefined ? null : windowOf(half, sender),
      sessionWindow: this.#options.version.sessionWindow ? sender.sessionWindow : null,
    };
  }

  #reset(direction: DumpDirection, frame: FrameFacts): void {
    const view = this.#known(direction, frame, false);
    if (view === null) return;
    if (view[direction].reset) frame.warnings.push('a second RST_STREAM');
    view[direction].reset = true;
    this.#streams.settle(view);
  }

  #settings(direction: DumpDirection, { fields }: FrameFacts): void {
    const sender = this.#senders[otherOf(direction)];
    for (const { id, value } of fields?.entries ?? []) {
      if (id === SETTINGS_MAX_CONCURRENT_STREAMS) sender.maxStreams = value;
      if (id !== SETTINGS_INITIAL_WINDOW_SIZE) continue;
      const change = value - sender.initialWindow;
      sender.initialWindow = value;
      sender.slack = Math.max(0, sender.slack - change);
    }
  }

  /** The stream of a frame; what is wrong with the frame there becomes a warning. `strict`: it may not follow the end. */
  #known(
    direction: DumpDirection,
    { type, stream: id, warnings }: FrameFacts,
    strict = true,
  ): StreamView | null {
    if (id === 0) {
      warnings.push(`${type} for stream 0`);
      return null;
    }
    const view = this.#streams.get(id);
    if (view === undefined) {
      const opener = id % 2 === 1 ? this.#senders.c2s : this.#senders.s2c;
      if (this.#complete && id > opener.highestId)
        warnings.push(`${type} for a stream that nobody has opened`);
      return null;
    }
    if (!strict) return view;
    if (view[direction].reset) warnings.push(`${type} behind an own RST_STREAM`);
    else if (view[direction].finished) warnings.push(`${type} behind FIN`);
    else if (view[otherOf(direction)].reset)
      warnings.push('late: the other side has reset the stream');
    return view;
  }

  #finish(view: StreamView, direction: DumpDirection, { flags }: FrameFacts): void {
    if (flags.includes('FIN')) view[direction].finished = true;
    this.#streams.settle(view);
  }
}

function makeSender(): Sender {
  return {
    initialWindow: DEFAULT_WINDOW_SIZE,
    slack: 0,
    sessionWindow: DEFAULT_WINDOW_SIZE,
    sessionOverrun: false,
    maxStreams: null,
    highestId: 0,
    goaway: null,
  };
}

/** What may still be sent; below zero behind an overrun. */
function windowOf({ level }: StreamHalf, { initialWindow }: Sender): number {
  return initialWindow + level;
}

function otherOf(direction: DumpDirection): DumpDirection {
  return direction === 'c2s' ? 's2c' : 'c2s';
}
