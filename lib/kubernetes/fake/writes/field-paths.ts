import { isDeepStrictEqual } from 'node:util';
import { type FakeObject, type Fields, isFields } from '../objects/object.ts';

/** A field of an object, or an item of a list: the names on the way to it, as `fieldsV1` of Kubernetes has them (`f:spec`, `k:{"name":"c"}`). */
export type FieldPath = readonly string[];

/** Fields, by their paths as texts, with their values. What has parts is not among them, but its parts, and items of lists. */
export type FieldValues = ReadonlyMap<string, unknown>;

/** The value of an item, whose fields are told beside. */
const ITEM = Symbol('item');

/** Lists whose items are told apart by these fields; others are one value. */
const KEYS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  containers: [['name']],
  initContainers: [['name']],
  ephemeralContainers: [['name']],
  volumes: [['name']],
  env: [['name']],
  imagePullSecrets: [['name']],
  resourceClaims: [['name']],
  ports: [
    ['containerPort', 'protocol'],
    ['port', 'protocol'],
  ],
  volumeMounts: [['mountPath']],
  volumeDevices: [['devicePath']],
  conditions: [['type']],
  ownerReferences: [['uid']],
  hostAliases: [['ip']],
  podIPs: [['ip']],
  topologySpreadConstraints: [['topologyKey', 'whenUnsatisfiable']],
};

/** Lists of texts that are sets. */
const SETS = ['finalizers'];

