import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type {
  ClientRequest,
  ClientResponse,
  PushedRequest,
  RequestOptions,
  SpdyAgent,
} from '../../../lib/index.ts';
import { sha256 } from './bytes.ts';

/** A response that has come whole. */
export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly body: Buffer;
  readonly sha256: string;
}

/** Sends a request and reads its response to the end. */
export function ask(
  agent: SpdyAgent,
  url: string,
  options: RequestOptions = {},
  body?: Buffer,
): Promise<HttpReply> {
  return replyTo(agent.request(url, { method: body ? 'POST' : 'GET', ...options }), body);
}

/** Ends a request, with a body if there is one, and reads its response to the end. */
export function replyTo(request: ClientRequest, body?: Buffer): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    request.once('response', (response) => readReply(response).then(resolve, reject));
    request.once('error', reject);
    request.end(body);
  });
}

/** Reads a response to the end. */
async function readReply(response: IncomingMessage): Promise<HttpReply> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const { statusCode = 0, headers, trailers } = response;
  return { status: statusCode, headers, trailers, body, sha256: sha256(body) };
}

/** The error that a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error & { code?: string };
  }
  throw new Error('it did not fail');
}

/** A resource that was pushed for a request. */
export interface Pushed {
  readonly request: PushedRequest;
  readonly reply: HttpReply;
}

/** Collects what is pushed for a request. */
export function pushesOf(request: ClientRequest): Promise<Pushed>[] {
  const pushes: Promise<Pushed>[] = [];
  request.on('push', (pushed: PushedRequest, response: ClientResponse) => {
    pushes.push(readReply(response).then((reply) => ({ request: pushed, reply })));
  });
  return pushes;
}
