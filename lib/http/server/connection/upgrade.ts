import {
  type IncomingMessage,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { checkOptions, optionNames } from '../../../common/option-names.ts';
import { SERVER } from '../../../protocol/constants.ts';
import { Session, type SessionOptions } from '../../../session/public.ts';
import { type HeaderInput, toHeaderPairs } from '../../headers.ts';

/** How an upgrade is accepted. */
export interface UpgradeOptions {
  /** Further fields of the 101 reply, such as `X-Stream-Protocol-Version`. */
  readonly headers?: HeaderInput | undefined;
  /** Options of the session. */
  readonly session?: SessionOptions | undefined;
}

const OPTION_NAMES = optionNames<UpgradeOptions>({ headers: true, session: true });

/** Whether an HTTP/1.1 request asks for SPDY/3.1 on its connection (compared as Kubernetes does: any case, anywhere in the field). */
export function isSpdyUpgrade(request: IncomingMessage): boolean {
  const { upgrade = '', connection = '' } = request.headers;
  return upgrade.toLowerCase().includes('spdy/3.1') && connection.toLowerCase().includes('upgrade');
}

/**
 * Accepts an upgrade to SPDY/3.1 with 101 and returns the session, attached to the socket. For the 'upgrade' event of an `http.Server`:
 * `head` are the bytes that came behind the request. The request itself becomes no stream: the client's first one has id 1.
 *
 * @throws InvalidArgumentError for an option that does not exist
 */
export function acceptUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: UpgradeOptions = {},
): Session {
  checkOptions('acceptUpgrade()', options, OPTION_NAMES);
  startSwitching(request, socket, head, options.headers);
  return new Session(SERVER, 'spdy/3.1', options.session).attach(socket);
}

/** Answers 101, and puts back what was read too far. */
export function startSwitching(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  headers: HeaderInput = [],
): void {
  const lines = [
    `HTTP/1.1 101 ${STATUS_CODES[101] as string}`,
    'Connection: Upgrade',
    `Upgrade: ${request.headers.upgrade ?? 'SPDY/3.1'}`,
  ];
  lines.push(...toLines(headers));
  socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  if (head.length > 0) socket.unshift(head);
}

/** Answers an upgrade that is not possible, and closes. */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  headers: HeaderInput = [],
  body = '',
): void {
  const bytes = Buffer.from(body);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    `Content-Length: ${bytes.length}`,
  ];
  lines.push(...toLines(headers));
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  socket.end(Buffer.concat([head, bytes]));
}

function toLines(headers: HeaderInput): string[] {
  return toHeaderPairs(headers).map(([name, value]) => {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return `${name}: ${value}`;
  });
}
