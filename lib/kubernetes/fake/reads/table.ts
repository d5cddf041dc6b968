import type { FakeObject } from '../objects/object.ts';
import type { FakeResource } from '../objects/resources.ts';
import { type Column, OTHERS } from './column.ts';
import { COLUMNS } from './columns.ts';
import { customColumns } from './custom-columns.ts';

/** Objects as a table (`meta.k8s.io/v1`); `objectOf` is what stands in each row of the object itself. */
export function tableOf(
  resource: FakeResource,
  objects: readonly FakeObject[],
  metadata: unknown,
  objectOf: (object: FakeObject) => object | null,
): object {
  const columns = columnsOf(resource);
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(({ name, type, wide, description = '' }) => ({
      ...{ name, type, description, priority: wide ? 1 : 0 },
      format: name === 'Name' ? 'name' : '',
    })),
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object)),
      object: objectOf(object),
    })),
  };
}

function columnsOf({ kind, custom }: FakeResource): readonly Column[] {
  if (custom !== undefined) return customColumns(custom);
  return Object.hasOwn(COLUMNS, kind) ? (COLUMNS[kind] as readonly Column[]) : OTHERS;
}
