import { isDeepStrictEqual } from 'node:util';
import type { ApiPlace } from './api-path.ts';
import { withDefaults } from './defaults.ts';
import { listOf, readSelection } from './lists.ts';
import { type FakeObject, type Fields, fieldsOf, isFields, isHeld, timestamp } from './object.ts';
import { applyPatch } from './patch.ts';
import { createdPod, podProblem, podUpdateProblem } from './pod-manifest.ts';
import { stateOf } from './pod-object.ts';
import type { FakePods } from './pods.ts';
import { failure, failureBecause, isRefusal, objectNotFound, type Refusal } from './refusals.ts';
import { type FakeResource, PODS, qualified, RESOURCES } from './resources.ts';
import { scaleOf, withScale } from './scale.ts';
import type { FakeStore } from './store.ts';
import { metadataProblem, readWritten } from './write-body.ts';

/** A request that changes something. */
export interface FakeWrite {
  readonly method: string;
  readonly place: ApiPlace;
  readonly query: URLSearchParams;
  /** Of the body, without parameters. */
  readonly mediaType: string;
  readonly body: unknown;
}

/** What comes of it. */
export type WriteAnswer =
  | { readonly code: number; readonly body: object; readonly warnings?: readonly string[] }
  | Refusal;

/** Creates, changes and deletes objects for clients. */
export class FakeWrites {
  readonly #store: FakeStore;
  readonly #pods: FakePods;

  constructor(store: FakeStore, pods: FakePods) {
    this.#store = store;
    this.#pods = pods;
  }

  /** Does what is asked for, or says why not. */
  write(write: FakeWrite): WriteAnswer {
    const { method, place, query } = write;
    const dryRun = query.getAll('dryRun');
    if (dryRun.some((value) => value !== 'All'))
      return failure(400, `dryRun: Unsupported value: "${dryRun.join()}"`);
    if (place.name === null) {
      if (place.resource.namespaced && place.namespace === null) return notAllowed(write);
      if (method === 'POST') return this.#create(write);
      if (method === 'DELETE') return this.#deleteAll(write);
      return notAllowed(write);
    }
    const { resource, namespace, name } = place;
    const found = this.#store.get(resource, namespace ?? '', name);
    if (!['PUT', 'PATCH', 'DELETE'].includes(method)) return notAllowed(write);
    if (found === null) return objectNotFound(resource, name);
    if (method === 'DELETE') {
      if (place.subresource !== null) return notAllowed(write);
      return this.#delete(write, found);
    }
    return place.subresource === 'scale' ? this.#scale(write, found) : this.#update(write, found);
  }

