import type { EventEmitter } from 'node:events';
import type { Link } from '../connection/link.ts';
import type { ResponseRules } from '../exchange/exchange.ts';
import type { HarRecorder } from '../har/har-recorder.ts';
import type { RequestPlan } from './options.ts';
import type { PushedRequest } from './push.ts';
import type { ClientResponse } from './response.ts';

/** What a request needs of its agent. */
export interface RequestAgent extends ResponseRules {
  /** The agent itself. */
  readonly emitter: EventEmitter;
  /** How often a request is tried again that the server surely did not process. */
  readonly maxRetries: number;
  /** Bytes of a request body that are kept for that. */
  readonly maxReplayBytes: number;
  /** Records its requests. */
  readonly har: HarRecorder | null;
  /** Finds a way to the server, or opens one; with `http1` one on which HTTP/1.1 is spoken. */
  link(plan: RequestPlan, http1: boolean): Link | Promise<Link>;
  /** Whether pushes are taken that the request itself does not listen for. */
  readonly wantsPush: boolean;
  /** A push came; `taken` if the request listened for it. */
  pushed(plan: RequestPlan, request: PushedRequest, response: ClientResponse, taken: boolean): void;
  /** A request is tried again. */
  retried(plan: RequestPlan): void;
  /** A request is over, however it was. */
  ended(): void;
}