/** Objects that are one value. */
const ATOMS = [
  ...['selector', 'labelSelector', 'nodeSelector', 'involvedObject', 'related'],
  ...['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'secretRef'],
];

const METADATA = '["f:metadata"]';

/** What nobody owns. */
const NOT_OWNED = [
  ...['name', 'generateName', 'namespace', 'uid', 'selfLink', 'resourceVersion', 'generation'],
  ...['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields'],
];

/** The fields of an object that can be owned: of its status, or of all else, as far as these are written apart. */
export function fieldValues(
  object: FakeObject,
  part: 'status' | 'rest' | 'all',
  rules: ListRules,
): FieldValues {
  const values = new Map<string, unknown>();
  for (const [name, value] of Object.entries(object)) {
    if (name === 'apiVersion' || name === 'kind') continue;
    if (part !== 'all' && (name === 'status') !== (part === 'status')) continue;
    // Lists of these kinds are as a whole, whatever they are called elsewhere.
    if (Array.isArray(value)) values.set(textOf([`f:${name}`]), value);
    else if (name !== 'metadata') collect(name, value, '', values, rules);
    else
      for (const [below, field] of Object.entries(isFields(value) ? value : {}))
        if (!NOT_OWNED.includes(below)) collect(below, field, METADATA, values, OWN_RULES);
  }
  return values;
}

/** The path of a text that stands for it. */
export function pathOf(text: string): FieldPath {
  return JSON.parse(text) as FieldPath;
}

/** The paths of all in which something is. */
export function outerPaths(text: string): string[] {
  const path = pathOf(text);
  return path.slice(1).map((_, index) => textOf(path.slice(0, index + 1)));
}

/** What people read: `.spec.containers[name="c"].image`. */
export function shownPath(text: string): string {
  return pathOf(text)
    .map((step) => {
      const rest = step.slice(2);
      if (step.startsWith('f:')) return `.${rest}`;
      if (step.startsWith('v:')) return `[=${rest}]`;
      const keys = Object.entries(JSON.parse(rest) as Fields);
      return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');
}

/** As `fieldsV1` has them. */
export function asFieldsV1(paths: Iterable<string>): Fields {
  const root: Tree = { member: false, below: null };
  for (const text of paths) {
    let node = root;
    for (const step of pathOf(text)) {
      node.below ??= new Map();
      let next = node.below.get(step);
      if (next === undefined) {
        next = { member: false, below: null };
        node.below.set(step, next);
      }
      node = next;
    }
    node.member = true;
  }
  return fieldsOfTree(root);
}

/** The paths of `fieldsV1`; null if it is none. */
export function readFieldsV1(value: unknown): string[] | null {
  const paths: string[] = [];
  return read(value, [], paths) ? paths : null;
}

/** Whether a field is there in both, and the same. */
export function isSameField(path: string, a: FieldValues, b: FieldValues): boolean {
  if (!a.has(path) || !b.has(path)) return false;
  const [one, other] = [a.get(path), b.get(path)];
  return one === other || isDeepStrictEqual(one, other);
}

/** The fields that tell items of a list apart; null where it is one value, or holds texts. */
export function keysOf(name: string, items: readonly unknown[]): readonly string[] | null {
  if (!Object.hasOwn(KEYS, name)) return null;
  const ways = KEYS[name] as readonly (readonly string[])[];
  const has = (item: unknown, [first = '']: readonly string[]): boolean =>
    isFields(item) && Object.hasOwn(item, first);
  return ways.find((keys) => items.length > 0 && items.every((item) => has(item, keys))) ?? null;
}

/** The list of an object that has an item twice, as people read it, with the item; null if there is none. */
export function doubleItem(object: Fields, rules: ListRules, place = ''): string | null {
  for (const [name, value] of Object.entries(object)) {
    const here = `${place}.${name}`;
    const items = Array.isArray(value) && place !== '' ? value : [];
    const keys = rules.keysOf(name, items);
    const inner = place === '' && name === 'metadata' ? OWN_RULES : rules.below(name);
    const steps = new Set<string>();
    for (const item of keys === null ? [] : (items as Fields[])) {
      const step = stepOf(keys as readonly string[], item);
      if (steps.has(step)) return `${here}: duplicate entries for key ${shownPath(textOf([step]))}`;
      steps.add(step);
      const below = doubleItem(item, inner, `${here}${shownPath(textOf([step]))}`);
      if (below !== null) return below;
    }
    const below = isFields(value) && !rules.isAtom(name) ? doubleItem(value, inner, here) : null;
    if (below !== null) return below;
  }
  return null;
}

/** How values are parts of objects, by the names of their fields. */
export interface ListRules {
  /** As `keysOf()`. */
  readonly keysOf: (name: string, items: readonly unknown[]) => readonly string[] | null;
  /** Whether a list is a set of values. */
  readonly isSet: (name: string) => boolean;
  /** Whether an object is one value. */
  readonly isAtom: (name: string) => boolean;
  /** What holds below a field, for the items of a list too. */
  readonly below: (name: string) => ListRules;
}

/** Of the kinds that every server has. */
export const OWN_RULES: ListRules = { keysOf, isSet, isAtom, below: () => OWN_RULES };

/** Whether a list holds texts of which each stands for itself. */
export function isSet(name: string): boolean {
  return SETS.includes(name);
}

/** Whether an object is one value. */
export function isAtom(name: string): boolean {
  return ATOMS.includes(name);
}

/** The step to an item. */
export function stepOf(keys: readonly string[], item: Fields): string {
  const named = keys.map((key) => [key, item[key] ?? (key === 'protocol' ? 'TCP' : null)]);
  return `k:${JSON.stringify(Object.fromEntries(named))}`;
}

function collect(
  name: string,
  value: unknown,
  parent: string,
  into: Map<string, unknown>,
  rules: ListRules,
): void {
  const path = within(parent, `f:${name}`);
  if (Array.isArray(value)) {
    collectList(name, value, path, into, rules);
    return;
  }
  if (!isFields(value) || rules.isAtom(name) || Object.keys(value).length === 0) {
    into.set(path, value);
    return;
  }
  const inner = rules.below(name);
  for (const [below, field] of Object.entries(value)) collect(below, field, path, into, inner);
}

function collectList(
  name: string,
  items: readonly unknown[],
  path: string,
  into: Map<string, unknown>,
  rules: ListRules,
): void {
  const keys = rules.keysOf(name, items);
  const inner = rules.below(name);
  if (rules.isSet(name))
    for (const item of items) into.set(within(path, `v:${JSON.stringify(item)}`), ITEM);
  else if (keys === null) into.set(path, items);
  else
    for (const item of items as readonly Fields[]) {
      const itemPath = within(path, stepOf(keys, item));
      into.set(itemPath, ITEM);
      for (const [below, field] of Object.entries(item))
        collect(below, field, itemPath, into, inner);
    }
}

interface Tree {
  member: boolean;
  /** Null for nothing. */
  below: Map<string, Tree> | null;
}

function fieldsOfTree({ member, below }: Tree): Fields {
  // No step is a name that objects have.
  const fields: Record<string, Fields> = {};
  if (below === null) return fields;
  if (member) fields['.'] = {};
  for (const [step, tree] of below) fields[step] = fieldsOfTree(tree);
  return fields;
}

/** Depth of what a client may say of its fields. */
const MAX_DEPTH = 100;

function read(value: unknown, path: FieldPath, into: string[]): boolean {
  if (!isFields(value) || path.length > MAX_DEPTH) return false;
  const entries = Object.entries(value);
  if (path.length > 0 && (entries.length === 0 || '.' in value)) into.push(textOf(path));
  return entries.every(([step, below]) => {
    if (step === '.') return true;
    return isStep(step) && read(below, [...path, step], into);
  });
}

/** Whether it is a field, a key, a value or an index. */
function isStep(step: string): boolean {
  if (/^[fi]:/.test(step)) return true;
  if (!/^[kv]:/.test(step)) return false;
  try {
    const value: unknown = JSON.parse(step.slice(2));
    return step.startsWith('v:') || isFields(value);
  } catch {
    return false;
  }
}

/** The text of a path, with one step more. */
function within(parent: string, step: string): string {
  const own = JSON.stringify(step);
  return parent === '' ? `[${own}]` : `${parent.slice(0, -1)},${own}]`;
}

function textOf(path: FieldPath): string {
  return JSON.stringify(path);
}
