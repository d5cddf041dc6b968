import { isDeepStrictEqual } from 'node:util';
import { type Fields, fieldsOf, isFields, textOf } from '../objects/object.ts';
import { hasFormat } from './formats.ts';
import { matches, readPattern } from './pattern.ts';

/** Adds what is wrong with a value, in the words of Kubernetes. */
export function valueProblems(schema: Fields, value: unknown, path: string, into: string[]): void {
  const { enum: allowed, nullable } = schema;
  if (value === null && nullable === true) return;
  const type = typeProblem(schema, value);
  if (type !== null) {
    const shown = value === null ? 'null' : typeOf(value);
    into.push(
      invalid(path, JSON.stringify(shown), `must be of type ${type}: ${JSON.stringify(shown)}`),
    );
    return;
  }
  if (Array.isArray(allowed) && !allowed.some((one) => isDeepStrictEqual(one, value)))
    into.push(
      `${path || '<nil>'}: Unsupported value: ${JSON.stringify(value)}: supported values: ${allowed.map((one) => JSON.stringify(one)).join(', ')}`,
    );
  if (typeof value === 'string') textProblems(schema, value, path, into);
  if (typeof value === 'number') numberProblems(schema, value, path, into);
  if (Array.isArray(value)) listProblems(schema, value, path, into);
  else if (isFields(value)) objectProblems(schema, value, path, into);
  combinedProblems(schema, value, path, into);
}

/** The type that a value should have and has not; null if it has. */
function typeProblem(schema: Fields, value: unknown): string | null {
  if (schema['x-kubernetes-int-or-string'] === true)
    return typeof value === 'string' || Number.isInteger(value) ? null : 'integer,string';
  const type = textOf(schema, 'type');
  if (type === '') return null;
  const is = typeOf(value);
  return is === type || (type === 'number' && is === 'integer') ? null : type;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function textProblems(schema: Fields, value: string, path: string, into: string[]): void {
  const { minLength, maxLength, pattern, format = '' } = schema;
  const { length } = [...value];
  const shown = JSON.stringify(value);
  if (minLength !== undefined && length < Number(minLength))
    into.push(invalid(path, shown, `should be at least ${minLength} chars long`));
  if (maxLength !== undefined && length > Number(maxLength))
    into.push(`${path}: Too long: may not be more than ${maxLength} bytes`);
  const read = typeof pattern === 'string' ? readPattern(pattern) : null;
  const isMet = read instanceof RegExp ? matches(read, value) : true;
  if (isMet === null)
    into.push(
      invalid(path, shown, `this server cannot tell in time whether it matches '${pattern}'`),
    );
  else if (!isMet) into.push(invalid(path, shown, `should match '${pattern}'`));
  if (!hasFormat(String(format), value))
    into.push(invalid(path, shown, `must be of type ${format}: ${shown}`));
}

function numberProblems(schema: Fields, value: number, path: string, into: string[]): void {
  const { minimum, maximum, multipleOf, format = '' } = schema;
  const { exclusiveMinimum: over = false, exclusiveMaximum: under = false } = schema;
  if (minimum !== undefined && (over ? value <= Number(minimum) : value < Number(minimum)))
    into.push(
      invalid(path, value, `should be greater than ${over ? '' : 'or equal to '}${minimum}`),
    );
  if (maximum !== undefined && (under ? value >= Number(maximum) : value > Number(maximum)))
    into.push(invalid(path, value, `should be less than ${under ? '' : 'or equal to '}${maximum}`));
  if (multipleOf !== undefined && !Number.isInteger(value / Number(multipleOf)))
    into.push(invalid(path, value, `should be a multiple of ${multipleOf}`));
  if (!hasFormat(String(format), value))
    into.push(invalid(path, value, `must be of type ${format}: ${value}`));
}

function listProblems(
  schema: Fields,
  value: readonly unknown[],
  path: string,
  into: string[],
): void {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  if (value.length < Number(minItems))
    into.push(invalid(path, value.length, `should have at least ${minItems} items`));
  if (value.length > Number(maxItems))
    into.push(`${path}: Too many: ${value.length}: must have at most ${maxItems} items`);
  const items = fieldsOf(schema, 'items');
  for (const [index, item] of value.entries())
    valueProblems(items, item, `${path}[${index}]`, into);
  const kind = schema['x-kubernetes-list-type'];
  if (kind !== 'set' && kind !== 'map') return;
  const keys = (schema['x-kubernetes-list-map-keys'] ?? []) as readonly string[];
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    const own =
      kind === 'set' || !isFields(item)
        ? item
        : Object.fromEntries(keys.map((key) => [key, item[key]]));
    const text = JSON.stringify(own);
    if (seen.has(text)) into.push(`${path}[${index}]: Duplicate value: ${text}`);
    seen.add(text);
  }
}

function objectProblems(schema: Fields, value: Fields, path: string, into: string[]): void {
  const { required = [], minProperties, maxProperties, additionalProperties } = schema;
  const place = (name: string): string => (path === '' ? name : `${path}.${name}`);
  for (const name of required as readonly string[])
    if (!Object.hasOwn(value, name)) into.push(`${place(name)}: Required value`);
  const { length } = Object.keys(value);
  if (minProperties !== undefined && length < Number(minProperties))
    into.push(invalid(path, length, `should have at least ${minProperties} properties`));
  if (maxProperties !== undefined && length > Number(maxProperties))
    into.push(`${path}: Too many: ${length}: must have at most ${maxProperties} items`);
  const properties = fieldsOf(schema, 'properties');
  for (const [name, field] of Object.entries(value)) {
    const below = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (isFields(below)) valueProblems(below, field, place(name), into);
  }
}

function combinedProblems(schema: Fields, value: unknown, path: string, into: string[]): void {
  const passes = (one: unknown): boolean => {
    const problems: string[] = [];
    valueProblems(one as Fields, value, path, problems);
    return problems.length === 0;
  };
  const { allOf, anyOf, oneOf, not } = schema;
  const tell = (words: string): void => {
    into.push(`${path || '<nil>'}: Invalid value: "": ${path ? `"${path}" ` : ''}${words}`);
  };
  if (Array.isArray(allOf))
    for (const one of allOf) valueProblems(one as Fields, value, path, into);
  if (Array.isArray(anyOf) && !anyOf.some(passes))
    tell('must validate at least one schema (anyOf)');
  if (Array.isArray(oneOf) && oneOf.filter(passes).length !== 1)
    tell('must validate one and only one schema (oneOf)');
  if (not !== undefined && passes(not)) tell('must not validate the schema (not)');
}

function invalid(path: string, value: unknown, problem: string): string {
  const place = path || '<nil>';
  return `${place}: Invalid value: ${value}: ${path ? `${path} in body ` : ''}${problem}`;
}
