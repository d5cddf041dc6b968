import { InvalidArgumentError } from '../../../errors.ts';
import {
  type FakeObject,
  type Fields,
  fieldsOf,
  isFields,
  isName,
  isNameOf,
} from '../objects/object.ts';
import type { FakeResources } from '../objects/resource-registry.ts';
import { apiVersionOf, type FakeResource } from '../objects/resources.ts';
import { DecodeProblem } from './decode.ts';
import { decodeObject } from './object-body.ts';

/**
 * The resource of a manifest, and the manifest as an object with its namespace.
 *
 * @throws InvalidArgumentError for a kind that is not served, a name that none can have, a field of another type than its kind has
 */
export function readManifest(
  manifest: unknown,
  resources: FakeResources,
): readonly [FakeResource, FakeObject] {
  const given = asJson(manifest);
  if (!isFields(given)) throw new InvalidArgumentError('an object of the API must be an object');
  const { apiVersion, kind } = given;
  const resource = resources.ofKind(apiVersion, kind);
  if (resource === null)
    throw new InvalidArgumentError(`there is no ${kind} of ${apiVersion} here`);
  const read = readAs(resource, given);
  const metadata = fieldsOf(given, 'metadata');
  const { name, namespace = 'default' } = metadata;
  if (!isNameOf(apiVersionOf(resource), name) || !isName(namespace))
    throw new InvalidArgumentError(`${kind}: names must be as Kubernetes allows`);
  const place = resource.namespaced ? { namespace } : {};
  const object: FakeObject = {
    ...read,
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: { ...metadata, name, ...place },
  };
  return [resource, object];
}

/** As clients see it: a date is a text, and what is undefined is not there. Throws InvalidArgumentError for what JSON cannot have. */
function asJson(value: unknown): unknown {
  if (!isFields(value)) return value;
  try {
    return JSON.parse(JSON.stringify(value));
  } catch (exception) {
    throw new InvalidArgumentError(`it is not as JSON has it: ${(exception as Error).message}`);
  }
}

/** What clients see of it. Throws InvalidArgumentError for a field of another type; those that are unknown stay, as what a newer Kubernetes has. */
function readAs(resource: FakeResource, given: Fields): Fields {
  const { kind, custom } = resource;
  try {
    const { value, unknown, problems } = decodeObject(resource, given);
    const [problem] = problems;
    if (problem !== undefined) throw new DecodeProblem(problem);
    // What a definition does not have no server keeps.
    return unknown.length === 0 || custom !== undefined ? value : given;
  } catch (exception) {
    if (!(exception instanceof DecodeProblem)) throw exception;
    throw new InvalidArgumentError(`${kind}: ${exception.message}`);
  }
}
