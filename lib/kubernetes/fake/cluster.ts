import { EventEmitter } from 'node:events';
import { checkBoolean, checkRange, shown } from '../../common/check.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { checkRules, type FakeRule } from './access/rbac.ts';
import { definitionProblem, namesProblem } from './custom/definition.ts';
import { type FakeFaultRule, FaultRules } from './faults/fault.ts';
import { withDefaults } from './objects/defaults.ts';
import { generationOf } from './objects/generation.ts';
import {
  type FakeManifest,
  type FakeObject,
  fieldsOf,
  isFields,
  textOf,
} from './objects/object.ts';
import {
  DEFINITIONS,
  type FakeResource,
  NAMESPACES,
  NODES,
  ownKindOf,
  PODS,
} from './objects/resources.ts';
import { FakeStore } from './objects/store.ts';
import { FakeEndpoints } from './pods/endpoints.ts';
import { nodeObject } from './pods/node.ts';
import type { FakePod, FakePodState, ResolvedContainer } from './pods/pod-options.ts';
import { FakePods } from './pods/pods.ts';
import { FakeWorkloads } from './pods/workloads.ts';
import { FakeWatches } from './reads/watch.ts';
import type { FakeRequest } from './requests/request.ts';
import { readManifest } from './shapes/manifest.ts';
import { FakeDefinitions } from './writes/definitions.ts';
import { FakeDependents } from './writes/dependents.ts';
import { FakeNamespaces } from './writes/namespaces.ts';

/** Events of a fake API server. */
export interface FakeApiServerEvents {
  /** A request has come; what becomes of it is not decided yet. */
  request: [request: FakeRequest];
}

/** What a fake API server begins with. */
export interface FakeClusterOptions {
  /** The pods; a name alone is a pod with every default. Default none. */
  readonly pods?: readonly (string | FakePod)[] | undefined;
  /** Other objects, as manifests have them: deployments, services, jobs... Default none. */
  readonly objects?: readonly FakeManifest[] | undefined;
  /** Whether watches may begin with what there is (`sendInitialEvents`); else that is refused with 422, as servers before Kubernetes 1.34 do. Default true. */
  readonly watchList?: boolean | undefined;
  /** What users may do, as roles of RBAC have it; all else is answered 403. Default everything. */
  readonly rules?: readonly FakeRule[] | undefined;
}

/** Which container of a pod. */
export interface ContainerPlace {
  /** Default `'default'`. */
  readonly namespace?: string | undefined;
  /** Default: the first one. */
  readonly container?: string | undefined;
}

/** How a pod ends. */
export interface DeletePodOptions {
  /** Default `'default'`. */
  readonly namespace?: string | undefined;
  /** Seconds for what runs in it to end. Default: what the pod says, 30. */
  readonly graceSeconds?: number | null | undefined;
}

/** What a fake API server is made of. */
export interface FakeParts {
  readonly store: FakeStore;
  readonly pods: FakePods;
  readonly workloads: FakeWorkloads;
  readonly namespaces: FakeNamespaces;
  readonly definitions: FakeDefinitions;
  readonly dependents: FakeDependents;
  readonly watches: FakeWatches;
  readonly endpoints: FakeEndpoints;
  readonly faults: FaultRules;
  /** What users may do; null for everything. */
  rules: readonly FakeRule[] | null;
}

/** The parts of a new one. */
export function makeParts({ watchList = true, rules }: FakeClusterOptions): FakeParts {
  checkBoolean('watchList', watchList);
  const store = new FakeStore();
  const pods = new FakePods(store);
  const workloads = new FakeWorkloads(store, pods);
  const namespaces = new FakeNamespaces(store, pods);
  const definitions = new FakeDefinitions(store, pods);
  const dependents = new FakeDependents(store, pods);
  const watches = new FakeWatches(store, watchList);
  const allowed = rules === undefined ? null : checkRules(rules);
  const endpoints = new FakeEndpoints(store);
  const faults = new FaultRules();
  store.put(NODES, nodeObject());
  return {
    store,
    pods,
    workloads,
    namespaces,
    definitions,
    dependents,
    watches,
    endpoints,
    faults,
    rules: allowed,
  };
}

/** The pods and other objects of a fake API server, as its test sees and changes them. */
export class FakeCluster extends EventEmitter<FakeApiServerEvents> {
  readonly #parts: FakeParts;
  readonly #store: FakeStore;
  readonly #pods: FakePods;

  /** The server makes it. @internal */
  constructor(parts: FakeParts, { pods = [], objects = [] }: FakeClusterOptions) {
    super();
    this.#parts = parts;
    this.#store = parts.store;
    this.#pods = parts.pods;
    if (!Array.isArray(pods)) throw new InvalidArgumentError('pods must be an array');
    if (!Array.isArray(objects)) throw new InvalidArgumentError('objects must be an array');
    for (const pod of pods) this.addPod(pod);
    for (const object of objects) this.put(object);
  }

  /**
   * Adds a pod.
   *
   * @throws InvalidArgumentError for one that is there, or cannot be
   */
  addPod(pod: string | FakePod): FakeObject {
    return this.#pods.add(pod);
  }

  /**
   * Changes what the API says of a pod.
   *
   * @throws InvalidArgumentError when there is no such pod, or for a state that is none
   */
  setPod(name: string, state: FakePodState, namespace = 'default'): FakeObject {
    return this.#pods.setState(name, state, namespace);
  }

