import type { FakeObject, Fields } from '../objects/object.ts';
import { qualified } from '../objects/resources.ts';
import { isText } from '../objects/texts.ts';
import type { ApiPlace } from '../requests/api-path.ts';
import { failure, type Refusal } from '../requests/refusals.ts';
import type { Manager } from './managed-fields.ts';

/** A request that changes something. */
export interface FakeWrite {
  readonly method: string;
  readonly place: ApiPlace;
  readonly query: URLSearchParams;
  /** Of the body, without parameters. */
  readonly mediaType: string;
  readonly body: unknown;
  /** Who is meant to own what is changed. */
  readonly by: Manager;
}

/** What comes of it. */
export type WriteAnswer =
  | { readonly code: number; readonly body: object; readonly warnings?: readonly string[] }
  | Refusal;

/** Why an object is not changed that somebody else has changed meanwhile. */
export function conflict({ resource }: ApiPlace, { metadata }: FakeObject): Refusal {
  return failure(
    409,
    `Operation cannot be fulfilled on ${qualified(resource)} "${metadata.name}": the object has been modified; ` +
      'please apply your changes to the latest version and try again',
  );
}

/** Why something is not done at a place where other things may be. */
export function notAllowed({ method }: FakeWrite): Refusal {
  return failure(
    405,
    `the server does not allow this method (${method}) on the requested resource`,
  );
}

/** Whether somebody means an older object, or one that was there before; what is empty means any. */
export function isAnother({ resourceVersion, uid }: Fields, is: FakeObject['metadata']): boolean {
  return (
    (isText(resourceVersion) && resourceVersion !== '' && resourceVersion !== is.resourceVersion) ||
    (isText(uid) && uid !== '' && uid !== is.uid)
  );
}
