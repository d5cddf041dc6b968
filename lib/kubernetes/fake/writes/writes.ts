import { isDeepStrictEqual } from 'node:util';
import type { FakeAccountTokens } from '../access/account-tokens.ts';
import { namesProblem } from '../custom/definition.ts';
import { withDefaults } from '../objects/defaults.ts';
import { type FakeObject, type Fields, isHeld } from '../objects/object.ts';
import {
  DEFINITIONS,
  type FakeResource,
  ownKindOf,
  PODS,
  qualified,
} from '../objects/resources.ts';
import type { FakeStore } from '../objects/store.ts';
import { createdPod, podProblem } from '../pods/pod-manifest.ts';
import type { FakePods } from '../pods/pods.ts';
import {
  failure,
  failureBecause,
  invalidObject,
  isRefusal,
  objectNotFound,
  type Refusal,
} from '../requests/refusals.ts';
import { isTrue } from '../requests/request.ts';
import { rulesOf } from './custom-rules.ts';
import type { FakeDefinitions } from './definitions.ts';
import { FakeDeletes } from './deletes.ts';
import type { FakeDependents } from './dependents.ts';
import { letGo } from './ends.ts';
import { FakeEvictions } from './evictions.ts';
import { kindProblem } from './kind-problems.ts';
import { withOwners } from './managed-fields.ts';
import type { FakeNamespaces } from './namespaces.ts';
import { partAt } from './object-parts.ts';
import { owned } from './owners.ts';
import { applyPatch } from './patch.ts';
import { writeScale } from './scales.ts';
import { applyConfiguration, ownedBy } from './server-side-apply.ts';
import { conflict, type FakeWrite, isAnother, notAllowed, type WriteAnswer } from './write.ts';
import { metadataProblem, readConfiguration, readWritten } from './write-body.ts';
import { optionsProblem } from './write-options.ts';
import { APPLY_TYPE } from './yaml-body.ts';

/** What is written to, and what acts on that. */
interface Written {
  readonly store: FakeStore;
  readonly pods: FakePods;
  readonly namespaces: FakeNamespaces;
  readonly definitions: FakeDefinitions;
  readonly dependents: FakeDependents;
}

/** Creates, changes and deletes objects for clients. */
export class FakeWrites {
  readonly #store: FakeStore;
  readonly #pods: FakePods;
  readonly #namespaces: FakeNamespaces;
  readonly #definitions: FakeDefinitions;
  readonly #dependents: FakeDependents;
  readonly #deletes: FakeDeletes;
  readonly #evictions: FakeEvictions;
  readonly #tokens: FakeAccountTokens;

  constructor(
    { store, pods, namespaces, definitions, dependents }: Written,
    tokens: FakeAccountTokens,
  ) {
    this.#store = store;
    this.#pods = pods;
    this.#namespaces = namespaces;
    this.#definitions = definitions;
    this.#dependents = dependents;
    this.#deletes = new FakeDeletes(store, pods);
    this.#evictions = new FakeEvictions(store, this.#deletes);
    this.#tokens = tokens;
  }

  /** Does what is asked for, or says why not. */
  write(write: FakeWrite): WriteAnswer {
    const { method, place, mediaType } = write;
    const problem = optionsProblem(write);
    if (problem !== null) return problem;
    if (place.name === null) {
      if (place.resource.namespaced && place.namespace === null) return notAllowed(write);
      if (method === 'POST') return this.#create(write);
      if (method === 'DELETE') return this.#deletes.deleteAll(write);
      return notAllowed(write);
    }
    const { resource, namespace, name, subresource } = place;
    const found = this.#store.get(resource, namespace ?? '', name);
    if (isPosted(subresource)) {
      if (method !== 'POST') return notAllowed(write);
      if (found === null) return objectNotFound(resource, name);
      if (subresource === 'eviction') return this.#evictions.evict(write, found);
      const made = this.#tokens.request(found, write.body);
      return isRefusal(made) ? made : { code: 201, body: made };
    }
    if (!['PUT', 'PATCH', 'DELETE'].includes(method)) return notAllowed(write);
    if (method === 'PATCH' && mediaType === APPLY_TYPE && !isUnowned(subresource))
      return this.#apply(write, found);
    if (found === null) return objectNotFound(resource, name);
    if (method === 'DELETE') {
      if (subresource !== null) return notAllowed(write);
      return this.#deletes.delete(write, found);
    }
    return subresource === 'scale'
      ? writeScale(this.#store, write, found)
      : this.#update(write, found);
  }

  /** Makes of an object what somebody wants of it (server-side apply), or makes it. */
  #apply(write: FakeWrite, found: FakeObject | null): WriteAnswer {
    const { place, query, by } = write;
    const rules = rulesOf(place.resource);
    const config = readConfiguration(write);
    if (isRefusal(config)) return config;
    const { resource, name, subresource } = place;
    const hasStatus = resource.subresources.includes('status');
    const part = subresource === 'status' ? 'status' : hasStatus ? 'rest' : 'all';
    if (found !== null) {
      const applied = applyConfiguration(
        found,
        config,
        by,
        part,
        isTrue(query.get('force')),
        rules,
      );
      if (isRefusal(applied)) return applied;
      return this.#update({ ...write, method: 'PUT', body: applied }, found);
    }
    if (subresource !== null) return objectNotFound(resource, name);
    const body = withOwners(config, [ownedBy(config, by, part, undefined, rules)]);
    return this.#create({ ...write, body });
  }

