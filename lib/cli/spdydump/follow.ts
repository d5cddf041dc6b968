import type { DumpDirection, DumpEvent, DumpPaint } from '../../tools/index.ts';
import { visible } from '../terminal.ts';

/** Shows one stream as its ends saw it: headers, and payload as text. */
export class Follower {
  readonly #connection: number;
  readonly #stream: number;
  readonly #paint: DumpPaint;
  readonly #write: (text: string) => void;
  /** Whether the stream was seen. */
  found = false;
  /** Whose payload stands on the last line. */
  #open: DumpDirection | null = null;

  constructor(
    { connection, stream }: { readonly connection: number; readonly stream: number },
    paint: DumpPaint,
    write: (text: string) => void,
  ) {
    this.#connection = connection;
    this.#stream = stream;
    this.#paint = paint;
    this.#write = write;
  }

  /** The stream, in words. */
  get name(): string {
    return `stream ${this.#stream} of connection ${this.#connection}`;
  }

  /** Shows headers and ends of the stream. */
  event(event: DumpEvent): void {
    if (event.event !== 'frame' || !this.#isOurs(event.connection, event.stream)) return;
    this.found = true;
    const { direction, type, headers, flags, fields, warnings } = event;
    if (headers !== undefined) {
      const lines = headers.map(([name, value]) => `${visible(name)}: ${visible(value)}\n`);
      this.#line(direction, `${type}\n${lines.join('')}`);
    }
    if (type === 'RST_STREAM') this.#line(direction, `RST_STREAM status ${fields?.status}\n`);
    if (flags.includes('FIN')) this.#line(direction, 'FIN\n');
    for (const warning of warnings) this.#line(direction, `! ${visible(warning)}\n`);
  }

  /** Shows payload: line ends and tabs as they are, other control characters visibly. */
  payload(connection: number, direction: DumpDirection, stream: number, chunk: Buffer): void {
    if (!this.#isOurs(connection, stream)) return;
    if (this.#open !== direction) this.#line(direction, '');
    this.#open = direction;
    const text = chunk.toString('latin1').split(/([\n\t])/);
    const shown = text.map((part, index) => (index % 2 === 1 ? part : visible(part))).join('');
    this.#write(this.#paint(colorOf(direction), shown));
  }

  #line(direction: DumpDirection, text: string): void {
    const end = this.#open === null ? '' : '\n';
    this.#open = null;
    const arrow = direction === 'c2s' ? 'C>S' : 'S>C';
    this.#write(`${end}${this.#paint(colorOf(direction), `${arrow} ${text}`)}`);
    if (text === '') this.#write('\n');
  }

  #isOurs(connection: number, stream: number): boolean {
    return connection === this.#connection && stream === this.#stream;
  }
}

function colorOf(direction: DumpDirection): 'magenta' | 'cyan' {
  return direction === 'c2s' ? 'magenta' : 'cyan';
}
