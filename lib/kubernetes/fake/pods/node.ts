import { type FakeObject, timestamp } from '../objects/object.ts';

/** The node that all pods are on. */
export const NODE = 'fake-node';

const HELD = { cpu: '4', memory: '16Gi', 'ephemeral-storage': '100Gi', pods: '110' };

/** That node as the API has it. */
export function nodeObject(): FakeObject {
  const now = timestamp();
  const labels = {
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': NODE,
    'kubernetes.io/os': 'linux',
  };
  const condition = (type: string, status: string, reason: string): object => ({
    ...{ type, status, reason, message: '', lastHeartbeatTime: now, lastTransitionTime: now },
  });
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NODE, labels },
    spec: {},
    status: {
      capacity: HELD,
      allocatable: HELD,
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
        condition('Ready', 'True', 'KubeletReady'),
      ],
      addresses: [
        { type: 'InternalIP', address: '127.0.0.1' },
        { type: 'Hostname', address: NODE },
      ],
      nodeInfo: {
        ...{ machineID: '', systemUUID: '', bootID: '', kernelVersion: '', osImage: 'fake' },
        ...{ containerRuntimeVersion: 'fake://1', kubeletVersion: 'v1.35.0-fake' },
        ...{ kubeProxyVersion: '', operatingSystem: 'linux', architecture: 'amd64' },
      },
    },
  };
}
