import { TargetError } from '../../errors.ts';
import { type ApiObject, objectAt, objectsAt, portAt, textAt, valueAt } from '../api/api-object.ts';

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** A pod that a target leads to at this moment. Made by `resolveTarget()`. */
export class FoundPod {
  /** Its namespace. */
  readonly namespace: string;
  /** Its name. */
  readonly name: string;
  /** Which pod of this name it is. */
  readonly uid: string | null;
  /** The container that is meant unless one is named: that of the annotation `kubectl.kubernetes.io/default-container`, else the first one. */
  readonly container: string | null;
  /** Whether it is ready, and not about to end. */
  readonly ready: boolean;
  /** Whether it runs, and is not about to end. */
  readonly runs: boolean;
  /** Its phase: `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`. */
  readonly phase: string | null;
  readonly #containers: readonly ApiObject[];
  readonly #service: ApiObject | null;

  /** `resolveTarget()` makes it. @internal */
  constructor(namespace: string, pod: ApiObject, service: ApiObject | null) {
    const metadata = objectAt(pod, 'metadata');
    const spec = objectAt(pod, 'spec');
    const containers = objectsAt(spec, 'containers');
    const names = containers.map((one) => textAt(one, 'name'));
    const wanted = textAt(objectAt(metadata, 'annotations'), DEFAULT_CONTAINER);
    this.namespace = namespace;
    this.name = textAt(metadata, 'name') ?? '';
    this.uid = textAt(metadata, 'uid');
    this.container = (names.includes(wanted) ? wanted : names[0]) ?? null;
    const readiness = readinessOf(pod);
    this.ready = readiness === 0;
    this.phase = textAt(objectAt(pod, 'status'), 'phase');
    this.runs = readiness === 0 || readiness === 1;
    // Those that stay beside the others have ports too.
    const sidecars = objectsAt(spec, 'initContainers').filter(
      (one) => valueAt(one, 'restartPolicy') === 'Always',
    );
    this.#containers = [...containers, ...sidecars];
    this.#service = service;
  }

  /**
   * The port of the pod for a number or a name: of a service one of its own ports, of everything else one of a container.
   *
   * @throws TargetError for one that there is not
   */
  port(port: number | string): number {
    if (this.#service !== null) return this.#portOfService(this.#service, port);
    return typeof port === 'number' ? port : this.#portNamed(port);
  }

  #portNamed(name: string): number {
    const ports = this.#containers.flatMap((container) => objectsAt(container, 'ports'));
    const found = ports.find((port) => valueAt(port, 'name') === name);
    const number = found === undefined ? null : portAt(found, 'containerPort');
    if (number === null)
      throw new TargetError(`the pod ${this.name} has no port ${name}, only ${listed(ports)}`);
    return number;
  }

  #portOfService(service: ApiObject, wanted: number | string): number {
    const ports = objectsAt(objectAt(service, 'spec'), 'ports');
    const field = typeof wanted === 'number' ? 'port' : 'name';
    const found = ports.find((port) => port[field] === wanted);
    const number = found === undefined ? null : portAt(found, 'port');
    if (found === undefined || number === null) {
      const name = textAt(objectAt(service, 'metadata'), 'name');
      throw new TargetError(`the service ${name} has no port ${wanted}, only ${listed(ports)}`);
    }
    // Who connects to a headless service connects to its pods.
    if (valueAt(objectAt(service, 'spec'), 'clusterIP') === 'None') return number;
    const target = textAt(found, 'targetPort');
    return target === null ? (portAt(found, 'targetPort') ?? number) : this.#portNamed(target);
  }
}

/** How well something can be done in a pod: 0 ready, 1 it runs, 2 it is about to end, null: it does not run. */
export function readinessOf(pod: ApiObject): 0 | 1 | 2 | null {
  const status = objectAt(pod, 'status');
  if (valueAt(status, 'phase') !== 'Running') return null;
  if (textAt(objectAt(pod, 'metadata'), 'deletionTimestamp') !== null) return 2;
  const conditions = objectsAt(status, 'conditions');
  const isReady = conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');
  return isReady ? 0 : 1;
}

function listed(ports: readonly ApiObject[]): string {
  const words = ports.map((port) => {
    const number = portAt(port, 'port') ?? portAt(port, 'containerPort') ?? '?';
    const name = textAt(port, 'name');
    return name === null ? `${number}` : `${number} (${name})`;
  });
  return words.length === 0 ? 'none' : words.join(', ');
}
