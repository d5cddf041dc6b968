import { withDefaults } from '../objects/defaults.ts';
import type { FakeObject, Fields } from '../objects/object.ts';
import { type FakeResource, PODS } from '../objects/resources.ts';
import { ephemeralProblem, withEphemeralsOf } from '../pods/ephemeral-containers.ts';
import { podUpdateProblem } from '../pods/pod-manifest.ts';

/** What clients change of an object at one place of the API. */
export interface ObjectPart {
  /** The object that was found, with what is taken of the one that is wanted. */
  take(found: FakeObject, wanted: FakeObject, resource: FakeResource): FakeObject;
  /** Why that cannot be, whatever its kind is; null if it can. */
  problem(found: FakeObject, next: FakeObject, wanted: FakeObject): string | null;
}

/** All but the status, where that is a part of its own. */
const WHOLE: ObjectPart = {
  take: merged,
  problem: (found, _next, { metadata }) => endProblem(found.metadata, metadata),
};

const WHOLE_POD: ObjectPart = {
  take: merged,
  problem: (found, next, { metadata }) =>
    endProblem(found.metadata, metadata) ?? podUpdateProblem(found, next),
};

const STATUS: ObjectPart = { take: withStatusOf, problem: () => null };

const EPHEMERAL: ObjectPart = { take: withEphemeralsOf, problem: ephemeralProblem };

/** The part that is changed by an update, or by a patch. */
export function partAt(resource: FakeResource, subresource: string | null): ObjectPart {
  if (subresource === 'ephemeralcontainers') return EPHEMERAL;
  if (subresource !== null) return STATUS;
  return resource === PODS ? WHOLE_POD : WHOLE;
}

/** What an update may change: what the server makes, and the status, stay. */
function merged(found: FakeObject, wanted: FakeObject, resource: FakeResource): FakeObject {
  const kept = Object.entries(found.metadata).filter(([name]) => MADE_HERE.includes(name));
  const metadata = { ...wanted.metadata, ...Object.fromEntries(kept), name: found.metadata.name };
  const next = withDefaults({ ...wanted, metadata });
  return resource.subresources.includes('status') ? withStatusOf(next, found) : next;
}

/** What clients cannot change of the metadata. */
const MADE_HERE = [
  ...['namespace', 'uid', 'resourceVersion', 'creationTimestamp', 'generation'],
  ...['deletionTimestamp', 'deletionGracePeriodSeconds'],
];

/** Why an update cannot begin or change the end of an object; null if it does not. */
function endProblem(old: FakeObject['metadata'], given: Fields): string | null {
  const { deletionTimestamp: time, deletionGracePeriodSeconds: grace } = given;
  const { deletionTimestamp: oldTime, deletionGracePeriodSeconds: oldGrace } = old;
  // The same time may be written in several ways.
  if (time !== undefined && Date.parse(String(time)) !== Date.parse(String(oldTime)))
    return `metadata.deletionTimestamp: Invalid value: ${JSON.stringify(time)}: field is immutable`;
  if (grace !== undefined && grace !== oldGrace)
    return `metadata.deletionGracePeriodSeconds: Invalid value: ${grace}: field is immutable`;
  return null;
}

function withStatusOf(object: FakeObject, { status }: FakeObject): FakeObject {
  const { status: _, ...rest } = object;
  return { ...(rest as FakeObject), ...(status === undefined ? {} : { status }) };
}
