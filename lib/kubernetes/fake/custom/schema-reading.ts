import { type Fields, fieldsOf, isFields, textOf } from '../objects/object.ts';
import { valueProblems } from './schema-check.ts';

/** A value as a schema has it. */
export interface SchemaReading {
  /** Without the fields that the schema has not, and with its defaults. */
  readonly value: unknown;
  /** Where there are fields that the schema has not. */
  readonly unknown: readonly string[];
  /** What is wrong with it, in the words of Kubernetes. */
  readonly problems: readonly string[];
}

/** Most problems that are told. */
const MOST_PROBLEMS = 10;

/** What every object has, at the top and in what is an object of its own. */
const HEAD = ['apiVersion', 'kind', 'metadata'];

/**
 * Reads an object as the schema of its kind has it; `metadata` and what it is are not looked at. Of a part of one only unknown fields are told, and
 * nothing is added.
 */
export function readBySchema(schema: Fields, object: Fields, isPart = false): SchemaReading {
  const unknown: string[] = [];
  const head = HEAD.filter((name) => name in object).map((name) => [name, object[name]]);
  const rest = Object.entries(object).filter(([name]) => !HEAD.includes(name));
  const pruned = prune(schema, Object.fromEntries(rest), '', unknown, !isPart) as Fields;
  const value = { ...Object.fromEntries(head), ...pruned };
  if (isPart) return { value, unknown, problems: [] };
  const { required = [] } = schema;
  const needed = (required as string[]).filter((name) => !HEAD.includes(name));
  const problems: string[] = [];
  valueProblems(
    { ...schema, required: needed, properties: withoutHead(schema) },
    pruned,
    '',
    problems,
  );
  return { value, unknown, problems: problems.slice(0, MOST_PROBLEMS) };
}

function withoutHead(schema: Fields): Fields {
  const entries = Object.entries(fieldsOf(schema, 'properties'));
  return Object.fromEntries(entries.filter(([name]) => !HEAD.includes(name)));
}

/** Without what the schema has not, and with what stands where nothing is. */
function prune(
  schema: Fields,
  value: unknown,
  path: string,
  unknown: string[],
  fills: boolean,
): unknown {
  if (Array.isArray(value)) {
    const items = fieldsOf(schema, 'items');
    if (!('items' in schema)) return value;
    return value.map((item, index) => prune(items, item, `${path}[${index}]`, unknown, fills));
  }
  if (!isFields(value)) return value;
  const properties = fieldsOf(schema, 'properties');
  const { additionalProperties = false } = schema;
  const keeps = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const isOpen = keeps || additionalProperties === true || !isObjectSchema(schema);
  const entries: [string, unknown][] = [];
  for (const [name, field] of Object.entries(value)) {
    const place = path === '' ? name : `${path}.${name}`;
    const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (isFields(known)) {
      // Nothing is the default, where it may not be null.
      const { nullable = false } = known;
      if (fills && field === null && nullable === false && 'default' in known) continue;
      entries.push([name, prune(known, field, place, unknown, fills)]);
    } else if (isOpen) entries.push([name, field]);
    else unknown.push(place);
  }
  const has = new Set(entries.map(([name]) => name));
  for (const [name, below] of Object.entries(properties)) {
    if (!fills || has.has(name) || !isFields(below) || !('default' in below)) continue;
    const { default: given } = below;
    entries.push([name, prune(below, structuredClone(given), '', [], true)]);
  }
  return Object.fromEntries(entries);
}

/** Whether a schema says which fields there are; where something else has to stand, that is told as such. */
function isObjectSchema(schema: Fields): boolean {
  return textOf(schema, 'type') === 'object' || 'properties' in schema;
}
