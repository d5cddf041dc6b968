import { fieldsOf, listOf, textOf } from '../objects/object.ts';
import { age } from './age.ts';
import {
  accessModes,
  endpointsText,
  ingressHosts,
  inSpec,
  inStatus,
  listed,
  nodeAddress,
  nodeInfo,
  nodeRoles,
  nodeStatus,
  phase,
  podStatus,
  readiness,
  restarts,
  selectorText,
  servicePorts,
  sizeOf,
  usage,
} from './cells.ts';
import { AGE, type Column, CREATED, column, NAME, NONE, UNSET } from './column.ts';
import { WORKLOAD_COLUMNS } from './workload-columns.ts';

const BINDING: readonly Column[] = [
  NAME,
  column('Role', (binding) => {
    const { kind, name } = fieldsOf(binding, 'roleRef');
    return `${kind}/${name}`;
  }),
  AGE,
];

/** Columns as `kubectl get` shows them; of other kinds name and age. */
export const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  CustomResourceDefinition: [NAME, CREATED],
  Pod: [
    NAME,
    column('Ready', readiness),
    column('Status', podStatus),
    column('Restarts', restarts, false, 'integer'),
    AGE,
    column('IP', (pod) => textOf(fieldsOf(pod, 'status'), 'podIP') || '<none>', true),
    column('Node', (pod) => textOf(fieldsOf(pod, 'spec'), 'nodeName') || '<none>', true),
    column('Nominated Node', () => '<none>', true),
    column('Readiness Gates', () => '<none>', true),
  ],
  Service: [
    NAME,
    column('Type', (service) => textOf(fieldsOf(service, 'spec'), 'type') || 'ClusterIP'),
    column('Cluster-IP', (service) => textOf(fieldsOf(service, 'spec'), 'clusterIP') || '<none>'),
    column('External-IP', () => '<none>'),
    column('Port(s)', servicePorts),
    AGE,
    column('Selector', (service) => selectorText(fieldsOf(service, 'spec'), 'selector'), true),
  ],
  Endpoints: [NAME, column('Endpoints', endpointsText), AGE],
  EndpointSlice: [
    NAME,
    column('AddressType', (slice) => textOf(slice, 'addressType')),
    column('Ports', (slice) => listed(listOf(slice, 'ports').map(({ port }) => port))),
    column('Endpoints', (slice) =>
      listed(listOf(slice, 'endpoints').flatMap(({ addresses }) => addresses)),
    ),
    AGE,
  ],
  ConfigMap: [
    NAME,
    column('Data', (map) => sizeOf(map, 'data') + sizeOf(map, 'binaryData'), false, 'integer'),
    AGE,
  ],
  Secret: [
    NAME,
    column('Type', (secret) => textOf(secret, 'type') || 'Opaque'),
    column('Data', (secret) => sizeOf(secret, 'data'), false, 'integer'),
    AGE,
  ],
  Namespace: [NAME, column('Status', (one) => textOf(fieldsOf(one, 'status'), 'phase')), AGE],
  Event: [
    column('Last Seen', (event) => age(textOf(event, 'lastTimestamp'))),
    column('Type', (event) => textOf(event, 'type')),
    column('Reason', (event) => textOf(event, 'reason')),
    column('Object', (event) => {
      const { kind, name } = fieldsOf(event, 'involvedObject');
      return `${String(kind).toLowerCase()}/${name}`;
    }),
    column('Message', (event) => textOf(event, 'message')),
  ],
  Node: [
    NAME,
    column('Status', nodeStatus),
    column('Roles', nodeRoles),
    AGE,
    column('Version', (node) => textOf(inStatus(node, 'nodeInfo'), 'kubeletVersion')),
    column('Internal-IP', nodeAddress('InternalIP'), true),
    column('External-IP', nodeAddress('ExternalIP'), true),
    column('OS-Image', nodeInfo('osImage'), true),
    column('Kernel-Version', nodeInfo('kernelVersion'), true),
    column('Container-Runtime', nodeInfo('containerRuntimeVersion'), true),
  ],
  ServiceAccount: [
    NAME,
    column('Secrets', (account) => listOf(account, 'secrets').length, false, 'integer'),
    AGE,
  ],
  PersistentVolumeClaim: [
    NAME,
    column('Status', phase),
    column('Volume', inSpec('volumeName')),
    column('Capacity', (claim) => textOf(inStatus(claim, 'capacity'), 'storage')),
    column('Access Modes', (claim) => accessModes(fieldsOf(claim, 'status'))),
    column('StorageClass', inSpec('storageClassName')),
    column('VolumeAttributesClass', (claim) => inSpec('volumeAttributesClassName')(claim) || UNSET),
    AGE,
    column('VolumeMode', (claim) => inSpec('volumeMode')(claim) || UNSET, true),
  ],
  PersistentVolume: [
    NAME,
    column('Capacity', (volume) =>
      textOf(fieldsOf(fieldsOf(volume, 'spec'), 'capacity'), 'storage'),
    ),
    column('Access Modes', (volume) => accessModes(fieldsOf(volume, 'spec'))),
    column('Reclaim Policy', inSpec('persistentVolumeReclaimPolicy')),
    column('Status', phase),
    column('Claim', (volume) => {
      const { namespace, name } = fieldsOf(fieldsOf(volume, 'spec'), 'claimRef');
      return name === undefined ? '' : `${namespace}/${name}`;
    }),
    column('StorageClass', inSpec('storageClassName')),
    column('VolumeAttributesClass', (one) => inSpec('volumeAttributesClassName')(one) || UNSET),
    column('Reason', (volume) => textOf(fieldsOf(volume, 'status'), 'reason')),
    AGE,
    column('VolumeMode', (volume) => inSpec('volumeMode')(volume) || UNSET, true),
  ],
  ResourceQuota: [
    NAME,
    column('Request', (quota) => usage(quota, (name) => !name.startsWith('limits.'))),
    column('Limit', (quota) => usage(quota, (name) => name.startsWith('limits.'))),
    AGE,
  ],
  LimitRange: [NAME, CREATED],
  Lease: [NAME, column('Holder', inSpec('holderIdentity')), AGE],
  Ingress: [
    NAME,
    column('Class', (ingress) => inSpec('ingressClassName')(ingress) || NONE),
    column('Hosts', ingressHosts),
    column('Address', (ingress) =>
      listOf(inStatus(ingress, 'loadBalancer'), 'ingress')
        .map((one) => textOf(one, 'ip') || textOf(one, 'hostname'))
        .join(','),
    ),
    column('Ports', (one) =>
      listOf(fieldsOf(one, 'spec'), 'tls').length === 0 ? '80' : '80, 443',
    ),
    AGE,
  ],
  IngressClass: [
    NAME,
    column('Controller', inSpec('controller')),
    column(
      'Parameters',
      (one) => textOf(fieldsOf(fieldsOf(one, 'spec'), 'parameters'), 'name') || NONE,
    ),
    AGE,
  ],
  NetworkPolicy: [
    NAME,
    column('Pod-Selector', (policy) => {
      const selector = fieldsOf(fieldsOf(policy, 'spec'), 'podSelector');
      return selectorText(selector, 'matchLabels');
    }),
    AGE,
  ],
  Role: [NAME, CREATED],
  ClusterRole: [NAME, CREATED],
  RoleBinding: BINDING,
  ClusterRoleBinding: BINDING,
  StorageClass: [
    NAME,
    column('Provisioner', (one) => textOf(one, 'provisioner')),
    column('ReclaimPolicy', (one) => textOf(one, 'reclaimPolicy')),
    column('VolumeBindingMode', (one) => textOf(one, 'volumeBindingMode')),
    column('AllowVolumeExpansion', ({ allowVolumeExpansion = false }) => allowVolumeExpansion),
    AGE,
  ],
  PriorityClass: [
    NAME,
    column('Value', ({ value }) => value, false, 'integer'),
    column('Global-Default', ({ globalDefault = false }) => globalDefault),
    AGE,
    column('PreemptionPolicy', (one) => textOf(one, 'preemptionPolicy')),
  ],
  ...WORKLOAD_COLUMNS,
};
