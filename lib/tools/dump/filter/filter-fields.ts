import { nearestName } from '../../../common/option-names.ts';
import type { DumpFrame } from '../events.ts';
import { statusText } from '../frame-text.ts';

/** What a field has for a frame: its values; none if the frame has no such field. */
export type FieldReader = (frame: DumpFrame) => readonly (string | number)[];

const one = (value: string | number | null | undefined): readonly (string | number)[] =>
  value === null || value === undefined ? [] : [value];
const some = (value: boolean): readonly number[] => (value ? [1] : []);
const header =
  (name: string): FieldReader =>
  ({ headers = [] }) =>
    headers.flatMap(([key, value]) => (key === name ? [value] : []));

/** The fields by name. */
const FIELDS: Readonly<Record<string, FieldReader>> = {
  number: ({ number }) => [number],
  connection: ({ connection }) => [connection],
  direction: ({ direction }) => [direction],
  time: ({ time }) => one(time),
  offset: ({ offset }) => one(offset),
  type: ({ type }) => [type],
  stream: ({ stream }) => [stream],
  length: ({ length }) => [length],
  flags: ({ flags }) => flags,
  fin: ({ flags }) => some(flags.includes('FIN')),
  unidirectional: ({ flags }) => some(flags.includes('UNIDIRECTIONAL')),
  priority: ({ fields }) => one(fields?.priority),
  associated: ({ fields }) => one(fields?.associatedToStreamId),
  reason: ({ type, fields }) =>
    fields?.status === undefined ? [] : [fields.status, statusText(type, fields.status)],
  id: ({ fields }) => one(fields?.id),
  last: ({ fields }) => one(fields?.lastGoodStreamId),
  delta: ({ fields }) => one(fields?.delta),
  window: ({ window }) => one(window),
  sessionwindow: ({ sessionWindow }) => one(sessionWindow),
  missing: ({ missing }) => one(missing),
  warning: ({ warnings }) => warnings,
  compressed: ({ headerBytes }) => one(headerBytes?.compressed),
  plain: ({ headerBytes }) => one(headerBytes?.plain),
  method: header(':method'),
  host: header(':host'),
  path: header(':path'),
  status: ({ headers = [] }) =>
    headers.flatMap(([key, value]) =>
      key === ':status' ? [Number.parseInt(value, 10), value] : [],
    ),
};

/** Names of the fields, for help; `header.NAME` besides. */
export const FIELD_NAMES: readonly string[] = Object.keys(FIELDS);

/** The field of this name; a text says which one may be meant. */
export function fieldOf(name: string): FieldReader | string {
  const lower = name.toLowerCase();
  if (lower.startsWith('header.')) return header(lower.slice('header.'.length));
  const field = Object.hasOwn(FIELDS, lower) ? FIELDS[lower] : undefined;
  if (field !== undefined) return field;
  const meant = nearestName(lower, FIELD_NAMES);
  return meant === null
    ? `there is no field '${name}'`
    : `there is no field '${name}', did you mean ${meant}?`;
}
