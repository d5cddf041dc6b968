import { type FakeObject, fieldsOf } from '../objects/object.ts';
import { age } from './age.ts';

/** One column of a table: what it is called, and what stands in it. */
export interface Column {
  readonly name: string;
  readonly type: string;
  /** Nothing for those of the server. */
  readonly description?: string | undefined;
  /** Whether only `-o wide` shows it. */
  readonly wide: boolean;
  readonly cell: (object: FakeObject) => unknown;
}

/** A column. */
export const column = (
  name: string,
  cell: Column['cell'],
  wide = false,
  type: Column['type'] = 'string',
): Column => ({ name, cell, wide, type });

/** A number of some field. */
export const counted = (name: string, part: string, field: string, otherwise = 0): Column =>
  column(name, (object) => fieldsOf(object, part)[field] ?? otherwise, false, 'integer');

/** The name of an object. */
export const NAME: Column = column('Name', ({ metadata }) => metadata.name);
/** How long ago an object was made. */
export const AGE: Column = column('Age', ({ metadata }) => age(metadata.creationTimestamp));

/** Of kinds that have no others. */
export const OTHERS: readonly Column[] = [NAME, AGE];

/** When an object was made. */
export const CREATED: Column = column('Created At', ({ metadata }) => metadata.creationTimestamp);
/** What stands where there is nothing. */
export const NONE = '<none>';
/** What stands where nothing was said. */
export const UNSET = '<unset>';
