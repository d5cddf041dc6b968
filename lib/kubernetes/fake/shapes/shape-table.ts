import type { Field, Fieldset, Scalar, Shape } from './shape.ts';

/**
 * Objects of a package of Kubernetes and their fields, as text: `Name: field 1, other 2 flag, items 3 Item*`. Behind the name of a field stands the number
 * that protobuf has for it (`-` for none), then what it is, text if nothing; `*` makes a list of it. The fields of what `...` precedes stand in
 * the object itself in JSON.
 */
export interface ShapeTable {
  /** As OpenAPI has it, before the names. */
  readonly package: string;
  readonly text: string;
}

/** A field as its table has it. */
interface Entry {
  readonly name: string;
  readonly number?: number;
  readonly type: string;
  readonly isList: boolean;
}

interface Row {
  readonly table: ShapeTable;
  readonly entries: readonly Entry[];
}

/** Every object of the tables by its full name, as `io.k8s.api.core.v1.Pod`. */
export function readTables(tables: readonly ShapeTable[]): ReadonlyMap<string, Fieldset> {
  const rows = new Map(tables.flatMap(rowsOf));
  const shapes = new Map<string, Fieldset>();
  const packages = [...new Set(tables.map((table) => table.package))];
  const find = (name: string): Fieldset => {
    const known = shapes.get(name);
    if (known !== undefined) return known;
    const { table, entries } = rows.get(name) as Row;
    const fields: Record<string, Field> = {};
    const inlined: Record<number, Fieldset> = {};
    const shape: Fieldset = { name, fields, inlined };
    shapes.set(name, shape);
    // Its own package is asked first: some names are those of several objects.
    const typed = (type: string): Shape => {
      if (/^[a-z]/.test(type)) return type as Scalar;
      const own = `${table.package}.${type}`;
      const found = packages.find((one) => rows.has(`${one}.${type}`));
      return find(rows.has(own) ? own : `${found}.${type}`);
    };
    for (const { name, number, type, isList } of entries) {
      const one = typed(type);
      if (name !== '...') fields[name] = [isList ? { list: one } : one, number];
      else {
        inlined[number as number] = one as Fieldset;
        for (const [below, [of]] of Object.entries((one as Fieldset).fields)) fields[below] = [of];
      }
    }
    return shape;
  };
  for (const name of rows.keys()) find(name);
  return shapes;
}

function rowsOf(table: ShapeTable): [string, Row][] {
  const lines = table.text.replaceAll(/\n {2}/g, ' ').split('\n');
  return lines.filter(Boolean).map((line) => {
    const [name, fields = ''] = line.split(': ');
    return [`${table.package}.${name}`, { table, entries: fields.split(', ').map(entryOf) }];
  });
}

function entryOf(text: string): Entry {
  const [name = '', number = '-', type = 'text'] = text.split(' ');
  const isList = type.endsWith('*');
  return {
    ...{ name, type: isList ? type.slice(0, -1) : type, isList },
    ...(number === '-' ? {} : { number: Number(number) }),
  };
}