  /** Changes the replicas of a workload. */
  #scale({ method, place, query, mediaType, body }: FakeWrite, found: FakeObject): WriteAnswer {
    const patched =
      method === 'PATCH' ? applyPatch(mediaType, scaleOf(found), body) : { value: body };
    if ('problem' in patched) return failure(patched.code, patched.problem);
    const { resourceVersion } = fieldsOf(fieldsOf({ value: patched.value }, 'value'), 'metadata');
    if (resourceVersion !== undefined && resourceVersion !== found.metadata.resourceVersion)
      return conflict(place, found);
    const next = withScale(found, patched.value);
    if (isRefusal(next)) return next;
    const isSame = query.has('dryRun') || isDeepStrictEqual(found, next);
    const put = isSame ? next : this.#store.put(place.resource, next as FakeObject);
    return { code: 200, body: scaleOf(put as FakeObject) };
  }

  #create({ place, query, body }: FakeWrite): WriteAnswer {
    const { resource, namespace } = place;
    const written = readWritten(place, query, body, null);
    if (isRefusal(written)) return written;
    const { object, warnings } = written;
    const { metadata } = object;
    const name = metadata.name || this.#generateName(metadata);
    if (name === null)
      return invalid(object, 'metadata.name: Required value: name or generateName is required');
    if (namespace !== null && !this.#store.hasNamespace(namespace))
      return failure(404, `namespaces "${namespace}" not found`);
    if (metadata.resourceVersion)
      return failure(500, 'resourceVersion should not be set on objects to be created');
    const named: FakeObject = { ...object, metadata: { ...withoutEnd(metadata), name } };
    if (this.#store.get(resource, namespace ?? '', name) !== null)
      return failureBecause(
        409,
        'AlreadyExists',
        `${qualified(resource)} "${name}" already exists`,
      );
    const problem = metadataProblem(named) ?? (resource === PODS ? podProblem(named) : null);
    if (problem !== null) return invalid(named, problem);
    const { status: _, ...rest } = named;
    const bare = resource.subresources.includes('status') ? (rest as FakeObject) : named;
    const made = resource === PODS ? createdPod(bare) : withDefaults(bare);
    if (query.has('dryRun')) return { code: 201, body: made, warnings };
    const put = resource === PODS ? this.#pods.create(made) : this.#store.put(resource, made);
    return { code: 201, body: put, warnings };
  }

  #update(write: FakeWrite, found: FakeObject): WriteAnswer {
    const { method, place, query, mediaType, body } = write;
    const { resource, subresource } = place;
    let wanted = body;
    if (method === 'PATCH') {
      const patched = applyPatch(mediaType, found, body);
      if ('problem' in patched) return failure(patched.code, patched.problem);
      wanted = patched.value;
    }
    const written = readWritten(place, query, wanted, found);
    if (isRefusal(written)) return written;
    const { object, warnings } = written;
    const { metadata } = object;
    const old = found.metadata;
    if (metadata.name !== undefined && metadata.name !== old.name)
      return failure(
        400,
        `the name of the object (${metadata.name}) does not match the name on the URL (${old.name})`,
      );
    const { resourceVersion = old.resourceVersion, uid = old.uid } = metadata;
    if (resourceVersion !== old.resourceVersion || uid !== old.uid) return conflict(place, found);
    const next =
      subresource === 'status' ? withStatusOf(found, object) : merged(place, found, object);
    const problem =
      metadataProblem(next) ??
      (subresource === null ? endProblem(old, metadata) : null) ??
      (resource === PODS && subresource === null ? podUpdateProblem(found, next) : null);
    if (problem !== null) return invalid(next, problem);
    if (query.has('dryRun')) return { code: 200, body: next, warnings };
    if (isDeepStrictEqual(found, next)) return { code: 200, body: found, warnings };
    const put = this.#store.put(resource, next);
    // Whoever held the end of an object up has let go of it.
    if (put.metadata.deletionTimestamp !== undefined && !isHeld(put)) this.#letGo(resource, put);
    return { code: 200, body: put, warnings };
  }

  /** What still runs in a pod ends before that goes. */
  #letGo(resource: FakeResource, object: FakeObject): void {
    const { name, namespace = '' } = object.metadata;
    if (resource !== PODS) this.#store.delete(resource, namespace, name);
    else if (stateOf(object).phase !== 'Running') this.#pods.delete(namespace, name, 0);
  }

  #delete({ place, query, body }: FakeWrite, found: FakeObject): WriteAnswer {
    const options = isFields(body) ? body : {};
    const { gracePeriodSeconds = null, dryRun = [] } = options;
    const { uid, resourceVersion } = fieldsOf(options, 'preconditions');
    const { metadata } = found;
    if (place.resource.kind === 'Namespace') {
      const refusal = this.#namespaceRefusal(metadata.name);
      if (refusal !== null) return refusal;
    }
    for (const [what, wanted, is] of [
      ['UID', uid, metadata.uid],
      ['ResourceVersion', resourceVersion, metadata.resourceVersion],
    ])
      if (wanted !== undefined && wanted !== null && wanted !== is)
        return failure(
          409,
          `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${is}`,
        );
    const asked = query.get('gracePeriodSeconds') ?? gracePeriodSeconds;
    const grace = asked === null ? null : Number(asked);
    if (grace !== null && (!Number.isInteger(grace) || grace < 0))
      return failure(400, `gracePeriodSeconds must be a number of seconds, got ${asked}`);
    if (query.has('dryRun') || (Array.isArray(dryRun) && dryRun.length > 0))
      return { code: 200, body: found };
    return { code: 200, body: this.#end(place, found, grace) };
  }

  #deleteAll(write: FakeWrite): WriteAnswer {
    const { place, query } = write;
    const selected = readSelection(place, query);
    if (typeof selected !== 'function') return selected;
    const items = this.#store.list(place.resource, place.namespace).filter(selected);
    for (const item of items) {
      const answer = this.#delete(write, item);
      if (isRefusal(answer)) return answer;
    }
    return { code: 200, body: listOf(place.resource, this.#store.version, items) };
  }

  #end({ resource }: ApiPlace, found: FakeObject, grace: number | null): object {
    const { name, namespace = '', uid, deletionTimestamp = timestamp() } = found.metadata;
    if (resource === PODS) return this.#pods.delete(namespace, name, grace) ?? found;
    if (isHeld(found))
      return this.#store.put(resource, {
        ...found,
        metadata: { ...found.metadata, deletionTimestamp },
      });
    if (resource.kind === 'Namespace') this.#empty(name);
    this.#store.delete(resource, namespace, name);
    const details = { name, group: resource.group, kind: resource.plural, uid };
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  }

  /** Why a namespace stays; null if it may go. */
  #namespaceRefusal(namespace: string): Refusal | null {
    const words = `namespaces "${namespace}"`;
    if (namespace === 'default')
      return failure(403, `${words} is forbidden: this namespace may not be deleted`);
    for (const resource of RESOURCES) {
      if (!resource.namespaced) continue;
      const held = this.#store.list(resource, namespace).find(isHeld);
      if (held !== undefined) {
        const what = `${qualified(resource)} "${held.metadata.name}"`;
        return failure(409, `${words} cannot be deleted here: ${what} has finalizers`);
      }
    }
    return null;
  }

  /** Everything in a namespace goes with it. */
  #empty(namespace: string): void {
    for (const resource of RESOURCES) {
      if (!resource.namespaced) continue;
      for (const { metadata } of this.#store.list(resource, namespace)) {
        if (resource === PODS) this.#pods.delete(namespace, metadata.name, 0);
        else this.#store.delete(resource, namespace, metadata.name);
      }
    }
  }

  #generateName({ generateName }: Fields): string | null {
    if (typeof generateName !== 'string' || generateName === '') return null;
    // The same in each run that does the same.
    return (
      generateName.slice(0, 58) + (this.#store.version + 0x10000).toString(36).padStart(5, 'x')
    );
  }
}

