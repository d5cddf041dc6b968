import type { IncomingMessage } from 'node:http';
import type { KubernetesTarget, UrlTarget } from '../client/command/command-options.ts';
import { checkTargetNames, TRANSLATOR_TARGET_NAMES } from '../client/option-names.ts';
import type { PodTarget } from '../client/target/target.ts';
import { checkTransport, type KubernetesTransport } from '../client/transport.ts';
import type { ClusterOptions } from '../kubeconfig/cluster.ts';
import type { StreamingRequest } from '../server/routes.ts';

/** A server behind a stream translator, with the pod that the client asks for, or another one. */
export interface TranslatorPodTarget extends Partial<PodTarget> {
  /** The API server, kubelet or runtime to ask, and how: TLS, credentials, headers. Nothing of the client's request goes there by itself. */
  readonly cluster: ClusterOptions;
  /** What is spoken there. Default `'spdy'`. */
  readonly transport?: KubernetesTransport | undefined;
}

/** A URL behind a stream translator, such as a container runtime gives for one command. */
export interface TranslatorUrlTarget extends UrlTarget {
  /** What is spoken there. Default `'spdy'`. */
  readonly transport?: KubernetesTransport | undefined;
}

/** Where a stream translator leads a client, and what is spoken there. */
export type TranslatorTarget = TranslatorPodTarget | TranslatorUrlTarget;

/** Chooses where a client is led. An UpgradeRefusedError that it throws is answered as it says, anything else 500. */
export type TargetChooser = (
  asked: StreamingRequest,
  request: IncomingMessage,
) => TranslatorTarget | Promise<TranslatorTarget>;

/** A target with everything filled in. */
export interface ChosenTarget {
  readonly place: KubernetesTarget;
  readonly transport: KubernetesTransport;
}

/**
 * Fills in what a chosen target leaves to the client.
 *
 * @throws InvalidArgumentError for one that makes no sense
 */
export function completeTarget(target: TranslatorTarget, asked: StreamingRequest): ChosenTarget {
  checkTargetNames('the target of a client', target, TRANSLATOR_TARGET_NAMES);
  const { transport: given, ...place } = target;
  const transport = checkTransport(given ?? 'spdy');
  if ('url' in place) return { place, transport };
  const container = asked.kind === 'portForward' ? null : asked.container;
  const { namespace, pod, uid } = asked;
  const filled = {
    namespace,
    pod,
    ...(container === null ? {} : { container }),
    ...(uid === null ? {} : { uid }),
    ...place,
  };
  return { place: filled, transport };
}
