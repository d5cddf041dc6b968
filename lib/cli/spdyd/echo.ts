import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';

/** Answers a request with its body as it comes. */
export function echo(request: IncomingMessage, response: ServerResponse): void {
  const { 'content-type': type = 'application/octet-stream', 'content-length': length } =
    request.headers;
  const fields = { 'content-type': type, 'x-content-type-options': 'nosniff' };
  response.writeHead(200, length === undefined ? fields : { ...fields, 'content-length': length });
  // Both ends hear of each other's failure by the pipeline.
  pipeline(request, response, () => {});
}
