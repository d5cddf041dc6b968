import type { Fields } from './object.ts';

/** What a custom resource definition says of the objects of one version, as it is needed to serve them. */
export interface CustomKind {
  /** As people name one of them. */
  readonly singular: string;
  /** Of the list of them. */
  readonly listKind: string;
  /** The schema (OpenAPI 3) of its objects. */
  readonly schema: Fields;
  /** What `kubectl get` shows beside the name. */
  readonly columns: readonly CustomColumn[];
  /** Where its replicas are; null where it has no `scale`. */
  readonly scale: CustomScale | null;
  /** Paths that field selectors may name, as `spec.color`. */
  readonly selectable: readonly string[];
}

/** A column of a table. */
export interface CustomColumn {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  /** Above 0 it is shown for `-o wide` only. */
  readonly priority: number;
  /** As `.spec.replicas`. */
  readonly jsonPath: string;
}

/** Paths as `.spec.replicas`. */
export interface CustomScale {
  readonly wanted: string;
  readonly there: string;
  /** Empty for none. */
  readonly selector: string;
}
