import type { IncomingMessage } from 'node:http';
import { failure, isRefusal, type Refusal } from '../requests/refusals.ts';
import { PROTOBUF_TYPE, ProtobufProblem, readProtobuf } from '../shapes/protobuf.ts';
import type { Fieldset } from '../shapes/shape.ts';
import { APPLY_TYPE, readYaml, tooLarge, YAML_TYPE } from './yaml-body.ts';

/** As much as an API server takes. */
const MAX_BYTES = 3 * 1024 * 1024;

/** A body that was read. */
export interface FakeBody {
  /** Without parameters. */
  readonly mediaType: string;
  /** Null for none. */
  readonly value: unknown;
}

/**
 * Reads a body of JSON or YAML, or of protobuf where that has a shape; resolves with why it cannot be taken. Rejects when the client has gone.
 */
export async function readBody(
  request: IncomingMessage,
  shape: Fieldset | null = null,
): Promise<FakeBody | Refusal> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  const mediaType = type.trim().toLowerCase();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= MAX_BYTES) chunks.push(chunk);
  }
  if (length > MAX_BYTES) return tooLarge(MAX_BYTES);
  if (length === 0) return { mediaType, value: null };
  if (shape !== null && mediaType === PROTOBUF_TYPE) {
    try {
      return { mediaType, value: readProtobuf(Buffer.concat(chunks), shape) };
    } catch (exception) {
      if (!(exception instanceof ProtobufProblem)) throw exception;
      return failure(415, `the body of the request cannot be read: ${exception.message}`);
    }
  }
  const text = Buffer.concat(chunks).toString();
  if (mediaType === YAML_TYPE || (mediaType === APPLY_TYPE && !isJson(text))) {
    const read = await readYaml(text, MAX_BYTES);
    return isRefusal(read) ? read : { mediaType, ...read };
  }
  if (
    mediaType !== '' &&
    mediaType !== APPLY_TYPE &&
    !/^application\/(?:[\w.-]+\+)?json$/.test(mediaType)
  )
    return failure(415, `the body of the request was in an unknown format: ${mediaType}`);
  try {
    return { mediaType, value: JSON.parse(text) };
  } catch (exception) {
    return failure(400, `the body is no JSON: ${(exception as Error).message}`);
  }
}

/** Whether it need not be read as YAML, which is every JSON as well. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
