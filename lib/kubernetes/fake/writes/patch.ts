import { isDeepStrictEqual } from 'node:util';
import { type Fields, isFields } from '../objects/object.ts';
import { mergeStrategically, type Patched } from './strategic-merge.ts';

const STRATEGIC = 'application/strategic-merge-patch+json';

/** Every way to patch, by its media type. */
const WAYS: Readonly<Record<string, (target: Fields, patch: unknown) => Patched>> = {
  'application/json-patch+json': applyJsonPatch,
  'application/merge-patch+json': (target, patch) =>
    isFields(patch) ? { value: mergePatch(target, patch) } : noObject(),
  [STRATEGIC]: (target, patch) =>
    isFields(patch) ? mergeStrategically(target, patch) : noObject(),
};

/** Patches an object as the media type says, a custom one or another; the object stays as it is. */
export function applyPatch(
  mediaType: string,
  target: Fields,
  patch: unknown,
  isCustom = false,
): Patched {
  // Nobody knows how lists of a custom kind are to be merged.
  const ways = Object.keys(WAYS).filter((way) => !isCustom || way !== STRATEGIC);
  if (!ways.includes(mediaType)) {
    const known = ways.join(', ');
    return {
      problem: `the media type ${mediaType} is not supported, use one of ${known}`,
      code: 415,
    };
  }
  return (WAYS[mediaType] as (typeof WAYS)[string])(target, patch);
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const merged = new Map(Object.entries(isFields(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

/** Most characters of JSON that the copies of one patch add, as at an API server: each may double what is there. */
const MAX_COPIED = 3 * 1024 * 1024;

/** RFC 6902. */
function applyJsonPatch(target: Fields, patch: unknown): Patched {
  if (!Array.isArray(patch) || patch.length > 10_000 || !patch.every(isFields))
    return { problem: 'a JSON patch is an array of operations', code: 400 };
  const root = { '': structuredClone(target) as unknown };
  let copied = 0;
  for (const operation of patch) {
    copied += copiedBy(root, operation);
    if (copied > MAX_COPIED) return { problem: 'the patch copies too much', code: 422 };
    const problem = operate(root, operation);
    if (problem !== null) return { problem, code: 422 };
  }
  return { value: root[''] };
}

/** One operation of a JSON patch; a text is why it cannot be done. */
function operate(root: Fields, operation: Fields): string | null {
  const { op, path, from, value } = operation;
  const words = JSON.stringify(operation).slice(0, 200);
  const to = pointer(path);
  if (to === null) return `there is no path in ${words}`;
  switch (op) {
    case 'add':
      return add(root, to, value) ? null : `nothing can be added by ${words}`;
    case 'remove':
      return remove(root, to) ? null : `there is nothing to remove by ${words}`;
    case 'replace':
      return remove(root, to) && add(root, to, value)
        ? null
        : `there is nothing to replace by ${words}`;
    case 'test':
      return isDeepStrictEqual(at(root, to), value) ? null : `testing has failed: ${words}`;
    case 'copy':
    case 'move': {
      const source = pointer(from);
      const copied = source === null ? undefined : structuredClone(at(root, source));
      if (source === null || copied === undefined) return `there is nothing to ${op} by ${words}`;
      if (op === 'move') remove(root, source);
      return add(root, to, copied) ? null : `nothing can be added by ${words}`;
    }
    default:
      return `there is no operation in ${words}`;
  }
}

/** RFC 6901; the first of its names is that of the whole. Null if it is none. */
function pointer(text: unknown): string[] | null {
  if (typeof text !== 'string' || (text !== '' && !text.startsWith('/'))) return null;
  return text.split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function at(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Fields)[name];
  }
  return value;
}

/** How much an operation adds that is there already. */
function copiedBy(root: Fields, { op, from }: Fields): number {
  const source = op === 'copy' ? pointer(from) : null;
  return source === null ? 0 : JSON.stringify(at(root, source) ?? null).length;
}

function add(root: Fields, path: readonly string[], value: unknown): boolean {
  const parent = at(root, path.slice(0, -1));
  const name = path.at(-1) as string;
  if (Array.isArray(parent)) {
    const index = name === '-' ? parent.length : Number(name);
    if (!/^(?:-|\d{1,6})$/.test(name) || index > parent.length) return false;
    parent.splice(index, 0, value);
    return true;
  }
  if (!isFields(parent)) return false;
  define(parent, name, value);
  return true;
}

function remove(root: Fields, path: readonly string[]): boolean {
  if (at(root, path) === undefined) return false;
  const parent = at(root, path.slice(0, -1)) as Record<string, unknown> | unknown[];
  const name = path.at(-1) as string;
  if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else delete parent[name];
  return true;
}

/** Also for `__proto__`. */
function define(object: object, name: string, value: unknown): void {
  const attributes = { value, enumerable: true, configurable: true, writable: true };
  Object.defineProperty(object, name, attributes);
}

function noObject(): Patched {
  return { problem: 'the patch must be an object', code: 400 };
}
