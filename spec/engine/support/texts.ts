import type { GoldenFrame } from '../../support/golden-form.ts';
import type { GoldenCallback } from '../../support/recording-handler.ts';

/*
 * Frames and callbacks in a line each, so that a difference between two lists of them can be read.
 */

const STATUSES: readonly string[] = [
  'OK',
  'PROTOCOL_ERROR',
  'INVALID_STREAM',
  'REFUSED_STREAM',
  'UNSUPPORTED_VERSION',
  'CANCEL',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'STREAM_IN_USE',
  'STREAM_ALREADY_CLOSED',
  'INVALID_CREDENTIALS',
  'FRAME_TOO_LARGE',
];

/** The name of a stream status, or the number of one without a name. */
export function statusText(status: number | undefined): string {
  return STATUSES[status ?? -1] ?? String(status);
}

/** A frame: its type, and what tells it from others of its type. */
export function frameText(frame: GoldenFrame): string {
  const { type, streamId, flags = 0 } = frame;
  const fin = (flags & 1) !== 0 ? ' FIN' : '';
  switch (type) {
    case 'SYN_STREAM': {
      const pushed = frame.associatedToStreamId ? ` for ${frame.associatedToStreamId}` : '';
      return `SYN_STREAM ${streamId}${pushed}${fin}${(flags & 2) !== 0 ? ' UNIDIRECTIONAL' : ''}`;
    }
    case 'RST_STREAM':
      return `RST_STREAM ${streamId} ${statusText(frame.status)}`;
    case 'SETTINGS':
      return `SETTINGS ${frame.entries?.map(({ id, value }) => `${id}=${value}`).join(' ')}`.trim();
    case 'PING':
      return `PING ${frame.id}`;
    case 'GOAWAY':
      return `GOAWAY ${frame.lastGoodStreamId}${frame.status ? ` status ${frame.status}` : ''}`;
    case 'WINDOW_UPDATE':
      return `WINDOW_UPDATE ${streamId} +${frame.deltaWindowSize}`;
    case 'CREDENTIAL':
      return `CREDENTIAL ${frame.slot}`;
    case 'DATA':
      return `DATA ${streamId} ${frame.length}${fin}`;
    default:
      return `${type} ${streamId ?? ''}${fin}`.trim();
  }
}

/** A callback: its name in Spdylay, and what it was told. */
export function callText(call: GoldenCallback): string {
  const { cb, frame, streamId, status, length, error, flags = 0 } = call;
  const words = [cb];
  if (frame !== undefined) words.push(frameText(frame));
  else if (call.type !== undefined) words.push(call.type);
  if (streamId !== undefined) words.push(String(streamId));
  if (length !== undefined) words.push(String(length));
  if ((flags & 1) !== 0) words.push('FIN');
  if (status !== undefined) words.push(statusText(status));
  if (error !== undefined) words.push(String(error));
  return words.join(' ');
}
