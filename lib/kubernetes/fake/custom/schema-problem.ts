import { type Fields, fieldsOf, isFields, textOf } from '../objects/object.ts';
import { isTextList } from '../objects/texts.ts';
import { isFormatKnown } from './formats.ts';
import { readPattern } from './pattern.ts';

const TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean'];

/** Keywords of schemas, and how what stands there has to be. */
const KEYWORDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  type: (value) => TYPES.includes(value as string),
  format: (value) => typeof value === 'string',
  pattern: (value) => typeof value === 'string' && readPattern(value) !== 'wrong',
  enum: Array.isArray,
  required: isTextList,
  ...each(['properties', 'additionalProperties', 'items', 'not'], () => true),
  ...each(['allOf', 'anyOf', 'oneOf'], Array.isArray),
  ...each(['title', 'description'], (value) => typeof value === 'string'),
  ...each(['default', 'example', 'externalDocs'], () => true),
  ...each(['minimum', 'maximum', 'multipleOf'], Number.isFinite),
  ...each(
    ['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'],
    Number.isInteger,
  ),
  ...each(
    [
      ...['nullable', 'exclusiveMinimum', 'exclusiveMaximum', 'x-kubernetes-int-or-string'],
      ...['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'],
    ],
    (value) => typeof value === 'boolean',
  ),
  'x-kubernetes-list-type': (value) => ['atomic', 'set', 'map'].includes(value as string),
  'x-kubernetes-map-type': (value) => ['atomic', 'granular'].includes(value as string),
  'x-kubernetes-list-map-keys': isTextList,
};

/** Keywords that Kubernetes acts upon, and this server does not. */
const UNCHECKED = ['x-kubernetes-validations', 'x-kubernetes-embedded-resource'];

/** Deepest that schemas may be. */
const MAX_DEPTH = 60;

/** What is wrong with a schema. */
export interface SchemaProblem {
  readonly text: string;
  /** Whether Kubernetes would take it, but objects would not be checked here as they are there. */
  readonly isUnknown: boolean;
}

/** Why a schema cannot be that of objects; null if it can. Values below `allOf` and its like need no types. */
export function schemaProblem(
  schema: unknown,
  path: string,
  needsType = true,
  depth = 0,
): SchemaProblem | null {
  if (!isFields(schema)) return wrong(`${path}: Invalid value: it must be an object`);
  if (depth > MAX_DEPTH) return wrong(`${path}: Invalid value: it is too deep`);
  let later: SchemaProblem | null = null;
  for (const [name, value] of Object.entries(schema)) {
    const check = Object.hasOwn(KEYWORDS, name) ? KEYWORDS[name] : undefined;
    const isUnchecked = UNCHECKED.includes(name) && value !== false;
    if (isUnchecked || check === undefined)
      later ??= unknown(`${path}.${name}: Forbidden: this server does not know what it says`);
    else if (!check(value))
      return wrong(`${path}.${name}: Invalid value: ${JSON.stringify(value)}`);
  }
  const format = textOf(schema, 'format');
  if (!isFormatKnown(format))
    later ??= unknown(`${path}.format: Forbidden: this server does not check "${format}"`);
  if (readPattern(textOf(schema, 'pattern')) === 'unknown')
    later ??= unknown(`${path}.pattern: Forbidden: this server does not know what it says`);
  const isFree =
    schema['x-kubernetes-int-or-string'] === true ||
    schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (needsType && !('type' in schema) && !isFree)
    return wrong(
      `${path}.type: Required value: must not be empty for specified ${depth === 0 ? 'object' : 'array items or object fields'}`,
    );
  if (textOf(schema, 'type') === 'array' && needsType && !('items' in schema))
    return wrong(`${path}.items: Required value: must be specified`);
  if (schema['x-kubernetes-list-type'] === 'map' && !('x-kubernetes-list-map-keys' in schema))
    return wrong(
      `${path}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`,
    );
  for (const [below, where, typed] of inner(schema, path, needsType)) {
    const problem = schemaProblem(below, where, typed, depth + 1);
    if (problem !== null && !problem.isUnknown) return problem;
    later ??= problem;
  }
  return later;
}

/** The schemas in a schema. */
function inner(schema: Fields, path: string, typed: boolean): [unknown, string, boolean][] {
  const found: [unknown, string, boolean][] = [];
  for (const [name, below] of Object.entries(fieldsOf(schema, 'properties')))
    found.push([below, `${path}.properties[${name}]`, typed]);
  const { additionalProperties, items, not } = schema;
  if (isFields(additionalProperties))
    found.push([additionalProperties, `${path}.additionalProperties`, typed]);
  if (items !== undefined) found.push([items, `${path}.items`, typed]);
  if (not !== undefined) found.push([not, `${path}.not`, false]);
  for (const name of ['allOf', 'anyOf', 'oneOf'])
    for (const [index, below] of ((schema[name] ?? []) as unknown[]).entries())
      found.push([below, `${path}.${name}[${index}]`, false]);
  return found;
}

function each(
  names: readonly string[],
  check: (value: unknown) => boolean,
): Record<string, (value: unknown) => boolean> {
  return Object.fromEntries(names.map((name) => [name, check]));
}

function wrong(text: string): SchemaProblem {
  return { text, isUnknown: false };
}

function unknown(text: string): SchemaProblem {
  return { text, isUnknown: true };
}
