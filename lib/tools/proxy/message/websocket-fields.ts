import { createHash, randomBytes } from 'node:crypto';
import type { HeaderList } from '../../../protocol/frames.ts';
import { fieldOf, without } from './fields.ts';

/** RFC 6455 1.3. */
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The fields of a request for a WebSocket by HTTP/1.1: HTTP/2 has no key (RFC 8441 5). */
export function webSocketFields(fields: HeaderList): HeaderList {
  const version = fieldOf(fields, 'sec-websocket-version') ?? '13';
  return [
    ...without(fields, 'sec-websocket-key', 'sec-websocket-version'),
    ['sec-websocket-version', version],
    ['sec-websocket-key', randomBytes(16).toString('base64')],
  ];
}

/** The value of `sec-websocket-accept` in the answer to a request with these fields. */
export function webSocketAccept(fields: HeaderList): string {
  const key = fieldOf(fields, 'sec-websocket-key') ?? '';
  return createHash('sha1').update(`${key}${ACCEPT_SUFFIX}`).digest('base64');
}
