import { visible } from '../../common/visible.ts';
import { STATUS_NAMES, settingName } from '../../protocol/names.ts';
import type { DumpConnection, DumpEvent, DumpFrame } from './events.ts';

/** The longest URL of an exchange that is shown whole. */
const MOST_URL = 1000;

/** Puts text in a colour, or leaves it as it is. */
export type DumpPaint = (
  color: 'blue' | 'cyan' | 'green' | 'magenta' | 'red' | 'yellow',
  text: string,
) => string;

/** How events become text. */
export interface TextOptions {
  /** All fields of frames, with lines below the first; default false. */
  readonly details?: boolean | undefined;
  /** Default: no colours. */
  readonly paint?: DumpPaint | undefined;
}

const GOAWAY_NAMES = ['OK', 'PROTOCOL_ERROR', 'INTERNAL_ERROR'];
const INDENT = ' '.repeat(8);

/** Writes events as text: a line for each frame, with lines of details and warnings below it. Times count from the first event. */
export class DumpText {
  readonly #details: boolean;
  readonly #paint: DumpPaint;
  #begun: number | null = null;

  /** Without options: a line for each frame, without colours. */
  constructor({ details = false, paint = (_color, text) => text }: TextOptions = {}) {
    this.#details = details;
    this.#paint = paint;
  }

  /** Times count from here, if it is not null, and from no later event. */
  begin(time: number | null): void {
    if (time !== null) this.#begun ??= time;
  }

