import type { IncomingMessage } from 'node:http';
import { SpdyAgent } from './agent.ts';
import type { RequestOptions } from './options.ts';
import type { ClientRequest } from './request.ts';

/** Options of `request()` and `get()`. */
export interface ClientRequestOptions extends RequestOptions {
  /** The agent that has the sessions. Default: `globalAgent()`. */
  readonly agent?: SpdyAgent;
}

let shared: SpdyAgent | null = null;

/** The agent of all that are given none: made when it is needed first. */
export function globalAgent(): SpdyAgent {
  shared ??= new SpdyAgent();
  return shared;
}

/**
 * Makes a request, as `http.request()` does: `request(url[, options][, callback])` or `request(options[, callback])`.
 *
 * @throws InvalidArgumentError for a URL or an option that no request can have
 */
export function request(
  input: string | URL | ClientRequestOptions,
  options?: ClientRequestOptions | ((response: IncomingMessage) => void),
  callback?: (response: IncomingMessage) => void,
): ClientRequest {
  const own = typeof options === 'object' ? options.agent : undefined;
  const agent =
    own ?? (typeof input === 'string' || input instanceof URL ? undefined : input.agent);
  return (agent ?? globalAgent()).request(input, options, callback);
}

/** `request()` without a body: it is ended already. */
export function get(
  input: string | URL | ClientRequestOptions,
  options?: ClientRequestOptions | ((response: IncomingMessage) => void),
  callback?: (response: IncomingMessage) => void,
): ClientRequest {
  return request(input, options, callback).end();
}
