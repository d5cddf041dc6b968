import { Engine } from '../../../lib/engine/engine.ts';
import { CLIENT, PROTO_SPDY3_1 } from '../../../lib/protocol/constants.ts';
import {
  ConnectionDecoder,
  type ConnectionOptions,
} from '../../../lib/tools/dump/decode/connection-decoder.ts';
import type { DumpEvent, DumpFrame, DumpSink } from '../../../lib/tools/dump/events.ts';

/** Keeps what a dump finds. */
export class Collected implements DumpSink {
  readonly events: DumpEvent[] = [];
  /** Payload by `s2c 1`. */
  readonly bodies: Map<string, Buffer> = new Map();

  event(event: DumpEvent): void {
    this.events.push(event);
  }

  payload(_connection: number, direction: string, stream: number, chunk: Buffer): void {
    const key = `${direction} ${stream}`;
    this.bodies.set(key, Buffer.concat([this.bodies.get(key) ?? Buffer.alloc(0), chunk]));
  }

  get frames(): DumpFrame[] {
    return this.events.filter((event) => event.event === 'frame');
  }

  /** `c2s 0 SYN_STREAM 1` for each frame. */
  get line(): string[] {
    return this.frames.map(
      ({ direction, offset, type, stream }) => `${direction} ${offset} ${type} ${stream}`,
    );
  }

  get notes(): string[] {
    return this.events.flatMap((event) => (event.event === 'note' ? [event.text] : []));
  }

  get warnings(): string[] {
    return this.frames.flatMap(({ number, type, warnings }) =>
      warnings.map((text) => `${number} ${type}: ${text}`),
    );
  }
}

/** A decoder, and what it finds. */
export function collect(options: Partial<ConnectionOptions> = {}): {
  readonly found: Collected;
  readonly decoder: ConnectionDecoder;
} {
  const found = new Collected();
  return { found, decoder: new ConnectionDecoder({ number: 1, ...options }, found) };
}

/** The bytes of a request with these headers, the first of its connection. */
export function requestWith(headers: readonly (readonly [string, string])[]): Buffer {
  const engine = new Engine(CLIENT, PROTO_SPDY3_1);
  engine.submitRequest(0, [...HEAD, ...headers]);
  return Buffer.from(engine.pull() as Uint8Array);
}

const HEAD = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':host', 'localhost'],
  [':path', '/'],
  [':version', 'HTTP/1.1'],
] as const;
