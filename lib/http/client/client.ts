import type { IncomingMessage } from 'node:http';
import { shown } from '../../common/check.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { SpdyAgent } from './agent.ts';
import type { RequestOptions } from './request/options.ts';
import type { ClientRequest } from './request/request.ts';

/** Options of `request()` and `get()`. */
export interface ClientRequestOptions extends RequestOptions {
  /** The agent that has the sessions. Default: `globalAgent()`. */
  readonly agent?: SpdyAgent | undefined;
}

let shared: SpdyAgent | null = null;

/** The agent of all that are given none: made when it is needed first. */
export function globalAgent(): SpdyAgent {
  shared ??= new SpdyAgent();
  return shared;
}

/**
 * The agent that was given, or the shared one.
 *
 * @throws InvalidArgumentError for an agent of `http` or `https` or of another copy of this package, and what is none at all
 */
export function agentOf(given: SpdyAgent | null | undefined): SpdyAgent {
  if (given === undefined || given === null) return globalAgent();
  if (given instanceof SpdyAgent) return given;
  const name = (given as Partial<object>).constructor?.name;
  const copy = name === SpdyAgent.name ? ' of another copy of this package' : '';
  throw new InvalidArgumentError(`agent must be a SpdyAgent, got ${shown(given)}${copy}`);
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
  return agentOf(agent).request(input, options, callback);
}

/** `request()` without a body: it is ended already. */
export function get(
  input: string | URL | ClientRequestOptions,
  options?: ClientRequestOptions | ((response: IncomingMessage) => void),
  callback?: (response: IncomingMessage) => void,
): ClientRequest {
  return request(input, options, callback).end();
}
