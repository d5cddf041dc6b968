/** What stands in a field: as JSON has it, and with the number that protobuf knows it by. */
export type Shape = Scalar | { readonly list: Shape } | Fieldset;

/** Values without fields: `texts` is a map of them, `bytes` one whose texts are base64 in JSON, `any` is not looked at. */
export type Scalar =
  | 'text'
  | 'integer'
  | 'boolean'
  | 'time'
  | 'texts'
  | 'bytes'
  | 'integerOrText'
  | 'any';

/** An object with these fields and no other. */
export interface Fieldset {
  readonly fields: Readonly<Record<string, Field>>;
}

/** A field; one without a number is not read from protobuf. */
export type Field = readonly [shape: Shape, number?: number];

/** An object with these fields. */
export const object = (fields: Fieldset['fields']): Fieldset => ({ fields });
/** Many of them. */
export const list = (of: Shape): Shape => ({ list: of });

const OWNER = object({
  kind: ['text', 1],
  name: ['text', 3],
  uid: ['text', 4],
  apiVersion: ['text', 5],
  controller: ['boolean', 6],
  blockOwnerDeletion: ['boolean', 7],
});

/** What stands in `metadata`. */
export const METADATA: Fieldset = object({
  name: ['text', 1],
  generateName: ['text', 2],
  namespace: ['text', 3],
  selfLink: ['text', 4],
  uid: ['text', 5],
  resourceVersion: ['text', 6],
  generation: ['integer', 7],
  creationTimestamp: ['time', 8],
  deletionTimestamp: ['time', 9],
  deletionGracePeriodSeconds: ['integer', 10],
  labels: ['texts', 11],
  annotations: ['texts', 12],
  ownerReferences: [list(OWNER), 13],
  finalizers: [list('text'), 14],
  managedFields: [list('any')],
});