  /**
   * Ends a pod, as `kubectl delete` does: what runs in it is told (SIGTERM) and then killed, exec ends with exit code 137. With
   * `graceSeconds` 0 it is gone at once, and what runs ends behind that. Default: what the pod says, 30.
   *
   * @throws InvalidArgumentError when there is no such pod
   */
  deletePod(
    name: string,
    { namespace = 'default', graceSeconds = null }: DeletePodOptions = {},
  ): void {
    if (graceSeconds !== null) checkRange('graceSeconds', graceSeconds, 0, 1e9);
    if (this.#pods.delete(namespace, name, graceSeconds) === null)
      throw new InvalidArgumentError(`there is no pod ${namespace}/${name}`);
  }

  /**
   * Puts an object there, as a manifest has it, new or in the place of one of its name. Nothing acts on it: a deployment makes no pods.
   *
   * @throws InvalidArgumentError for a kind that is not served; for pods, which `addPod()` and `setPod()` are for
   */
  put(manifest: FakeManifest): FakeObject {
    const [resource, object] = readManifest(manifest, this.#store.resources);
    if (resource === PODS) throw new InvalidArgumentError('pods are added by addPod()');
    const { name, namespace = '' } = object.metadata;
    if (resource === DEFINITIONS) checkDefinition(object, this.#store.list(DEFINITIONS));
    const whole = ownKindOf(object) === 'Event' ? this.#referring(object) : withDefaults(object);
    return this.#store.put(resource, observed(whole, this.#store.get(resource, namespace, name)));
  }

  /** Takes an object away, a namespace with all that is in it; false when there is none. For pods see `deletePod()`. Throws InvalidArgumentError for a kind that is not served. */
  remove(kind: string, name: string, namespace = 'default'): boolean {
    const resource = this.#resourceOf(kind);
    if (resource === PODS) throw new InvalidArgumentError('pods are ended by deletePod()');
    if (resource === NAMESPACES) return this.#parts.namespaces.remove(name);
    return this.#store.delete(resource, resource.namespaced ? namespace : '', name) !== null;
  }

  /** An object as it is now: `find('deployment', 'web')`. Null when there is none. Throws InvalidArgumentError for a kind that is not served. */
  find(kind: string, name: string, namespace = 'default'): FakeObject | null {
    const resource = this.#resourceOf(kind);
    return this.#store.get(resource, resource.namespaced ? namespace : '', name);
  }

  /**
   * Writes to the log of a container, as its main process would: of the first one if none is named.
   *
   * @throws InvalidArgumentError when there is no such container
   */
  log(pod: string, text: string, { namespace, container }: ContainerPlace = {}): void {
    this.#container(pod, container, namespace).logs.current.append(text);
  }

  /** Sends a bookmark to each watch that wants some; without it they come once a minute. */
  bookmark(): void {
    this.#parts.watches.bookmark();
  }

  /** Ends all watches with 410 (`Expired`), as when too much has happened: their clients have to list anew. */
  expireWatches(): void {
    this.#parts.watches.expire();
  }

  /** From now on users may do this only, or everything (null). Throws InvalidArgumentError for rules that are none. */
  setRules(rules: readonly FakeRule[] | null): void {
    this.#parts.rules = rules === null ? null : checkRules(rules);
  }

  /**
   * From now on something goes wrong. Of several rules the first one counts. Call what is returned to take it back.
   *
   * @throws InvalidArgumentError for a rule that is none
   */
  addFault(rule: FakeFaultRule): () => void {
    const id = this.#parts.faults.add(rule);
    return () => this.#parts.faults.delete(id);
  }

  /** The working directory of a container: of the first one if none is named. */
  directoryOf(pod: string, container?: string, namespace = 'default'): string {
    const { directory } = this.#container(pod, container, namespace);
    if (directory === null)
      throw new InvalidArgumentError(`there is no such container of ${namespace}/${pod} yet`);
    return directory;
  }

  /** An event with what clients ask for of what it is about: `kubectl describe` its uid, `kubectl events --for` its version. */
  #referring(event: FakeObject): FakeObject {
    const about = fieldsOf(event, 'involvedObject');
    const { namespace = event.metadata.namespace } = about;
    const resource = this.#store.resources.named(textOf(about, 'kind'));
    const place = resource?.namespaced === true ? String(namespace) : '';
    const found = resource && this.#store.get(resource, place, textOf(about, 'name'));
    if (!found) return event;
    const { apiVersion } = found;
    const { uid } = found.metadata;
    return { ...event, involvedObject: { namespace, apiVersion, uid, ...about } };
  }

  #resourceOf(kind: string): FakeResource {
    const resource = this.#store.resources.named(kind);
    if (resource === null) throw new InvalidArgumentError(`there is no kind ${shown(kind)} here`);
    return resource;
  }

  #container(pod: string, container: string | undefined, namespace = 'default'): ResolvedContainer {
    const found = this.#pods.find(namespace, pod)?.containers ?? [];
    const one = container === undefined ? found[0] : found.find(({ name }) => name === container);
    if (one === undefined)
      throw new InvalidArgumentError(`there is no such container of ${namespace}/${pod}`);
    return one;
  }
}

/** What this server does not check of a custom kind its test does without. */
function checkDefinition(definition: FakeObject, others: readonly FakeObject[]): void {
  const problem = definitionProblem(definition, null);
  if (problem?.isUnknown === false) throw new InvalidArgumentError(problem.text);
  const taken = namesProblem(definition, others);
  if (taken !== null) throw new InvalidArgumentError(taken);
}

/** Whoever says the state of a workload has seen what is wanted of it. */
function observed(object: FakeObject, previous: FakeObject | null): FakeObject {
  const observedGeneration = generationOf(object, previous);
  const { status } = object;
  if (observedGeneration === undefined || !isFields(status)) return object;
  return { ...object, status: { observedGeneration, ...status } };
}
