import {
  type FakeObject,
  type Fields,
  fieldsOf,
  isFields,
  isNameOf,
  listOf,
  textOf,
  textsOf,
} from '../objects/object.ts';
import { apiVersionOf } from '../objects/resources.ts';
import { keyProblem, valueProblem } from '../objects/selectors.ts';
import { isText } from '../objects/texts.ts';
import type { ApiPlace } from '../requests/api-path.ts';
import { failure, invalidObject, isRefusal, type Refusal } from '../requests/refusals.ts';
import { DecodeProblem } from '../shapes/decode.ts';
import { decodeObject } from '../shapes/object-body.ts';
import { rulesOf } from './custom-rules.ts';
import { doubleItem } from './field-paths.ts';
import type { FakeWrite } from './write.ts';

/** As much as an API server takes in the annotations of an object, in bytes: `kubectl apply` writes all that it applies there. */
const MAX_ANNOTATIONS = 256 * 1024;

/** The object of a body. */
export interface WrittenObject {
  /** For its place; its name may be missing. */
  readonly object: FakeObject;
  /** What clients are told of it beside the answer. */
  readonly warnings: readonly string[];
}

/**
 * Reads the object of a body, for its place, or says why it is none. Fields that its kind has not are left out, and told as `fieldValidation` says;
 * what `before` has is known. Of a part of an object it is not asked whether it is whole.
 */
export function readWritten(
  { resource, namespace }: ApiPlace,
  query: URLSearchParams,
  body: unknown,
  before: FakeObject | null,
  isPart = false,
): WrittenObject | Refusal {
  const validation = query.get('fieldValidation') || 'Warn';
  if (!isFields(body)) return failure(400, 'the body must be an object of JSON');
  const { apiVersion = apiVersionOf(resource), kind = resource.kind } = body;
  const [given, version] = [kind, apiVersion].map((one) => (isText(one) ? one : '?'));
  const where = `${given} in version "${version}" cannot be handled as a ${resource.kind}`;
  if (apiVersion !== apiVersionOf(resource) || kind !== resource.kind)
    return failure(400, `${where} in ${apiVersionOf(resource)}`);
  const decoded = orProblem(() => decodeObject(resource, body, isPart));
  if (typeof decoded === 'string') return failure(400, `${where}: ${decoded}`);
  const isKnown = decoded.unknown.length === 0 || before === null;
  const known = isKnown ? [] : decodeObject(resource, before, true).unknown;
  const unknown = decoded.unknown.filter((path) => !known.includes(path));
  const problems = unknown.map((path) => `unknown field "${path}"`);
  if (validation === 'Strict' && problems.length > 0)
    return failure(400, `${where}: strict decoding error: ${problems.join(', ')}`);
  const { value } = decoded;
  const metadata = fieldsOf(value, 'metadata') as Fields & FakeObject['metadata'];
  const { namespace: own = namespace } = metadata;
  if (own !== namespace && own !== '')
    return failure(
      400,
      `the namespace of the provided object does not match the namespace sent on the request`,
    );
  if (decoded.problems.length > 0)
    return invalidObject({ apiVersion, kind }, textOf(metadata, 'name'), decoded.problems);
  const place = namespace === null ? {} : { namespace };
  const object = { ...value, apiVersion, kind, metadata: { ...metadata, ...place } } as FakeObject;
  return { object, warnings: validation === 'Warn' ? problems : [] };
}

/** Reads what somebody applies, which is no whole object; or says why it cannot be applied. */
export function readConfiguration({ place, query, body }: FakeWrite): FakeObject | Refusal {
  const { apiVersion, kind } = isFields(body) ? body : {};
  if (!isText(apiVersion) || !isText(kind))
    return failure(400, 'the configuration that is applied must have apiVersion and kind');
  // What the schema does not have cannot be owned.
  const strict = new URLSearchParams(query);
  strict.set('fieldValidation', 'Strict');
  const written = readWritten(place, strict, body, null, true);
  if (isRefusal(written)) return written;
  const { object } = written;
  const { managedFields, name = place.name } = object.metadata;
  if (managedFields !== undefined) return failure(400, 'metadata.managedFields must be nil');
  if (name !== place.name)
    return failure(
      400,
      `the name of the object (${name}) does not match the name on the URL (${place.name})`,
    );
  const double = doubleItem(object, rulesOf(place.resource));
  if (double !== null) {
    const { namespace = '' } = object.metadata;
    const what = `${namespace}/${name}; ${apiVersion}, Kind=${kind}`;
    return failure(500, `failed to create typed patch object (${what}): ${double}`);
  }
  return { ...object, metadata: { ...object.metadata, name: name as string } };
}

/** Why the metadata of an object cannot be; null if it can. */
export function metadataProblem({ apiVersion, metadata }: FakeObject): string | null {
  if (!isNameOf(apiVersion, metadata.name))
    return (
      `metadata.name: Invalid value: ${JSON.stringify(metadata.name)}: a lowercase RFC 1123 subdomain must consist of lower case ` +
      "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
    );
  for (const [key, value] of Object.entries(textsOf(metadata, 'labels'))) {
    const problem = keyProblem(key) ?? valueProblem(value);
    if (problem !== null) return `metadata.labels: Invalid value: ${problem}`;
  }
  const problem = ownersProblem(listOf(metadata, 'ownerReferences'));
  if (problem !== null) return `metadata.ownerReferences${problem}`;
  let length = 0;
  for (const [key, value] of Object.entries(textsOf(metadata, 'annotations'))) {
    const problem = keyProblem(key.toLowerCase());
    if (problem !== null) return `metadata.annotations: Invalid value: ${problem}`;
    length += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  return length > MAX_ANNOTATIONS
    ? `metadata.annotations: Too long: may not be more than ${MAX_ANNOTATIONS} bytes`
    : null;
}

function ownersProblem(references: readonly Fields[]): string | null {
  for (const reference of references) {
    const apiVersion = textOf(reference, 'apiVersion');
    if (!/^(?:[^/]+\/)?[^/]+$/.test(apiVersion))
      return `.apiVersion: Invalid value: ${JSON.stringify(apiVersion)}: version must not be empty`;
    for (const name of ['kind', 'name', 'uid'])
      if (textOf(reference, name) === '') return `.${name}: Invalid value: "": must not be empty`;
    if (apiVersion === 'v1' && textOf(reference, 'kind') === 'Event')
      return `: Invalid value: ${JSON.stringify(reference)}: /v1, Kind=Event is disallowed from being an owner`;
  }
  const [one, other] = references
    .filter(({ controller }) => controller === true)
    .map((reference) => `${textOf(reference, 'kind')}/${textOf(reference, 'name')}`);
  return other === undefined
    ? null
    : `: Invalid value: ${JSON.stringify(references)}: Only one reference can have Controller set to true. ` +
        `Found "true" in references for ${one} and ${other}`;
}

/** What comes of it, or the words of a DecodeProblem. */
function orProblem<T>(act: () => T): T | string {
  try {
    return act();
  } catch (exception) {
    if (exception instanceof DecodeProblem) return exception.message;
    throw exception;
  }
}
