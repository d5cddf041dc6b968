import { type Fields, fieldsOf } from '../objects/object.ts';
import type { FakeResource } from '../objects/resources.ts';
import type { Fieldset, Scalar, Shape } from '../shapes/shape.ts';
import { shapeOf } from '../shapes/shapes.ts';

const TEXT = { type: 'string' };
const INTEGER = { type: 'integer' };
const BOOLEAN = { type: 'boolean' };
const ANYTHING = { type: 'object' };
const mapOf = (additionalProperties: object): object => ({ type: 'object', additionalProperties });

/** Values without fields, as OpenAPI has them. */
const SCALARS: Readonly<Record<Scalar, object>> = {
  text: TEXT,
  word: TEXT,
  integer: INTEGER,
  count: INTEGER,
  boolean: BOOLEAN,
  flag: BOOLEAN,
  time: { type: 'string', format: 'date-time' },
  microtime: { type: 'string', format: 'date-time' },
  quantity: TEXT,
  texts: mapOf(TEXT),
  bytes: mapOf({ type: 'string', format: 'byte' }),
  quantities: mapOf(TEXT),
  integerOrText: { type: 'string', format: 'int-or-string' },
  json: ANYTHING,
  any: ANYTHING,
};

/** The schemas (OpenAPI 3) of some kinds, and of what stands in them, by their names. */
export function schemasOf(resources: readonly FakeResource[]): Readonly<Record<string, object>> {
  const schemas: Record<string, object> = {};
  const put = (shape: Fieldset, more: object = {}): void => {
    if (Object.hasOwn(schemas, shape.name)) return;
    const properties: Record<string, object> = {};
    schemas[shape.name] = { type: 'object', properties, ...more };
    for (const [name, [of]] of Object.entries(shape.fields)) properties[name] = schemaOf(of);
  };
  const schemaOf = (shape: Shape): object => {
    if (typeof shape === 'string') return SCALARS[shape];
    if ('list' in shape) return { type: 'array', items: schemaOf(shape.list) };
    put(shape);
    return { $ref: `#/components/schemas/${shape.name}` };
  };
  for (const resource of resources) {
    const { group, version, kind } = resource;
    const known = { 'x-kubernetes-group-version-kind': [{ group, version, kind }] };
    const shape = shapeOf(resource);
    put(shape, known);
    if (resource.custom !== undefined)
      schemas[shape.name] = customSchema(resource.custom.schema, schemas[shape.name], known);
  }
  return schemas;
}

/** The schema of a definition, with what every object has. */
function customSchema(schema: Fields, head: object | undefined, known: object): object {
  const properties = { ...fieldsOf(schema, 'properties'), ...fieldsOf({ ...head }, 'properties') };
  return { ...schema, ...known, properties };
}
