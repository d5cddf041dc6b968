import type net from 'node:net';
import { Deadline } from '../../../common/deadline.ts';
import type { ProtocolVersion } from '../../../protocol/version.ts';

/** What a client speaks, by its ALPN name; `'unknown'` for nothing of it. */
export type OpeningProtocol = ProtocolVersion['name'] | 'h2' | 'http/1.1' | 'unknown';

/** How a connection of HTTP/2 begins. */
const H2_START = 'PRI ';

/**
 * What the first bytes of a client say that it speaks; null while they are too few. SPDY/3 and SPDY/3.1 begin alike: `spdy3` says which
 * one is meant.
 */
export function protocolOf(
  start: Uint8Array,
  spdy3: 'spdy/3' | 'spdy/3.1',
): OpeningProtocol | null {
  const [first, second] = start;
  if (first === undefined) return null;
  if (first > 0x7f) {
    if (first > 0x80) return 'unknown';
    if (second === undefined) return null;
    return second === 2 ? 'spdy/2' : second === 3 ? spdy3 : 'unknown';
  }
  const text = Buffer.from(start.subarray(0, H2_START.length)).toString('latin1');
  if (text === H2_START) return 'h2';
  if (H2_START.startsWith(text)) return null;
  // Empty lines in front of a request are ignored (RFC 9112 2.2).
  return /^[A-Z\r\n]/.test(text) ? 'http/1.1' : 'unknown';
}

/**
 * Reads the first bytes of a socket that nothing was read from, and gives them back to it. `done` is called once, with null for a client
 * that has gone or said nothing in time.
 */
export function readOpening(
  socket: net.Socket,
  timeoutMs: number,
  spdy3: 'spdy/3' | 'spdy/3.1',
  done: (protocol: OpeningProtocol | null) => void,
): void {
  let start: Buffer = Buffer.alloc(0);
  const deadline = new Deadline();
  const settle = (protocol: OpeningProtocol | null): void => {
    deadline.stop();
    socket.off('readable', onReadable);
    socket.off('end', onEnd);
    socket.off('close', onEnd);
    if (start.length > 0 && !socket.destroyed) socket.unshift(start);
    done(protocol);
  };
  const onReadable = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    start = Buffer.concat([start, chunk]);
    const protocol = protocolOf(start, spdy3);
    if (protocol !== null) settle(protocol);
  };
  const onEnd = (): void => settle(null);
  if (timeoutMs > 0) deadline.start(timeoutMs, onEnd);
  socket.on('readable', onReadable);
  socket.on('end', onEnd);
  socket.on('close', onEnd);
}
