import { type Fields, isFields } from '../objects/object.ts';

/** What a patch makes of an object, or why it cannot. */
export type Patched = { readonly value: unknown } | { readonly problem: string; code: number };

/** Lists whose items are told apart by a field, as Kubernetes has them; others are replaced as a whole. */
const MERGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  ports: ['containerPort', 'port'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  conditions: ['type'],
  ownerReferences: ['uid'],
  hostAliases: ['ip'],
  podIPs: ['ip'],
  topologySpreadConstraints: ['topologyKey'],
};

/** Lists of texts to which others are added. */
const SETS = ['finalizers'];

class PatchProblem extends Error {}

/** A strategic merge patch of Kubernetes. */
export function mergeStrategically(target: Fields, patch: Fields): Patched {
  try {
    return { value: mergeFields(target, patch) };
  } catch (exception) {
    if (exception instanceof PatchProblem) return { problem: exception.message, code: 400 };
    throw exception;
  }
}

function mergeFields(target: unknown, patch: Fields): Fields {
  const { $patch = 'merge' } = patch;
  if ($patch === 'delete') return {};
  if ($patch !== 'merge' && $patch !== 'replace')
    throw new PatchProblem(`there is no directive $patch: ${JSON.stringify($patch)}`);
  const merged = new Map(Object.entries($patch === 'replace' || !isFields(target) ? {} : target));
  for (const [name, value] of Object.entries(patch)) {
    if (name === '$patch') continue;
    if (name.startsWith('$')) direct(merged, name, value);
    else if (value === null) merged.delete(name);
    else merged.set(name, mergeValue(name, merged.get(name), value));
  }
  // Behind everything else: what they name may be new.
  for (const [name, value] of Object.entries(patch))
    if (name.startsWith('$setElementOrder/')) setOrder(merged, name.slice(17), value);
  return Object.fromEntries(merged);
}

/** A directive beside the fields that it is about. */
function direct(merged: Map<string, unknown>, name: string, value: unknown): void {
  if (name.startsWith('$setElementOrder/')) return;
  if (!Array.isArray(value)) throw new PatchProblem(`${name} must have a list`);
  if (name === '$retainKeys') {
    const kept = new Set<unknown>(value);
    for (const key of [...merged.keys()]) if (!kept.has(key)) merged.delete(key);
  } else if (name.startsWith('$deleteFromPrimitiveList/')) {
    const field = name.slice(25);
    const before = merged.get(field);
    const deleted = new Set<unknown>(value);
    if (Array.isArray(before))
      merged.set(
        field,
        before.filter((one) => !deleted.has(one)),
      );
  } else throw new PatchProblem(`there is no directive ${name}`);
}

function mergeValue(name: string, target: unknown, patch: unknown): unknown {
  if (isFields(patch)) return mergeFields(target, patch);
  if (!Array.isArray(patch)) return patch;
  const before: unknown[] = Array.isArray(target) ? target : [];
  if (SETS.includes(name)) return [...new Set([...before, ...patch])];
  const key = keyOf(name, [...patch, ...before]);
  const whole = patch.find((one) => directiveOf(one) === 'replace');
  if (key === null || whole !== undefined) return patch.filter((one) => one !== whole).map(plain);
  return mergeItems(key, before, patch);
}

/** Deletes first, as Kubernetes does: all that have the key. */
function mergeItems(key: string, before: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const deleted = new Set<unknown>();
  const changes: Fields[] = [];
  for (const item of patch) {
    if (!isFields(item) || !(key in item))
      throw new PatchProblem(`an item of the patch has no ${key}`);
    if (directiveOf(item) === 'delete') deleted.add(item[key]);
    else changes.push(item);
  }
  const keyIn = (one: unknown): unknown => (isFields(one) ? one[key] : undefined);
  const merged = before.filter((one) => !deleted.has(keyIn(one)));
  const places = new Map<unknown, number>();
  for (const [place, one] of merged.entries())
    if (isFields(one) && !places.has(one[key])) places.set(one[key], place);
  for (const item of changes) {
    const place = places.get(item[key]);
    if (place !== undefined) merged[place] = mergeFields(merged[place], item);
    else places.set(item[key], merged.push(mergeFields({}, item)) - 1);
  }
  return merged;
}

function setOrder(merged: Map<string, unknown>, field: string, order: unknown): void {
  const items = merged.get(field);
  if (!Array.isArray(items) || !Array.isArray(order)) return;
  const key = keyOf(field, items);
  const of = (one: unknown): unknown => (key !== null && isFields(one) ? one[key] : one);
  const places = new Map<unknown, number>();
  for (const [place, one] of order.entries()) if (!places.has(of(one))) places.set(of(one), place);
  // What the patch does not know of stays behind what it does.
  const place = (one: unknown): number => places.get(of(one)) ?? order.length;
  merged.set(
    field,
    items.toSorted((a, b) => place(a) - place(b)),
  );
}

/** The field that tells items apart: ports of a service have another one than those of a container. */
function keyOf(name: string, items: readonly unknown[]): string | null {
  if (!Object.hasOwn(MERGE_KEYS, name)) return null;
  const keys = MERGE_KEYS[name] as readonly string[];
  return keys.find((key) => items.some((one) => isFields(one) && key in one)) ?? null;
}

/** A value that nothing was there for. */
function plain(value: unknown): unknown {
  return isFields(value) ? mergeFields({}, value) : value;
}

function directiveOf(value: unknown): unknown {
  const { $patch = null } = isFields(value) ? value : {};
  return $patch;
}
