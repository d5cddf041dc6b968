import type { ControlFrame, HeaderList } from '../../lib/index.ts';
import {
  CREDENTIAL,
  GOAWAY,
  HEADERS,
  NOOP,
  PING,
  RST_STREAM,
  SETTINGS,
  SYN_REPLY,
  SYN_STREAM,
  WINDOW_UPDATE,
} from '../../lib/index.ts';

const NAMES: Readonly<Record<ControlFrame['type'], string>> = {
  [SYN_STREAM]: 'SYN_STREAM',
  [SYN_REPLY]: 'SYN_REPLY',
  [RST_STREAM]: 'RST_STREAM',
  [SETTINGS]: 'SETTINGS',
  [NOOP]: 'NOOP',
  [PING]: 'PING',
  [GOAWAY]: 'GOAWAY',
  [HEADERS]: 'HEADERS',
  [WINDOW_UPDATE]: 'WINDOW_UPDATE',
  [CREDENTIAL]: 'CREDENTIAL',
};

const FLAG_NAMES: Partial<Record<ControlFrame['type'], readonly string[]>> = {
  [SYN_STREAM]: ['FIN', 'UNIDIRECTIONAL'],
  [SYN_REPLY]: ['FIN'],
  [HEADERS]: ['FIN'],
  [SETTINGS]: ['CLEAR'],
};

const SETTING_NAMES = [
  '',
  'UPLOAD_BANDWIDTH',
  'DOWNLOAD_BANDWIDTH',
  'ROUND_TRIP_TIME',
  'MAX_CONCURRENT_STREAMS',
  'CURRENT_CWND',
  'DOWNLOAD_RETRANS_RATE',
  'INITIAL_WINDOW_SIZE',
  'CLIENT_CERTIFICATE_VECTOR_SIZE',
];

/** A control frame as one line of text: name, stream, flags, and what it says. */
export function controlLine(frame: ControlFrame): string {
  const streamId = 'streamId' in frame ? frame.streamId : 0;
  return line(NAMES[frame.type], streamId, flagNames(frame), detail(frame));
}

/** A DATA frame as one line of text. */
export function dataLine(flags: number, streamId: number, length: number): string {
  return line('DATA', streamId, (flags & 1) === 0 ? '' : 'FIN', `${length} bytes`);
}

function line(name: string, streamId: number, flags: string, rest: string): string {
  const stream = streamId === 0 ? 'session' : `stream ${streamId}`;
  return `${name.padEnd(13)} ${stream.padEnd(9)} ${flags.padEnd(3)} ${rest}`.trimEnd();
}

function flagNames(frame: ControlFrame): string {
  const names = FLAG_NAMES[frame.type] ?? [];
  return names.filter((_, bit) => (frame.flags & (1 << bit)) !== 0).join('+');
}

function detail(frame: ControlFrame): string {
  switch (frame.type) {
    case SYN_STREAM:
      return `priority ${frame.priority}  ${headerText(frame.headers)}`;
    case SYN_REPLY:
    case HEADERS:
      return headerText(frame.headers);
    case RST_STREAM:
      return `status ${frame.status}`;
    case SETTINGS:
      return frame.entries.map(({ id, value }) => `${SETTING_NAMES[id] ?? id}=${value}`).join(' ');
    case PING:
      return `id ${frame.id}`;
    case GOAWAY:
      return `last stream ${frame.lastGoodStreamId}, status ${frame.status}`;
    case WINDOW_UPDATE:
      return `+${frame.delta} bytes`;
    default:
      return `${frame.length} bytes`;
  }
}

function headerText(headers: HeaderList): string {
  return headers.map(([name, value]) => `${name}=${value}`).join(' ');
}
