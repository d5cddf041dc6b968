import { STATUS_CODES } from 'node:http';
import { InvalidArgumentError } from '../../../errors.ts';
import type { Header } from '../../../protocol/frames.ts';
import type { Reply } from './exchange.ts';

/** Why a request could not be answered: the words of RFC 9209 2.3, as far as they are needed. */
export type FailureReason =
  | 'connection_limit_reached'
  | 'connection_refused'
  | 'connection_terminated'
  | 'connection_timeout'
  | 'destination_unavailable'
  | 'dns_error'
  | 'http_protocol_error'
  | 'http_request_denied'
  | 'http_request_error'
  | 'http_response_incomplete'
  | 'http_response_timeout'
  | 'proxy_internal_error'
  | 'proxy_loop_detected'
  | 'tls_certificate_error'
  | 'tls_protocol_error';

/** A request that no back has answered. */
export interface Failure {
  /** What the client gets: 502, 503 or 504; 400, 405, 408, 421, 429 and 508 for a request that is refused. */
  readonly status: number;
  readonly reason: FailureReason;
  /** In words, for the client and the log. */
  readonly text: string;
  /** Whether the back has surely done nothing with the request. */
  readonly unprocessed: boolean;
  /**
   * Whether the same back may get it once more: it was refused, or a connection that was kept has ended before a word of the answer, so that the back
   * has most likely not seen it.
   */
  readonly again?: boolean | undefined;
  /** After how many seconds the client may ask again; undefined if that is not known. */
  readonly retryAfter?: number | undefined;
  /** The error behind it. */
  readonly cause: Error | null;
}

/** Errors of connecting. */
const CONNECT_CODES: Readonly<Record<string, FailureReason>> = {
  EACCES: 'destination_unavailable',
  EAI_AGAIN: 'dns_error',
  ECONNREFUSED: 'connection_refused',
  EHOSTUNREACH: 'destination_unavailable',
  ENETUNREACH: 'destination_unavailable',
  ENOENT: 'destination_unavailable',
  ENOTFOUND: 'dns_error',
  ERR_SPDY_TIMEOUT: 'connection_timeout',
  ETIMEDOUT: 'connection_timeout',
};

/** What this process has no more of: descriptors, ports, memory of the system. That is no fault of a back. */
const SPENT: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
]);

/** Whether a failure is this proxy's own, and tells nothing of the back. */
export function isOwn({ reason }: Failure): boolean {
  return reason === 'proxy_internal_error';
}

/** What a failed request comes to. `unsent`: nothing of it has left. */
export function failureOf(cause: Error, unsent: boolean, unprocessed: boolean = unsent): Failure {
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (unprocessed && !unsent) return { ...REFUSED, unprocessed, cause };
  if (unsent && SPENT.has(code)) {
    const own = 'proxy_internal_error';
    return { status: 503, reason: own, text: textOf(own, code), unprocessed, retryAfter: 1, cause };
  }
  const reason = unsent ? reasonOfConnecting(code) : reasonOf(code);
  const status = reason.endsWith('timeout') ? 504 : 502;
  return { status, reason, text: textOf(reason, code), unprocessed, cause };
}

/** A request that is not even tried. */
export function refusal(status: number, reason: FailureReason, text: string): Failure {
  return { status, reason, text, unprocessed: true, cause: null };
}

/** What a request comes to that could not even be begun: one that no message can carry, as with a path that `http` does not take, is no fault of the back. */
export function failureOfSending(cause: Error): Failure {
  // Node tells its arguments' faults so.
  const malformed = cause instanceof TypeError || cause instanceof InvalidArgumentError;
  return malformed ? refusal(400, 'http_request_error', cause.message) : failureOf(cause, true);
}

/** Answers a request that has failed, in the name of this proxy. `unread`: some of it was not read. */
export function answerFailure(
  reply: Reply,
  { status, reason, text, retryAfter }: Failure,
  name: string,
  bodiless: boolean,
  unread: boolean,
): void {
  const message = STATUS_CODES[status] ?? '';
  const body = Buffer.from(`${status} ${message}: ${text}\n`);
  const fields: Header[] = [
    ['content-type', 'text/plain; charset=utf-8'],
    ['content-length', String(body.length)],
    ['cache-control', 'no-store'],
    ['proxy-status', `${name}; error=${reason}`],
  ];
  if (retryAfter !== undefined) fields.push(['retry-after', String(retryAfter)]);
  if (unread && reply.keepsConnection) fields.push(['connection', 'close']);
  reply.respond({ status, message, fields }, bodiless);
  if (!bodiless) {
    reply.write(body);
    reply.end([]);
  }
  if (unread) reply.abandon();
}

/** What a server does not take now: REFUSED_STREAM, or above the last stream of GOAWAY. */
const REFUSED = {
  status: 503,
  reason: 'destination_unavailable',
  text: 'the server takes no request now',
  retryAfter: 1,
} as const;

function reasonOfConnecting(code: string): FailureReason {
  const known = CONNECT_CODES[code];
  if (known !== undefined) return known;
  if (/CERT|SELF_SIGNED|ALTNAME/.test(code)) return 'tls_certificate_error';
  return /SSL|TLS|NEGOTIATION|EPROTO/.test(code) ? 'tls_protocol_error' : 'connection_terminated';
}

function reasonOf(code: string): FailureReason {
  if (code === 'ERR_SPDY_TIMEOUT') return 'http_response_timeout';
  return /^HPE_|PROTOCOL|HEADER|INVALID/.test(code)
    ? 'http_protocol_error'
    : 'connection_terminated';
}

const TEXTS: Readonly<Record<FailureReason, string>> = {
  connection_limit_reached: 'the server has as many connections as it may have',
  connection_refused: 'the server refused the connection',
  connection_terminated: 'the server ended the connection, or the stream, without an answer',
  connection_timeout: 'no connection to the server in time',
  destination_unavailable: 'the server cannot be reached',
  dns_error: 'the name of the server is not known',
  http_protocol_error: 'the server answered what is no HTTP',
  http_request_denied: 'this is not done here',
  http_request_error: 'the request is malformed',
  http_response_incomplete: 'the answer of the server ended before its end',
  http_response_timeout: 'no answer of the server in time',
  proxy_internal_error: 'there is no room for another connection here',
  proxy_loop_detected: 'the request goes round in circles',
  tls_certificate_error: 'the certificate of the server is not accepted',
  tls_protocol_error: 'no TLS with the server',
};

function textOf(reason: FailureReason, code: string): string {
  return code === '' ? TEXTS[reason] : `${TEXTS[reason]} (${code})`;
}
