import { isDeepStrictEqual } from 'node:util';
import type { FakeObject } from './object.ts';

/** Kinds whose objects count how often has changed what is wanted of them. */
const COUNTED = [
  ...['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'ReplicationController', 'Job'],
  ...['CronJob', 'PodDisruptionBudget', 'Ingress', 'IngressClass', 'NetworkPolicy'],
];

/**
 * The `metadata.generation` of an object that takes the place of another one (null for none): 1, and one more for each change of its `spec`, for
 * the beginning of its end, and with deployments for one of its annotations. Undefined where its kind has none.
 */
export function generationOf(object: FakeObject, previous: FakeObject | null): number | undefined {
  const { kind, metadata, spec } = object;
  if (!COUNTED.includes(kind)) return undefined;
  const before = previous?.metadata.generation ?? null;
  const { generation = before ?? 1 } = metadata;
  // A test may count itself.
  if (previous === null || before === null || generation !== before) return generation;
  const { spec: oldSpec } = previous;
  const isSame =
    isDeepStrictEqual(spec, oldSpec) &&
    (metadata.deletionTimestamp === undefined) ===
      (previous.metadata.deletionTimestamp === undefined) &&
    (kind !== 'Deployment' ||
      isDeepStrictEqual(metadata.annotations ?? {}, previous.metadata.annotations ?? {}));
  return before + (isSame ? 0 : 1);
}
