import { type Fields, fieldsOf, isFields } from '../objects/object.ts';
import type { FakeResource } from '../objects/resources.ts';
import { type ListRules, OWN_RULES } from './field-paths.ts';

/** How values are parts of the objects of a resource. */
export function rulesOf({ custom }: FakeResource): ListRules {
  return custom === undefined ? OWN_RULES : schemaRules(custom.schema);
}

/** As a schema says: lists are one value unless it says something else. */
function schemaRules(schema: Fields): ListRules {
  const fieldOf = (name: string): Fields => {
    const properties = fieldsOf(schema, 'properties');
    return Object.hasOwn(properties, name)
      ? fieldsOf(properties, name)
      : fieldsOf(schema, 'additionalProperties');
  };
  return {
    keysOf: (name, items) => {
      const keys = fieldOf(name)['x-kubernetes-list-map-keys'];
      const isMap = fieldOf(name)['x-kubernetes-list-type'] === 'map';
      return isMap && items.every(isFields) ? (keys as readonly string[]) : null;
    },
    isSet: (name) => fieldOf(name)['x-kubernetes-list-type'] === 'set',
    isAtom: (name) => fieldOf(name)['x-kubernetes-map-type'] === 'atomic',
    below: (name) => {
      const field = fieldOf(name);
      return schemaRules('items' in field ? fieldsOf(field, 'items') : field);
    },
  };
}