  /** The text of an event, with a line end behind each of its lines. Control characters of peers are shown as `\x1b`. */
  of(event: DumpEvent): string {
    this.begin(event.time);
    switch (event.event) {
      case 'frame':
        return this.#frame(event);
      case 'connection':
        return this.#line(event.connection, connectionText(event));
      case 'note': {
        const { direction, offset, text } = event;
        const where = direction === null ? '' : `${arrow(direction)} `;
        const at = offset === null ? '' : `at byte ${offset}: `;
        return this.#line(event.connection, this.#paint('yellow', `${where}${at}${visible(text)}`));
      }
      case 'end': {
        const how = event.reset ? 'was reset' : 'ended';
        return this.#line(
          event.connection,
          `${arrow(event.direction)} ${how}, ${event.bytes} bytes`,
        );
      }
      default: {
        const { method, url, status, version, duration, bytes } = event;
        const size = bytes < 0 ? '' : `, ${bytes} bytes`;
        const answer = status === 0 ? 'no answer' : `${status} ${version}`;
        const text = `${method} ${shortened(url)} ${answer}, ${duration.toFixed(1)} ms${size}`;
        return this.#line(event.connection, `${this.#time(event.time)} ${visible(text)}`);
      }
    }
  }

  #line(connection: number, text: string): string {
    return `#${connection} ${text}\n`;
  }

  #time(time: number | null): string {
    if (time === null || this.#begun === null) return '       -';
    return ((time - this.#begun) / 1000).toFixed(6).padStart(10);
  }

  #frame(frame: DumpFrame): string {
    const { number, connection, direction, type, stream, length, flags, warnings } = frame;
    const paint = this.#paint;
    const name = paint(direction === 'c2s' ? 'magenta' : 'cyan', type.padEnd(13));
    const facts = [...flags, ...summary(frame)].join(' ');
    const columns = [
      String(number).padStart(6),
      paint('yellow', this.#time(frame.time)),
      `#${connection}`,
      arrow(direction),
      name,
      (stream === 0 ? '-' : String(stream)).padStart(5),
      String(length).padStart(6),
      visible(facts),
    ];
    const lines = [columns.join(' ').trimEnd()];
    if (this.#details) for (const line of detailLines(frame, paint)) lines.push(`${INDENT}${line}`);
    for (const warning of warnings) lines.push(`${INDENT}${paint('red', `! ${visible(warning)}`)}`);
    return `${lines.join('\n')}\n`;
  }
}

/** Addresses, version and opening of a connection. */
export function connectionText({ client, server, version, opening }: DumpConnection): string {
  const ends = client === null && server === null ? '' : `${client ?? '?'} > ${server ?? '?'} `;
  return visible(`${ends}${version}${opening === null ? '' : `, ${opening}`}`);
}

/** What a frame says besides type, stream, length and flags, in a few words. */
export function summary({
  type,
  stream,
  headers,
  headerBytes,
  fields,
  window,
  sessionWindow,
  missing,
}: DumpFrame): string[] {
  const words: string[] = [];
  const level = stream === 0 ? sessionWindow : window;
  if (headers !== undefined) words.push(headText(headers));
  if (headerBytes !== undefined) {
    const { compressed, plain } = headerBytes;
    if (plain > 0) words.push(`(${plain} -> ${compressed})`);
  }
  const { status, entries, id, lastGoodStreamId, delta, associatedToStreamId = 0 } = fields ?? {};
  if (associatedToStreamId > 0) words.push(`for stream ${associatedToStreamId}`);
  if (lastGoodStreamId !== undefined) words.push(`last stream ${lastGoodStreamId}`);
  if (status !== undefined) words.push(statusText(type, status));
  if (id !== undefined) words.push(`id ${id}`);
  for (const entry of entries ?? []) words.push(`${settingName(entry.id)}=${entry.value}`);
  if (delta !== undefined) words.push(`+${delta}`);
  if (level !== undefined && level !== null) words.push(`window ${level}`);
  if (missing !== undefined) words.push(`${missing} bytes missing`);
  return words.filter((word) => word !== '');
}

/** The status of RST_STREAM or GOAWAY by its name. */
export function statusText(type: string, status: number): string {
  const names = type === 'GOAWAY' ? GOAWAY_NAMES : STATUS_NAMES;
  return names[status] ?? `status ${status}`;
}

/** A request, a status, or what a Kubernetes stream is for. */
function headText(headers: NonNullable<DumpFrame['headers']>): string {
  const all = new Map(headers);
  const value = (name: string): string => all.get(name) ?? '';
  if (all.has(':method')) {
    const host = all.has(':host') ? `${value(':scheme') || 'http'}://${value(':host')}` : '';
    return `${value(':method')} ${host}${value(':path')}`;
  }
  if (all.has(':status')) return value(':status');
  // A push has the URL without a method.
  if (all.has(':path')) return `${value(':scheme')}://${value(':host')}${value(':path')}`;
  return headers
    .map(([name, one]) => `${name}=${one}`)
    .join(' ')
    .slice(0, 120);
}

function* detailLines(frame: DumpFrame, paint: DumpPaint): Generator<string> {
  const { offset, fields, headers, headerBytes, window, sessionWindow, type } = frame;
  if (offset !== null) yield `offset ${offset}, ${frame.length + 8} bytes with the frame header`;
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (name === 'entries') continue;
    yield name === 'status'
      ? `status ${value} ${statusText(type, Number(value))}`
      : `${name} ${value}`;
  }
  for (const { id, flags, value } of fields?.entries ?? []) {
    yield `${settingName(id)} (${id}) flags ${flags}: ${value}`;
  }
  if (window !== undefined)
    yield `window of the stream ${window ?? 'none'}, of the session ${sessionWindow ?? 'none'}`;
  if (headerBytes !== undefined) {
    const { compressed, plain } = headerBytes;
    yield `header block ${compressed} bytes${plain > 0 ? `, ${plain} inflated` : ''}`;
  }
  for (const [name, value] of headers ?? []) {
    yield `  ${paint('blue', visible(name))}: ${visible(value)}`;
  }
}

function arrow(direction: 'c2s' | 's2c'): string {
  return direction === 'c2s' ? 'C>S' : 'S>C';
}

/** What a browser has taken from a `data:` URL stands in it. */
function shortened(url: string): string {
  return url.length <= MOST_URL ? url : `${url.slice(0, MOST_URL)}...`;
}
