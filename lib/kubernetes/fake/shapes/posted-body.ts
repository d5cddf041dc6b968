import type { Fields } from '../objects/object.ts';
import type { FakeResource } from '../objects/resources.ts';
import { failure, type Refusal } from '../requests/refusals.ts';
import { DecodeProblem, decodeAs } from './decode.ts';
import { shapeOf } from './shapes.ts';

/** What is posted and not stored, as its kind has it; a refusal for a body that is something else. */
export function readPosted(
  kind: Pick<FakeResource, 'group' | 'version' | 'kind'>,
  body: unknown,
): Fields | Refusal {
  try {
    return decodeAs(shapeOf(kind), body).value as Fields;
  } catch (exception) {
    if (!(exception instanceof DecodeProblem)) throw exception;
    return failure(400, `it cannot be handled as a ${kind.kind}: ${exception.message}`);
  }
}
