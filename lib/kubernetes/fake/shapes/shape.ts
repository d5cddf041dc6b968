/** What stands in a field: as JSON has it, and with the number that protobuf knows it by. */
export type Shape = Scalar | { readonly list: Shape } | Fieldset;

/**
 * Values without fields. `word`, `flag` and `count` are nothing when they are empty, false or 0; `texts`, `bytes` and `quantities` are maps, the texts of
 * `bytes` base64 in JSON; `json` and `any` are not looked at, and only the first is read from protobuf.
 */
export type Scalar =
  | 'text'
  | 'word'
  | 'integer'
  | 'count'
  | 'boolean'
  | 'flag'
  | 'time'
  | 'microtime'
  | 'quantity'
  | 'texts'
  | 'bytes'
  | 'quantities'
  | 'integerOrText'
  | 'json'
  | 'any';

/** An object with these fields and no other. */
export interface Fieldset {
  /** As OpenAPI has it, such as `io.k8s.api.core.v1.Pod`. */
  readonly name: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** Objects of protobuf whose fields are among these. */
  readonly inlined: Readonly<Record<number, Fieldset>>;
}

/** A field; one without a number is not read from protobuf. */
export type Field = readonly [shape: Shape, number?: number | undefined];
