/** An object of JSON, of which nothing is known. */
export type ApiObject = Readonly<Record<string, unknown>>;

/** A value as an object; an empty one if it is none. */
export function asObject(value: unknown): ApiObject {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as ApiObject) : {};
}

/** What is under a field; undefined if nothing is. */
export function valueAt(object: ApiObject, field: string): unknown {
  return object[field];
}

/** What is under a path of fields, as an object. */
export function objectAt(object: ApiObject, ...path: readonly string[]): ApiObject {
  return path.reduce((at, field) => asObject(at[field]), object);
}

/** The objects of a list under a field. */
export function objectsAt(object: ApiObject, field: string): ApiObject[] {
  const value = object[field];
  return Array.isArray(value) ? value.map(asObject) : [];
}

/** A text under a field; null if there is none. */
export function textAt(object: ApiObject, field: string): string | null {
  const value = object[field];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The number of a port under a field; null if there is none. */
export function portAt(object: ApiObject, field: string): number | null {
  const value = object[field];
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65535
    ? Number(value)
    : null;
}

/** The texts of an object or a list. */
export function textsOf(value: unknown): [key: string, text: string][] {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}
