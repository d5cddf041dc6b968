import { nextTick } from 'node:process';
import { isDeepStrictEqual } from 'node:util';
import {
  type FakeObject,
  type Fields,
  fieldsOf,
  listOf,
  textOf,
  textsOf,
} from '../objects/object.ts';
import { type FakeResource, PODS, resourceNamed } from '../objects/resources.ts';
import type { FakeStore } from '../objects/store.ts';
import { stateOf } from './pod-object.ts';

const SERVICES = resourceNamed('services') as FakeResource;
const ENDPOINTS = resourceNamed('endpoints') as FakeResource;
const SLICES = resourceNamed('endpointslices') as FakeResource;

/** What is made here, and may be changed here, has this label. */
const MADE_HERE = { 'endpointslice.kubernetes.io/managed-by': 'fake' };

/** Keeps endpoints and endpoint slices as services and pods have them. Services without a selector are left to others. */
export class FakeEndpoints {
  readonly #store: FakeStore;
  /** Names of namespaces in which something has changed. */
  readonly #changed = new Set<string>();

  constructor(store: FakeStore) {
    this.#store = store;
    store.listen(({ resource, object }) => {
      if (resource !== PODS && resource !== SERVICES) return;
      // Behind the change that it follows.
      if (this.#changed.size === 0) nextTick(() => this.#follow());
      this.#changed.add(object.metadata.namespace ?? '');
    });
  }

  #follow(): void {
    const namespaces = [...this.#changed];
    this.#changed.clear();
    for (const namespace of namespaces) {
      const services = this.#store.list(SERVICES, namespace).filter(hasSelector);
      const names = services.map(({ metadata }) => metadata.name);
      const pods = this.#store.list(PODS, namespace);
      for (const service of services) {
        const chosen = pods.filter((pod) => isChosen(service, pod));
        this.#put(ENDPOINTS, endpointsOf(service, chosen));
        this.#put(SLICES, sliceOf(service, chosen));
      }
      for (const resource of [ENDPOINTS, SLICES])
        for (const { metadata } of this.#store.list(resource, namespace)) {
          const { labels = {} } = metadata;
          if (isMadeHere(labels) && !names.includes(labels[SERVICE_NAME] ?? ''))
            this.#store.delete(resource, namespace, metadata.name);
        }
    }
  }

  #put(resource: FakeResource, object: FakeObject): void {
    const { name, namespace = '' } = object.metadata;
    const found = this.#store.get(resource, namespace, name);
    if (found !== null && !isMadeHere(found.metadata.labels ?? {})) return;
    const { metadata: _, ...content } = object;
    const { metadata: __, ...before } = found ?? { metadata: null };
    if (!isDeepStrictEqual(content, before)) this.#store.put(resource, object);
  }
}

const SERVICE_NAME = 'kubernetes.io/service-name';

function isMadeHere(labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(MADE_HERE).every(([name, value]) => labels[name] === value);
}

function hasSelector(service: FakeObject): boolean {
  return Object.keys(selectorOf(service)).length > 0;
}

function selectorOf(service: FakeObject): Readonly<Record<string, string>> {
  return textsOf(fieldsOf(service, 'spec'), 'selector');
}

/** Whether a pod is behind a service, ready or not. */
function isChosen(service: FakeObject, pod: FakeObject): boolean {
  const { labels = {}, deletionTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined || addressOf(pod) === '') return false;
  if (['Succeeded', 'Failed'].includes(stateOf(pod).phase)) return false;
  return Object.entries(selectorOf(service)).every(([name, value]) => labels[name] === value);
}

function endpointsOf(service: FakeObject, pods: readonly FakeObject[]): FakeObject {
  const addresses = (ready: boolean): Fields[] =>
    pods
      .filter((pod) => stateOf(pod).ready === ready)
      .map((pod) => ({ ip: addressOf(pod), targetRef: referenceTo(pod) }));
  const subset = {
    ...(addresses(true).length > 0 ? { addresses: addresses(true) } : {}),
    ...(addresses(false).length > 0 ? { notReadyAddresses: addresses(false) } : {}),
    ports: portsOf(service, pods[0]),
  };
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: metadataOf(service, service.metadata.name),
    subsets: pods.length === 0 ? [] : [subset],
  };
}

function sliceOf(service: FakeObject, pods: readonly FakeObject[]): FakeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: metadataOf(service, `${service.metadata.name}-fake`),
    addressType: 'IPv4',
    endpoints: pods.map((pod) => ({
      addresses: [addressOf(pod)],
      conditions: { ready: stateOf(pod).ready, serving: stateOf(pod).ready, terminating: false },
      targetRef: referenceTo(pod),
    })),
    // Each has a name there, and be it an empty one.
    ports: portsOf(service, pods[0]).map((port) => ({ name: '', ...port })),
  };
}

function metadataOf(service: FakeObject, name: string): FakeObject['metadata'] {
  const labels = { ...MADE_HERE, [SERVICE_NAME]: service.metadata.name };
  const { namespace = '' } = service.metadata;
  return { name, namespace, labels };
}

/** The ports of a service, where its pods have them. */
function portsOf(service: FakeObject, pod: FakeObject | undefined): Fields[] {
  const containers = pod === undefined ? [] : listOf(fieldsOf(pod, 'spec'), 'containers');
  const named = containers.flatMap((container) => listOf(container, 'ports'));
  return listOf(fieldsOf(service, 'spec'), 'ports').flatMap((one) => {
    const { name, port, targetPort = port, protocol = 'TCP' } = one;
    const found = named.find((candidate) => textOf(candidate, 'name') === targetPort);
    const { containerPort = targetPort } = found ?? {};
    if (typeof containerPort !== 'number') return [];
    return [{ ...(name === undefined ? {} : { name }), port: containerPort, protocol }];
  });
}

function addressOf(pod: FakeObject): string {
  return textOf(fieldsOf(pod, 'status'), 'podIP');
}

function referenceTo({ metadata: { name, namespace, uid } }: FakeObject): Fields {
  return { kind: 'Pod', namespace, name, uid };
}
