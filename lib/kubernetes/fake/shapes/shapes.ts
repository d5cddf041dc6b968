import { EVICTION, type FakeResource, TOKEN_REQUEST } from '../objects/resources.ts';
import type { ApiPlace } from '../requests/api-path.ts';
import { CORE_SHAPES, META_SHAPES } from './core-shapes.ts';
import * as groups from './group-shapes.ts';
import { POD_SHAPES } from './pod-shapes.ts';
import type { Field, Fieldset } from './shape.ts';
import { readTables } from './shape-table.ts';
import { VOLUME_SHAPES } from './volume-shapes.ts';

const TABLES = [META_SHAPES, CORE_SHAPES, POD_SHAPES, VOLUME_SHAPES, ...Object.values(groups)];
const META = META_SHAPES.package;

/** A kind that has fields. */
type ShapedKind = Pick<FakeResource, 'group' | 'version' | 'kind' | 'custom'>;

/** Made of the tables when the first one is asked for. */
let all: ReadonlyMap<string, Fieldset> | null = null;
const kinds = new Map<string, Fieldset>();

/** The whole of a kind that is served. */
export function shapeOf(kind: ShapedKind): Fieldset {
  const name = shapeName(kind);
  if (kind.custom !== undefined) return customShape(name);
  const known = kinds.get(name);
  if (known !== undefined) return known;
  const shape = shapeNamed(name);
  const fields: Record<string, Field> = { apiVersion: ['text'], kind: ['text'], ...shape.fields };
  const whole = { ...shape, fields };
  kinds.set(name, whole);
  return whole;
}

/** Of a custom kind: what every object has. */
function customShape(name: string): Fieldset {
  const metadata: Field = [shapeNamed(`${META}.ObjectMeta`)];
  return { name, fields: { apiVersion: ['text'], kind: ['text'], metadata }, inlined: {} };
}

/** The name of a kind in the tables, and in OpenAPI. */
function shapeName({ group, version, kind, custom }: ShapedKind): string {
  if (custom !== undefined) return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
  const [first] = group.split('.');
  return `io.k8s.api.${first || 'core'}.${version}.${kind}`;
}

/** What the body of a request is that changes something; null where it is nothing that protobuf can have. */
export function shapeOfBody(
  method: string,
  { resource, subresource }: Pick<ApiPlace, 'resource' | 'subresource'>,
): Fieldset | null {
  if (method === 'DELETE') return shapeNamed(`${META}.DeleteOptions`);
  if (subresource === 'scale') return scaleShape();
  if (subresource === 'eviction') return shapeOf(EVICTION);
  if (subresource === 'token') return shapeOf(TOKEN_REQUEST);
  return resource.custom === undefined ? shapeOf(resource) : null;
}

/** What is read from `scale`, and written there. */
export function scaleShape(): Fieldset {
  return shapeOf({ group: 'autoscaling', version: 'v1', kind: 'Scale' });
}

function shapeNamed(name: string): Fieldset {
  all ??= readTables(TABLES);
  return all.get(name) as Fieldset;
}
