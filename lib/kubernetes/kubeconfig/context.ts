import type { ClusterOptions } from './cluster.ts';

/** A context of a kubeconfig: where the cluster is and who we are there. */
export interface KubeConfig {
  /** For `exec()`, `portForward()` and so on. */
  readonly cluster: ClusterOptions;
  /** The namespace of the context, else `default`. */
  readonly namespace: string;
  /** Null for a service account. */
  readonly contextName: string | null;
  /** Null for a service account. */
  readonly clusterName: string | null;
  /** Null for a service account, and for a context without a user. */
  readonly userName: string | null;
  /** Names of all contexts that the files have, in their order. */
  readonly contextNames: readonly string[];
  /** Paths of the files that were read, the first one counting most. */
  readonly files: readonly string[];
}
