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

/** The objects of a list, or of a field. */
const object = (fields: Fieldset['fields']): Fieldset => ({ fields });
const list = (of: Shape): Shape => ({ list: of });

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

const SELECTOR = object({
  matchLabels: ['texts', 1],
  matchExpressions: [
    list(object({ key: ['text', 1], operator: ['text', 2], values: [list('text'), 3] })),
    2,
  ],
});

const CONTAINER_PORT = object({
  name: ['text', 1],
  hostPort: ['integer', 2],
  containerPort: ['integer', 3],
  protocol: ['text', 4],
  hostIP: ['text', 5],
});

const CONTAINER = object({
  name: ['text', 1],
  image: ['text', 2],
  command: [list('text'), 3],
  args: [list('text'), 4],
  workingDir: ['text', 5],
  ports: [list(CONTAINER_PORT), 6],
  env: [list(object({ name: ['text', 1], value: ['text', 2], valueFrom: ['any'] })), 7],
  resources: ['any', 8],
  volumeMounts: [
    list(
      object({
        name: ['text', 1],
        readOnly: ['boolean', 2],
        mountPath: ['text', 3],
        subPath: ['text', 4],
        mountPropagation: ['text', 5],
        subPathExpr: ['text', 6],
        recursiveReadOnly: ['text', 7],
      }),
    ),
    9,
  ],
  livenessProbe: ['any', 10],
  readinessProbe: ['any', 11],
  lifecycle: ['any', 12],
  terminationMessagePath: ['text', 13],
  imagePullPolicy: ['text', 14],
  securityContext: ['any', 15],
  stdin: ['boolean', 16],
  stdinOnce: ['boolean', 17],
  tty: ['boolean', 18],
  envFrom: [list('any')],
  terminationMessagePolicy: ['text', 20],
  volumeDevices: [list('any')],
  startupProbe: ['any'],
  resizePolicy: [list('any')],
  restartPolicy: ['text', 24],
  restartPolicyRules: [list('any')],
});

const POD_SPEC = object({
  volumes: [list('any')],
  containers: [list(CONTAINER), 2],
  restartPolicy: ['text', 3],
  terminationGracePeriodSeconds: ['integer', 4],
  activeDeadlineSeconds: ['integer', 5],
  dnsPolicy: ['text', 6],
  nodeSelector: ['texts', 7],
  serviceAccountName: ['text', 8],
  serviceAccount: ['text', 9],
  nodeName: ['text', 10],
  hostNetwork: ['boolean', 11],
  hostPID: ['boolean', 12],
  hostIPC: ['boolean', 13],
  securityContext: ['any', 14],
  imagePullSecrets: [list('any')],
  hostname: ['text', 16],
  subdomain: ['text', 17],
  affinity: ['any'],
  schedulerName: ['text', 19],
  initContainers: [list(CONTAINER), 20],
  automountServiceAccountToken: ['boolean', 21],
  tolerations: [list('any')],
  hostAliases: [list('any')],
  priorityClassName: ['text', 24],
  priority: ['integer', 25],
  dnsConfig: ['any'],
  shareProcessNamespace: ['boolean', 27],
  readinessGates: [list('any')],
  runtimeClassName: ['text', 29],
  enableServiceLinks: ['boolean', 30],
  preemptionPolicy: ['text'],
  overhead: ['any'],
  topologySpreadConstraints: [list('any')],
  ephemeralContainers: [list('any')],
  setHostnameAsFQDN: ['boolean'],
  os: ['any'],
  hostUsers: ['boolean'],
  schedulingGates: [list('any')],
  resourceClaims: [list('any')],
  resources: ['any'],
  hostnameOverride: ['text'],
  workloadRef: ['any'],
  schedulingGroup: ['any'],
});

const TEMPLATE = object({ metadata: [METADATA, 1], spec: [POD_SPEC, 2] });

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
