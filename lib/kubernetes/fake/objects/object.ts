import { isText } from './texts.ts';

/** An object of the API, as its JSON has it. */
export interface FakeObject {
  /** As `v1` or `apps/v1`. */
  readonly apiVersion: string;
  /** As `Pod` or `Deployment`. */
  readonly kind: string;
  /** Its name, and what else is told about it. */
  readonly metadata: FakeObjectMetadata;
  /** What its kind has: `spec`, `status`, `data`... */
  readonly [field: string]: unknown;
}

/** What every object has. */
export interface FakeObjectMetadata {
  /** Its name. */
  readonly name: string;
  /** Its namespace; none for namespaces themselves. */
  readonly namespace?: string | undefined;
  /** What label selectors look at. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** What nothing looks at. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Unlike that of any other object, whatever its name. The server makes it. */
  readonly uid?: string | undefined;
  /** Another one for each change of the object. The server makes it. */
  readonly resourceVersion?: string | undefined;
  /** How often has changed what is wanted of it: 1 at first. The server counts for deployments and other workloads. */
  readonly generation?: number | undefined;
  /** When it was made, to the second. The server makes it. */
  readonly creationTimestamp?: string | undefined;
  /** Set when its end has begun. The server makes it. */
  readonly deletionTimestamp?: string | undefined;
  /** Anything else. */
  readonly [field: string]: unknown;
}

/** An object as a test or a client writes it: the server adds the rest. */
export type FakeManifest = Pick<FakeObject, 'apiVersion' | 'kind'> & {
  /** A name is enough. */
  readonly metadata: FakeObjectMetadata;
  /** What its kind has. */
  readonly [field: string]: unknown;
};

/** Any object of JSON. */
export type Fields = Readonly<Record<string, unknown>>;

/** Names of namespaces, pods and containers (RFC 1123, with dots). */
const NAME = /^(?=.{1,253}$)[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/;

/** Whether Kubernetes allows this name. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

/** Whether an object of this `apiVersion` may have this name: those of roles and their bindings are any part of a path. */
export function isNameOf(apiVersion: string, value: unknown): value is string {
  if (!apiVersion.startsWith('rbac.authorization.k8s.io/')) return isName(value);
  return typeof value === 'string' && /^(?!\.{1,2}$)[^/%\0]{1,253}$/.test(value);
}

/** Whether a value is an object of JSON. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object under a field; an empty one if there is none. */
export function fieldsOf(object: Fields, field: string): Fields {
  const value = object[field];
  return isFields(value) ? value : {};
}

/** The objects in the array under a field. */
export function listOf(object: Fields, field: string): Fields[] {
  const value = object[field];
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** The text under a field; an empty one if there is none. */
export function textOf(object: Fields, field: string): string {
  const value = object[field];
  return typeof value === 'string' ? value : '';
}

/** The texts under a field, as labels are. */
export function textsOf(object: Fields, field: string): Readonly<Record<string, string>> {
  const entries = Object.entries(fieldsOf(object, field));
  return Object.fromEntries(entries.filter((one): one is [string, string] => isText(one[1])));
}

/** Whether somebody wants to be asked before an object goes. */
export function isHeld({ metadata: { finalizers } }: FakeObject): boolean {
  return Array.isArray(finalizers) && finalizers.length > 0;
}

/** To the second, as Kubernetes has it. */
export function timestamp(time: Date = new Date()): string {
  return time.toISOString().replace(/\.\d+/, '');
}
