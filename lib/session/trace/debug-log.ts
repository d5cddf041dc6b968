import { debuglog } from 'node:util';
import type { TraceEvent, TraceFrame } from './trace-events.ts';

const log = debuglog('spdylay');

/** Whether the process was started with `NODE_DEBUG=spdylay`. */
export const DEBUGGING: boolean = log.enabled;

/** Writes an event of a session to standard error. */
export function debugEvent(event: TraceEvent): void {
  log('session %d: %s', event.session, eventText(event));
}

/** An event as a line. Values of header fields do not stand there, but the protocol's own. */
export function eventText(event: TraceEvent): string {
  switch (event.event) {
    case 'begin':
      return `${event.side} of ${event.version}`;
    case 'frame':
      return frameText(event);
    case 'wait': {
      const { stream, sending, receiving, sendWindow, receiveWindow, after } = event;
      const windows = `windows ${sendWindow ?? '-'} and ${receiveWindow ?? '-'}`;
      return `stream ${stream} sending ${sending}, receiving ${receiving}, ${windows}, after ${after} ms`;
    }
    case 'queue': {
      const { waitingStreams, maxStreams, outboundBytes, outputHeld } = event;
      const transport = outputHeld
        ? `, the transport takes no more than ${outboundBytes} bytes`
        : '';
      return `${waitingStreams} streams wait to be opened, allowed ${maxStreams ?? 'any'}${transport}`;
    }
    case 'streamEnd':
      return `stream ${event.stream} has ended, status ${event.status}${errorText(event.error)}`;
    case 'end':
      return `closed${errorText(event.error)}`;
  }
}

function frameText(event: TraceFrame): string {
  const { direction, type, stream, flags, length, headers = [], fields = {} } = event;
  const parts = [`${direction} ${type}`, `stream ${stream}`, ...flags, `${length} bytes`];
  for (const [name, value] of Object.entries(fields))
    parts.push(`${name} ${JSON.stringify(value)}`);
  for (const [name, value] of headers) if (name.startsWith(':')) parts.push(`${name} ${value}`);
  if (event.window !== undefined) {
    parts.push(`windows ${event.window ?? '-'} and ${event.sessionWindow ?? '-'} left`);
  }
  return parts.join(', ');
}

function errorText(error: { readonly code: string; readonly message: string } | null): string {
  return error === null ? '' : `: ${error.code} ${error.message}`;
}