  #create(write: FakeWrite): WriteAnswer {
    const { place, query, body } = write;
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
    if (namespace !== null && this.#namespaces.isEnding(namespace))
      return inEndingNamespace(resource, namespace, name);
    if (this.#definitions.isEnding(resource))
      return failure(405, 'create not allowed while custom resource definition is terminating');
    if (metadata.resourceVersion)
      return failure(500, 'resourceVersion should not be set on objects to be created');
    const named: FakeObject = { ...object, metadata: { ...withoutEnd(metadata), name } };
    if (this.#store.get(resource, namespace ?? '', name) !== null)
      return failureBecause(
        409,
        'AlreadyExists',
        `${qualified(resource)} "${name}" already exists`,
      );
    const problem =
      metadataProblem(named) ??
      (resource === PODS ? podProblem(named) : this.#kindProblem(named, null));
    if (problem !== null) return invalid(named, problem);
    const { status: _, ...rest } = named;
    const bare = resource.subresources.includes('status') ? (rest as FakeObject) : named;
    const whole = owned(null, resource === PODS ? bare : withDefaults(bare), write, object);
    const made = resource === PODS ? createdPod(whole) : whole;
    if (query.has('dryRun'))
      return { code: 201, body: this.#store.preview(resource, made), warnings };
    const put = resource === PODS ? this.#pods.create(made) : this.#store.put(resource, made);
    this.#dependents.check(put);
    return { code: 201, body: put, warnings };
  }

  #update(write: FakeWrite, found: FakeObject): WriteAnswer {
    const { method, place, query, mediaType, body, by } = write;
    const { resource, subresource } = place;
    let wanted = body;
    if (method === 'PATCH') {
      const patched = applyPatch(mediaType, found, body, resource.custom !== undefined);
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
    if (isAnother(metadata, old)) return conflict(place, found);
    if (wanted === body && by.operation !== 'Apply' && !metadata.resourceVersion)
      if (CONDITIONAL.includes(String(ownKindOf(object))))
        return invalid(
          found,
          'metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
        );
    const part = partAt(resource, subresource);
    const next = owned(found, part.take(found, object, resource), write, object);
    const problem =
      metadataProblem(next) ??
      part.problem(found, next, object) ??
      (subresource === null ? this.#kindProblem(next, found) : null);
    if (problem !== null) return invalid(next, problem);
    if (query.has('dryRun'))
      return { code: 200, body: this.#store.preview(resource, next), warnings };
    if (isDeepStrictEqual(found, next)) return { code: 200, body: found, warnings };
    const put = resource === PODS ? this.#pods.update(next) : this.#store.put(resource, next);
    // Whoever held the end of an object up has let go of it.
    if (put.metadata.deletionTimestamp !== undefined && !isHeld(put))
      letGo(this.#store, this.#pods, resource, put);
    return { code: 200, body: put, warnings };
  }

  #kindProblem(object: FakeObject, before: FakeObject | null): string | null {
    const problem = kindProblem(object, before);
    if (problem !== null || ownKindOf(object) !== DEFINITIONS.kind) return problem;
    return namesProblem(object, this.#store.list(DEFINITIONS));
  }

  #generateName({ generateName }: Fields): string | null {
    if (typeof generateName !== 'string' || generateName === '') return null;
    // The same in each run that does the same.
    return (
      generateName.slice(0, 58) + (this.#store.version + 0x10000).toString(36).padStart(5, 'x')
    );
  }
}

/** Whether something is posted to an object, and not stored. */
export function isPosted(subresource: string | null): boolean {
  return subresource === 'eviction' || subresource === 'token';
}

/** Whether what is written there is not applied. */
function isUnowned(subresource: string | null): boolean {
  return subresource === 'scale' || subresource === 'ephemeralcontainers';
}

/** Kinds whose objects nobody replaces without the version that is replaced. */
const CONDITIONAL = ['Lease', 'PodDisruptionBudget'];

/** The metadata of an object that begins: that does not begin with its end, nor with what the server makes. */
function withoutEnd(metadata: FakeObject['metadata']): FakeObject['metadata'] {
  const { deletionTimestamp, deletionGracePeriodSeconds, generation, resourceVersion, ...rest } =
    metadata;
  return rest as FakeObject['metadata'];
}

function inEndingNamespace(resource: FakeResource, namespace: string, name: string): Refusal {
  const causes = [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ];
  const words = `unable to create new content in namespace ${namespace} because it is being terminated`;
  return failure(403, `${qualified(resource)} "${name}" is forbidden: ${words}`, causes);
}

function invalid(object: FakeObject, problem: string): Refusal {
  return invalidObject(object, object.metadata.name ?? '', [problem]);
}
