import type { ApiPlace } from '../requests/api-path.ts';
import { POD_SPEC, TEMPLATE } from './pod-shape.ts';
import { SCALE } from './scale.ts';
import { type Fieldset, list, METADATA, object } from './shape.ts';

const SELECTOR = object({
  matchLabels: ['texts', 1],
  matchExpressions: [
    list(object({ key: ['text', 1], operator: ['text', 2], values: [list('text'), 3] })),
    2,
  ],
});

const SERVICE_SPEC = object({
  ports: [
    list(
      object({
        name: ['text', 1],
        protocol: ['text', 2],
        port: ['integer', 3],
        targetPort: ['integerOrText', 4],
        nodePort: ['integer', 5],
        appProtocol: ['text', 6],
      }),
    ),
    1,
  ],
  selector: ['texts', 2],
  clusterIP: ['text', 3],
  type: ['text', 4],
  externalIPs: [list('text'), 5],
  sessionAffinity: ['text', 7],
  loadBalancerIP: ['text', 8],
  loadBalancerSourceRanges: [list('text'), 9],
  externalName: ['text', 10],
  externalTrafficPolicy: ['text', 11],
  healthCheckNodePort: ['integer', 12],
  publishNotReadyAddresses: ['boolean', 13],
  sessionAffinityConfig: ['any'],
  ipFamilyPolicy: ['text'],
  clusterIPs: [list('text'), 18],
  ipFamilies: [list('text')],
  allocateLoadBalancerNodePorts: ['boolean'],
  loadBalancerClass: ['text'],
  internalTrafficPolicy: ['text'],
  trafficDistribution: ['text'],
});

const REFERENCE = object({
  kind: ['text', 1],
  namespace: ['text', 2],
  name: ['text', 3],
  uid: ['text', 4],
  apiVersion: ['text', 5],
  resourceVersion: ['text', 6],
  fieldPath: ['text', 7],
});

/** Every kind: what stands beside `apiVersion`, `kind` and `metadata`. */
const KINDS: Readonly<Record<string, Fieldset['fields']>> = {
  Pod: { spec: [POD_SPEC, 2], status: ['any', 3] },
  Service: { spec: [SERVICE_SPEC, 2], status: ['any', 3] },
  Endpoints: { subsets: [list('any')] },
  Event: {
    involvedObject: [REFERENCE, 2],
    reason: ['text', 3],
    message: ['text', 4],
    source: [object({ component: ['text', 1], host: ['text', 2] }), 5],
    firstTimestamp: ['time', 6],
    lastTimestamp: ['time', 7],
    count: ['integer', 8],
    type: ['text', 9],
    eventTime: ['time'],
    series: ['any'],
    action: ['text', 12],
    related: [REFERENCE, 13],
    reportingComponent: ['text', 14],
    reportingInstance: ['text', 15],
  },
  ConfigMap: { data: ['texts', 2], binaryData: ['bytes', 3], immutable: ['boolean', 4] },
  Secret: {
    data: ['bytes', 2],
    type: ['text', 3],
    stringData: ['texts', 4],
    immutable: ['boolean', 5],
  },
  Namespace: { spec: [object({ finalizers: [list('text'), 1] }), 2], status: ['any', 3] },
  Deployment: {
    spec: [
      object({
        replicas: ['integer', 1],
        selector: [SELECTOR, 2],
        template: [TEMPLATE, 3],
        strategy: ['any', 4],
        minReadySeconds: ['integer', 5],
        revisionHistoryLimit: ['integer', 6],
        paused: ['boolean', 7],
        progressDeadlineSeconds: ['integer', 9],
      }),
      2,
    ],
    status: ['any', 3],
  },
  ReplicaSet: {
    spec: [
      object({
        replicas: ['integer', 1],
        selector: [SELECTOR, 2],
        template: [TEMPLATE, 3],
        minReadySeconds: ['integer', 4],
      }),
      2,
    ],
    status: ['any', 3],
  },
  StatefulSet: {
    spec: [
      object({
        replicas: ['integer', 1],
        selector: [SELECTOR, 2],
        template: [TEMPLATE, 3],
        volumeClaimTemplates: [list('any')],
        serviceName: ['text', 5],
        podManagementPolicy: ['text', 6],
        updateStrategy: ['any', 7],
        revisionHistoryLimit: ['integer', 8],
        minReadySeconds: ['integer', 9],
        persistentVolumeClaimRetentionPolicy: ['any'],
        ordinals: ['any'],
      }),
      2,
    ],
    status: ['any', 3],
  },
  DaemonSet: {
    spec: [
      object({
        selector: [SELECTOR, 1],
        template: [TEMPLATE, 2],
        updateStrategy: ['any', 3],
        minReadySeconds: ['integer', 4],
        revisionHistoryLimit: ['integer', 6],
      }),
      2,
    ],
    status: ['any', 3],
  },
  Job: {
    spec: [
      object({
        parallelism: ['integer', 1],
        completions: ['integer', 2],
        activeDeadlineSeconds: ['integer', 3],
        selector: [SELECTOR, 4],
        manualSelector: ['boolean', 5],
        template: [TEMPLATE, 6],
        backoffLimit: ['integer', 7],
        ttlSecondsAfterFinished: ['integer', 8],
        completionMode: ['text', 9],
        suspend: ['boolean', 10],
        podFailurePolicy: ['any'],
        backoffLimitPerIndex: ['integer'],
        maxFailedIndexes: ['integer'],
        podReplacementPolicy: ['text'],
        managedBy: ['text'],
        successPolicy: ['any'],
      }),
      2,
    ],
    status: ['any', 3],
  },
  EndpointSlice: { addressType: ['text'], endpoints: [list('any')], ports: [list('any')] },
};

/** The whole of each kind that is served. */
export const SHAPES: ReadonlyMap<string, Fieldset> = new Map(
  Object.entries(KINDS).map(([kind, fields]) => [
    kind,
    object({ apiVersion: ['text'], kind: ['text'], metadata: [METADATA, 1], ...fields }),
  ]),
);

/** What may be said when objects are deleted. */
const DELETE_OPTIONS = object({
  apiVersion: ['text'],
  kind: ['text'],
  gracePeriodSeconds: ['integer', 1],
  preconditions: [object({ uid: ['text', 1], resourceVersion: ['text', 2] }), 2],
  orphanDependents: ['boolean', 3],
  propagationPolicy: ['text', 4],
  dryRun: [list('text'), 5],
});

/** What the body of a request is that changes something; null where that is not known. */
export function shapeOfBody(
  method: string,
  { resource, subresource }: Pick<ApiPlace, 'resource' | 'subresource'>,
): Fieldset | null {
  if (method === 'DELETE') return DELETE_OPTIONS;
  return subresource === 'scale' ? SCALE : (SHAPES.get(resource.kind) ?? null);
}
