import { InvalidArgumentError } from '../../../errors.ts';
import type { Session, SessionOptions } from '../../../session/public.ts';
import { TargetError, UpgradeRefusedError } from '../../errors.ts';
import { aborted } from '../api/api-request.ts';
import {
  type KubernetesTarget,
  locateTarget,
  type PodCommandTarget,
} from '../command/command-options.ts';
import type { FoundPod } from '../target/found-pod.ts';
import { needsLookup, resolveTarget } from '../target/resolve-target.ts';
import { plainName } from '../target/target.ts';
import type { KubernetesTransport } from '../transport.ts';
import { isWorthRetrying, PortForwardConnector } from './port-forward-connect.ts';

/** Longest time to look at a pod that may be looked at, in milliseconds. */
const LOOK_TIMEOUT_MS = 5000;

/** How a way to a pod is found. */
export interface ForwardWayOptions {
  /** Milliseconds for each answer, 0 for no limit. */
  readonly timeoutMs: number;
  readonly transport: KubernetesTransport;
  /** Whether a pod that is made anew, or another one, takes the place of one that is gone. */
  readonly reconnect: boolean;
}

/** The way to the pod whose ports are forwarded. Where a target may lead to another pod, that is looked up for each session. */
export class ForwardWay {
  readonly #target: KubernetesTarget;
  readonly #timeoutMs: number;
  /** Whether there may be another pod. */
  readonly #follows: boolean;
  /** Whether there may be another pod of the same name. */
  readonly #remembers: boolean;
  #connector: PortForwardConnector | null = null;
  #transport: KubernetesTransport;
  #found: FoundPod | null = null;
  /** A pod was found once. */
  #known = false;
  #doubted = false;

  /** @throws InvalidArgumentError for a target that is none */
  constructor(target: KubernetesTarget, options: ForwardWayOptions) {
    this.#target = target;
    this.#timeoutMs = options.timeoutMs;
    this.#transport = options.transport;
    this.#follows = needsLookup(target);
    this.#remembers = !this.#follows && options.reconnect && isAtApiServer(target);
    if (!this.#follows) this.#connector = this.#connectorTo(target);
  }

  /** A session with the pod. Rejects as `upgradeToSpdy()` and `resolveTarget()`. The signal ends none that is there already. */
  async open(signal: AbortSignal | null, session: SessionOptions): Promise<Session> {
    // One of the same name may have other ports.
    this.#found = null;
    if (this.#follows) await this.#find(signal);
    this.#doubted = false;
    const connector = this.#connector as PortForwardConnector;
    const opened = await connector.open(signal, session);
    this.#transport = connector.transport;
    if (this.#remembers) await this.#look(signal);
    if (signal?.aborted === true) {
      opened.destroy();
      throw aborted(signal.reason);
    }
    return opened;
  }

  /** The name of the pod that was found last, or that was given; null for one that nothing is known of. */
  get pod(): string | null {
    const target = this.#target;
    return this.#found?.name ?? ('url' in target ? null : (plainName(target.pod) ?? null));
  }

  /** The number of a port, if that need not be looked up; else null. */
  portNow(port: number | string): number | null {
    return typeof port === 'number' && !this.#follows ? port : null;
  }

  /** The number of a port of the pod. A name is looked up in the pod. Rejects as `resolveTarget()`. */
  async port(port: number | string, signal: AbortSignal | null): Promise<number> {
    const number = this.portNow(port);
    if (number !== null) return number;
    const found = this.#found ?? (await this.#find(signal));
    return found.port(port);
  }

  /** Whether the pod may be gone. */
  get doubted(): boolean {
    return this.#doubted;
  }

  /** A connection to the pod has failed on its side. */
  doubt(): void {
    this.#doubted = this.#follows || (this.#remembers && this.#found !== null);
  }

  /** Whether the pod is gone, or about to end; what cannot be known is no reason to leave it. */
  async isGone(signal: AbortSignal | null): Promise<boolean> {
    const last = this.#found;
    try {
      const now = await this.#resolve(last?.name, signal);
      return now.uid !== last?.uid || !now.runs;
    } catch (error) {
      return error instanceof TargetError && error.statusCode === 404;
    } finally {
      this.#doubted = false;
    }
  }

  /** Whether another try may succeed after a failed one. */
  isWorthRetrying(error: unknown): boolean {
    const isRefusal = error instanceof UpgradeRefusedError || error instanceof TargetError;
    // The next pod may be there in a moment.
    if ((this.#follows || this.#known) && isRefusal)
      return error.statusCode !== 401 && error.statusCode !== 403;
    return isWorthRetrying(error);
  }

  /** Looks which pod it is, as far as that may be known. */
  async #look(signal: AbortSignal | null): Promise<void> {
    const limit =
      this.#timeoutMs === 0 ? LOOK_TIMEOUT_MS : Math.min(this.#timeoutMs, LOOK_TIMEOUT_MS);
    this.#found = await this.#resolve(undefined, signal, limit).catch(() => null);
    this.#known ||= this.#found !== null;
  }

  async #find(signal: AbortSignal | null): Promise<FoundPod> {
    const found = await this.#resolve(undefined, signal);
    this.#found = found;
    if (this.#follows) this.#connector = this.#connectorTo({ ...this.#target, pod: found.name });
    return found;
  }

  async #resolve(
    name: string | undefined,
    signal: AbortSignal | null,
    timeoutMs: number = this.#timeoutMs,
  ): Promise<FoundPod> {
    const target = this.#target;
    if (!isAtApiServer(target))
      throw new InvalidArgumentError('the name of a port needs a pod behind an API server');
    const { cluster, namespace, pod, podTimeoutMs } = target;
    const waits = name === undefined && podTimeoutMs !== undefined;
    return await resolveTarget({
      cluster,
      pod: name ?? pod,
      ...(waits ? { podTimeoutMs } : {}),
      ...(namespace === undefined ? {} : { namespace }),
      timeoutMs,
      ...(signal === null ? {} : { signal }),
    });
  }

  #connectorTo(target: KubernetesTarget): PortForwardConnector {
    const { cluster, path } = locateTarget(target, 'portforward', null);
    const timeoutMs = this.#timeoutMs;
    return new PortForwardConnector({ cluster, path, timeoutMs }, this.#transport);
  }
}

function isAtApiServer(target: KubernetesTarget): target is PodCommandTarget {
  return !('url' in target) && target.api !== 'kubelet';
}
