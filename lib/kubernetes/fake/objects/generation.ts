import { isDeepStrictEqual } from 'node:util';
import { type FakeObject, fieldsOf } from './object.ts';
import { ownKindOf } from './resources.ts';

/** Kinds whose objects count how often has changed what is wanted of them. */
const COUNTED = [
  ...['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'ReplicationController', 'Job'],
  ...['CronJob', 'PodDisruptionBudget', 'Ingress', 'IngressClass', 'NetworkPolicy'],
  'CustomResourceDefinition',
];

/**
 * The `metadata.generation` of an object that takes the place of another one (null for none): 1, and one more for each change of its `spec`, for
 * the beginning of its end, and with deployments for one of its annotations. Undefined where its kind has none.
 */
export function generationOf(object: FakeObject, previous: FakeObject | null): number | undefined {
  const { metadata } = object;
  const kind = ownKindOf(object);
  if (kind !== null && !COUNTED.includes(kind)) return undefined;
  const before = previous?.metadata.generation ?? null;
  const { generation = before ?? 1 } = metadata;
  // A test may count itself.
  if (previous === null || before === null || generation !== before) return generation;
  const isSame =
    isDeepStrictEqual(wantedOf(object), wantedOf(previous)) &&
    (metadata.deletionTimestamp === undefined) ===
      (previous.metadata.deletionTimestamp === undefined) &&
    (kind !== 'Deployment' ||
      isDeepStrictEqual(metadata.annotations ?? {}, previous.metadata.annotations ?? {}));
  return before + (isSame ? 0 : 1);
}

/** What is wanted of an object: of a custom one all that is neither metadata nor status. */
function wantedOf(object: FakeObject): unknown {
  const { metadata: _, status: __, ...wanted } = object;
  return ownKindOf(object) === null ? wanted : fieldsOf(object, 'spec');
}
