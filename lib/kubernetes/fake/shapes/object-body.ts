import { readBySchema } from '../custom/schema-reading.ts';
import { type Fields, isFields } from '../objects/object.ts';
import { apiVersionOf, type FakeResource } from '../objects/resources.ts';
import { type Decoded, DecodeProblem, decodeAs } from './decode.ts';
import { shapeOf } from './shapes.ts';

/** An object as an API server understands it. */
export interface DecodedObject extends Decoded {
  readonly value: Fields;
  /** What is wrong with a custom one, in the words of Kubernetes. */
  readonly problems: readonly string[];
}

/**
 * Reads the object of a resource, or a part of one: as its shape has it, or the schema of its definition.
 *
 * @throws DecodeProblem where something else stands than the shape has
 */
export function decodeObject(resource: FakeResource, body: unknown, isPart = false): DecodedObject {
  const { custom } = resource;
  const shape = shapeOf(resource);
  if (custom === undefined || !isFields(body)) {
    const { value, unknown } = decodeAs(shape, body);
    return { value: value as Fields, unknown, problems: [] };
  }
  const { apiVersion = apiVersionOf(resource), kind = resource.kind, metadata = {} } = body;
  const head = decodeAs(shape, { apiVersion, kind, metadata });
  const whole = { ...body, ...(head.value as Fields) };
  const { value, unknown, problems } = readBySchema(custom.schema, whole, isPart);
  if (!isFields(value)) throw new DecodeProblem('it must be an object');
  return { value, unknown: [...head.unknown, ...unknown], problems };
}
