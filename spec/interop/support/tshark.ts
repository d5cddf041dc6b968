import {
  GOAWAY,
  HEADERS,
  PING,
  RST_STREAM,
  SETTINGS,
  SYN_REPLY,
  SYN_STREAM,
  WINDOW_UPDATE,
} from '../../../lib/protocol/constants.ts';
import type { ControlFrame, HeaderList } from '../../../lib/protocol/frames.ts';
import { PCAP_SERVER_PORT, type Sender } from './pcap.ts';
import { peerPath } from './peers.ts';
import { run } from './process.ts';

/** Everything by which tshark says that it cannot make sense of the bytes. */
const COMPLAINTS = [
  'spdy.inflation_failed',
  'spdy.malformed.frame_data',
  'spdy.malformed.setting_frame',
  'spdy.type.invalid',
  'spdy.rst_stream.invalid',
  'spdy.goaway.invalid',
  '_ws.malformed',
];

/** The frames of each side, each as one line. */
export type FrameLines = Record<Sender, string[]>;

/** Decodes a capture file into lines that `controlLine` and `dataLine` would write for the same frames. */
export async function decode(file: string): Promise<FrameLines> {
  const output = await tshark(
    file,
    '-Y',
    'spdy',
    '-T',
    'json',
    '-J',
    'tcp spdy',
    '--no-duplicate-keys',
  );
  const lines: FrameLines = { client: [], server: [] };
  for (const packet of JSON.parse(output) as Packet[]) {
    const { tcp, spdy } = packet._source.layers;
    const sender = tcp['tcp.dstport'] === String(PCAP_SERVER_PORT) ? 'client' : 'server';
    for (const frame of list(spdy)) lines[sender].push(decodedLine(frame));
  }
  return lines;
}

/** The packets about which tshark complains, one line each. */
export async function complaints(file: string): Promise<string[]> {
  const output = await tshark(file, '-Y', COMPLAINTS.join(' or '));
  return output.split('\n').filter((line) => line !== '');
}

/** A control frame that was sent, as one line. */
export function controlLine(frame: ControlFrame): string {
  switch (frame.type) {
    case SYN_STREAM: {
      const { streamId, flags, associatedToStreamId, priority, headers } = frame;
      return synStreamLine(streamId, flags, associatedToStreamId, priority, headers);
    }
    case SYN_REPLY:
    case HEADERS:
      return headersLine(frame.type, frame.streamId, frame.flags, frame.headers);
    case RST_STREAM:
      return `RST_STREAM ${frame.streamId} status ${frame.status}`;
    case SETTINGS:
      return settingsLine(frame.entries.map(({ id, value }) => `${id}=${value}`));
    case PING:
      return `PING ${frame.id}`;
    case GOAWAY:
      return `GOAWAY ${frame.lastGoodStreamId} status ${frame.status}`;
    case WINDOW_UPDATE:
      return `WINDOW_UPDATE ${frame.streamId} delta ${frame.delta}`;
    default:
      return `type ${frame.type}`;
  }
}

/** A DATA frame that was sent, as one line. */
export function dataLine(flags: number, streamId: number, length: number): string {
  return `DATA ${streamId} flags ${flags} length ${length}`;
}

type Tree = { [field: string]: string | Tree | Tree[] | undefined };
type Packet = { _source: { layers: { tcp: Tree; spdy: Tree | Tree[] } } };

async function tshark(file: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run([
    peerPath('tshark'),
    '-r',
    file,
    '-d',
    `tcp.port==${PCAP_SERVER_PORT},spdy`,
    // Otherwise an empty last DATA frame trips the dissector.
    '-o',
    'spdy.assemble_data_frames:FALSE',
    ...args,
  ]);
  if (code !== 0) throw new Error(`tshark ended with ${code}: ${stderr}`);
  return stdout;
}

function decodedLine(frame: Tree): string {
  const number = (field: string): number => Number(frame[field]);
  const stream = number('spdy.streamid');
  const flags = number('spdy.flags');
  if (frame['spdy.control_bit'] === '0') return dataLine(flags, stream, number('spdy.length'));
  const headers = list(frame['spdy.header']).map(
    (header) =>
      [String(header['spdy.header.name']), String(header['spdy.header.value'] ?? '')] as const,
  );
  const type = number('spdy.type');
  switch (type) {
    case SYN_STREAM:
      return synStreamLine(
        stream,
        flags,
        number('spdy.associated.streamid'),
        number('spdy.priority'),
        headers,
      );
    case SYN_REPLY:
    case HEADERS:
      return headersLine(type, stream, flags, headers);
    case RST_STREAM:
      return `RST_STREAM ${stream} status ${number('spdy.rst_stream_status')}`;
    case SETTINGS:
      return settingsLine(
        list(frame['spdy.setting']).map(
          (entry) => `${Number(entry['spdy.setting.id'])}=${Number(entry['spdy.setting.value'])}`,
        ),
      );
    case PING:
      return `PING ${number('spdy.ping_id')}`;
    case GOAWAY:
      return `GOAWAY ${number('spdy.goaway_last_good_stream_id')} status ${number('spdy.goaway_status')}`;
    case WINDOW_UPDATE:
      return `WINDOW_UPDATE ${stream} delta ${number('spdy.window_update_delta')}`;
    default:
      return `type ${type}`;
  }
}

function synStreamLine(
  streamId: number,
  flags: number,
  associated: number,
  priority: number,
  headers: HeaderList,
): string {
  return `SYN_STREAM ${streamId} flags ${flags} associated ${associated} priority ${priority} ${headerText(headers)}`;
}

function headersLine(
  type: typeof SYN_REPLY | typeof HEADERS,
  id: number,
  flags: number,
  headers: HeaderList,
): string {
  return `${type === SYN_REPLY ? 'SYN_REPLY' : 'HEADERS'} ${id} flags ${flags} ${headerText(headers)}`;
}

function settingsLine(entries: readonly string[]): string {
  return `SETTINGS ${entries.join(' ')}`;
}

/** Of several values, which are joined by NUL on the wire, tshark shows the first one. */
function headerText(headers: HeaderList): string {
  const first = headers.filter(([name], i) => headers.findIndex(([other]) => other === name) === i);
  return first.map(([name, value]) => `${name}=${value}`).join('; ');
}

function list(tree: string | Tree | Tree[] | undefined): Tree[] {
  if (tree === undefined || typeof tree === 'string') return [];
  return Array.isArray(tree) ? tree : [tree];
}