/** What an update may change: what the server makes, and the status, stay. */
function merged({ resource }: ApiPlace, found: FakeObject, object: FakeObject): FakeObject {
  const kept = Object.entries(found.metadata).filter(([name]) => MADE_HERE.includes(name));
  const metadata = { ...object.metadata, ...Object.fromEntries(kept), name: found.metadata.name };
  const next = withDefaults({ ...object, metadata });
  return resource.subresources.includes('status') ? withStatusOf(next, found) : next;
}

/** What clients cannot change of the metadata. */
const MADE_HERE = [
  ...['namespace', 'uid', 'resourceVersion', 'creationTimestamp'],
  ...['deletionTimestamp', 'deletionGracePeriodSeconds'],
];

/** The metadata of an object that begins: that does not begin with its end. */
function withoutEnd(metadata: FakeObject['metadata']): FakeObject['metadata'] {
  const { deletionTimestamp, deletionGracePeriodSeconds, ...rest } = metadata;
  return rest as FakeObject['metadata'];
}

/** Why an update cannot begin or change the end of an object; null if it does not. */
function endProblem(old: FakeObject['metadata'], given: Fields): string | null {
  const { deletionTimestamp: time, deletionGracePeriodSeconds: grace } = given;
  const { deletionTimestamp: oldTime, deletionGracePeriodSeconds: oldGrace } = old;
  // The same time may be written in several ways.
  if (time !== undefined && Date.parse(String(time)) !== Date.parse(String(oldTime)))
    return `metadata.deletionTimestamp: Invalid value: ${JSON.stringify(time)}: field is immutable`;
  if (grace !== undefined && grace !== oldGrace)
    return `metadata.deletionGracePeriodSeconds: Invalid value: ${grace}: field is immutable`;
  return null;
}

function withStatusOf(object: FakeObject, { status }: FakeObject): FakeObject {
  const { status: _, ...rest } = object;
  return { ...(rest as FakeObject), ...(status === undefined ? {} : { status }) };
}

function invalid({ kind, metadata }: FakeObject, problem: string): Refusal {
  return failure(422, `${kind} "${metadata.name ?? ''}" is invalid: ${problem}`);
}

function conflict({ resource }: ApiPlace, { metadata }: FakeObject): Refusal {
  return failure(
    409,
    `Operation cannot be fulfilled on ${qualified(resource)} "${metadata.name}": the object has been modified; ` +
      'please apply your changes to the latest version and try again',
  );
}

function notAllowed({ method }: FakeWrite): Refusal {
  return failure(
    405,
    `the server does not allow this method (${method}) on the requested resource`,
  );
}
