import {
  type OutgoingHttpHeaders,
  type ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import { checkBoolean, shown } from '../../../common/check.ts';
import { checkOptions, optionNames } from '../../../common/option-names.ts';
import { type ErrorCode, InvalidArgumentError, StreamError } from '../../../errors.ts';
import { CANCEL } from '../../../protocol/constants.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { SpdyStream } from '../../../session/public.ts';
import { toHeaderPairs } from '../../headers.ts';
import { pushToSpdy, responseToSpdy } from '../../message-head.ts';
import type { ServerSocket } from './socket.ts';

/** What is pushed: a path, or more of the request that it answers. The rest is taken from the request that it belongs to. */
export type ServerPushTarget =
  | string
  | {
      /** Path and query: what a client would ask for. */
      readonly path: string;
      /** Default GET; only what a GET would return may be pushed (SPDY/3 3.3.1). */
      readonly method?: 'GET' | 'HEAD' | undefined;
      /** As in the Host field. Default: that of the request. */
      readonly host?: string | undefined;
      /** `http` or `https`. Default: that of the request. */
      readonly scheme?: string | undefined;
    };

/** How a resource is pushed. */
export interface ServerPushOptions {
  /** Of the reply to it. Default 200. */
  readonly status?: number | undefined;
  /** 0 is the most urgent. Default: that of the request it belongs to. */
  readonly priority?: number | undefined;
  /** True for a resource without a body: the push is complete at once. */
  readonly endStream?: boolean | undefined;
  /**
   * `'joined'`: all headers in SYN_STREAM, which browsers and spdy-transport need. `'split'`: those of the reply in a HEADERS frame,
   * which Netty needs. Default `'joined'`.
   */
  readonly form?: 'joined' | 'split' | undefined;
}

const TARGET_NAMES = optionNames<Exclude<ServerPushTarget, string>>({
  path: true,
  method: true,
  host: true,
  scheme: true,
});

const OPTION_NAMES = optionNames<ServerPushOptions>({
  status: true,
  priority: true,
  endStream: true,
  form: true,
});

/** Room for pushes of a connection that wait for the client to allow more streams. */
export class PushRoom {
  readonly #limit: number;
  #waiting = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a place; false if there is none. */
  take(): boolean {
    if (this.#waiting >= this.#limit) return false;
    this.#waiting++;
    return true;
  }

  /** Gives a place back. */
  give(): void {
    this.#waiting--;
  }
}

/** The pushes of one request that have not left. They leave before the reply ends or never (SPDY/3 3.3.1). */
export class RequestPushes {
  readonly #waiting = new Set<SpdyStream>();
  readonly #room: PushRoom;

  constructor(request: SpdyStream, room: PushRoom) {
    this.#room = room;
    const end = (): void => {
      for (const push of this.#waiting)
        push.destroy(pushFailed('its request has ended', 'ERR_SPDY_STREAM_CLOSED'));
    };
    request.once('finish', end);
    request.once('close', end);
  }

  /** Follows a push until it leaves; ends it if too many wait. */
  add(push: SpdyStream): void {
    if (!push.pending) return;
    if (!this.#room.take()) {
      push.destroy(pushFailed('too many pushes wait', 'ERR_SPDY_TOO_MANY_STREAMS'));
      return;
    }
    this.#waiting.add(push);
    const left = (): void => {
      if (this.#waiting.delete(push)) this.#room.give();
    };
    push.once('ready', left);
    push.once('close', left);
  }
}

function pushFailed(reason: string, code: ErrorCode): StreamError {
  return new StreamError(code, `the push was not sent: ${reason}`, 0, CANCEL, 'local');
}

/** Pushes in association with the request of a response. */
export function pushFor(
  response: ServerResponse,
  socket: ServerSocket,
  target: ServerPushTarget,
  headers: OutgoingHttpHeaders,
  options: ServerPushOptions,
): SpdyStream {
  if (typeof target !== 'string') checkOptions('target of push()', target, TARGET_NAMES);
  checkOptions('push()', options, OPTION_NAMES);
  const { stream: parent, session } = socket;
  const request = response.req as typeof response.req & { readonly scheme?: string };
  const given = typeof target === 'string' ? { path: target } : target;
  const head = {
    method: given.method ?? 'GET',
    scheme: given.scheme ?? request.scheme ?? 'https',
    host: given.host ?? request.headers.host ?? '',
    path: given.path,
    headers: [],
  };
  const { status = 200, priority = parent.priority, form = 'joined', endStream = false } = options;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new InvalidArgumentError(`status must be from 200 to 599, got ${shown(status)}`);
  }
  checkBoolean('endStream', endStream);
  if (form !== 'joined' && form !== 'split')
    throw new InvalidArgumentError(`form must be one of joined, split, got ${shown(form)}`);
  for (const name of Object.keys(headers)) {
    validateHeaderName(name);
    validateHeaderValue(name, headers[name] as string);
  }
  const reply = responseToSpdy(status, '', toHeaderPairs(headers), session.version);
  const first: HeaderList = pushToSpdy(session.version, head, form === 'joined' ? reply : []);
  const joined = form === 'joined';
  const push = parent.pushStream(first, { priority, endStream: endStream && joined });
  // Whether the client takes it is its own affair.
  push.on('error', () => {});
  if (!joined) {
    push.sendHeaders(reply);
    if (endStream) push.end();
  }
  return push;
}
