import { readJsonPath, valuesAt } from '../custom/json-path.ts';
import type { CustomColumn, CustomKind } from '../objects/custom-kind.ts';
import type { FakeObject } from '../objects/object.ts';
import { age } from './age.ts';
import { type Column, NAME } from './column.ts';

/** The columns that a definition names, behind that of the name. */
export function customColumns({ columns }: CustomKind): readonly Column[] {
  return [NAME, ...columns.map(customColumn)];
}

function customColumn({ name, type, description, priority, jsonPath }: CustomColumn): Column {
  const steps = readJsonPath(jsonPath) ?? [];
  const cell = (object: FakeObject): unknown => {
    const [value] = valuesAt(object, steps);
    if (value === undefined || value === null) return null;
    return shown(type, value);
  };
  return { name, type, description, wide: priority > 0, cell };
}

/** A value of another type than its column is not shown. */
function shown(type: string, value: unknown): unknown {
  switch (type) {
    case 'date':
      return age(String(value));
    case 'integer':
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    default:
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
}
