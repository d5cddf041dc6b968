import { pipeline, Readable } from 'node:stream';
import { InvalidArgumentError } from '../../../errors.ts';
import type { ClientRequest } from '../request/request.ts';

/** The body of a dispatched request. */
export interface DispatchBody {
  /** In bytes, null if that is not known. */
  readonly length: number | null;
  /** `content-type` of a body that has one of its own, null otherwise. */
  readonly type: string | null;
  /** Writes it, and ends the request. */
  sendTo(request: ClientRequest): void;
}

/** @throws InvalidArgumentError for what is no body */
export function bodyFor(body: unknown): DispatchBody {
  if (body === null || body === undefined) return whole(null, 0);
  if (typeof body === 'string') return whole(body, Buffer.byteLength(body));
  if (ArrayBuffer.isView(body)) {
    const bytes = new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
    return whole(bytes, bytes.length);
  }
  if (body instanceof ArrayBuffer) return whole(new Uint8Array(body), body.byteLength);
  if (body instanceof Blob) return pieces(body.stream(), body.size, body.type || null);
  if (body instanceof FormData) {
    const { body: stream, headers } = new Response(body);
    return pieces(stream as unknown, null, headers.get('content-type'));
  }
  if (typeof body === 'object' && (Symbol.asyncIterator in body || Symbol.iterator in body)) {
    return pieces(body, null, null);
  }
  throw new InvalidArgumentError('body must be text, bytes, or yield bytes');
}

function whole(body: string | Uint8Array | null, length: number): DispatchBody {
  return {
    length,
    type: null,
    sendTo: (request) => {
      request.end(body ?? undefined);
    },
  };
}

function pieces(source: unknown, length: number | null, type: string | null): DispatchBody {
  return {
    length,
    type,
    sendTo: (request) => {
      const readable = Readable.from(source as AsyncIterable<Uint8Array>);
      // pipeline() would abort the request, which looks like one of `http`, without the error of the body.
      readable.once('error', (error) => request.destroy(error));
      pipeline(readable, request, () => {});
    },
  };
}
