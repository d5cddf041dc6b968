import type { FakeObject } from '../objects/object.ts';
import { rulesOf } from './custom-rules.ts';
import { afterUpdate, ownersOf } from './managed-fields.ts';
import type { FakeWrite } from './write.ts';

/** An object with who owns what of it behind a write. Whoever applies has said so already; others may, of all but themselves, in what they give. */
export function owned(
  found: FakeObject | null,
  next: FakeObject,
  { by, place }: FakeWrite,
  given: FakeObject,
): FakeObject {
  const { managedFields = [] } = given.metadata;
  if (by.operation === 'Apply') return { ...next, metadata: { ...next.metadata, managedFields } };
  const isSaid = Array.isArray(managedFields) && managedFields.length > 0;
  return afterUpdate(found, next, by, isSaid ? ownersOf(given) : null, rulesOf(place.resource));
}
