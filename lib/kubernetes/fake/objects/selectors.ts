import { type FakeObject, type Fields, fieldsOf, listOf, textOf, textsOf } from './object.ts';
import { type FakeResource, ownKindOf } from './resources.ts';

/** Whether an object is one of those that are asked for. */
export type Selection = (object: FakeObject) => boolean;

/** Every field that can be selected by, beside the name and the namespace: as in Kubernetes. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Pod: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  Service: ['spec.clusterIP', 'spec.type'],
  Secret: ['type'],
  Namespace: ['status.phase'],
  Node: ['spec.unschedulable'],
  ReplicaSet: ['status.replicas'],
  ReplicationController: ['status.replicas'],
  Job: ['status.successful'],
  Event: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
};

/** Where fields stand that have other names in the object: the first one that is there. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  source: ['source.component', 'reportingComponent'],
  'status.successful': ['status.succeeded'],
};

/** What an API server has in fields, by kind, where a manifest has nothing. */
const DEFAULTS: Readonly<Record<string, string>> = {
  'Service spec.type': 'ClusterIP',
  'Secret type': 'Opaque',
  'Namespace status.phase': 'Active',
  'Pod spec.hostNetwork': 'false',
  'Node spec.unschedulable': 'false',
  'ReplicaSet status.replicas': '0',
  'ReplicationController status.replicas': '0',
  'Job status.successful': '0',
};

const LABEL_NAME = /^[A-Za-z\d]([\w.-]{0,61}[A-Za-z\d])?$/;
const LABEL_VALUE = /^([A-Za-z\d]([\w.-]{0,61}[A-Za-z\d])?)?$/;
const LABEL_PREFIX = /^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/;

/** A requirement of a label selector; its groups: denial, key; or key, operator, values. */
const EXISTS = /^(!?)\s*([^\s!=<>(),]+)$/;
const COMPARES = /^([^\s!=<>(),]+)\s*(==|=|!=|>|<)\s*([^\s!=<>(),]*)$/;
const LISTED = /^([^\s!=<>(),]+)\s+(in|notin)\s*\(([^()]*)\)$/;

/** Reads `fieldSelector` and `labelSelector` of a query; a text is why it cannot be served. */
export function readSelectors(resource: FakeResource, query: URLSearchParams): Selection | string {
  const fields = readFieldSelector(resource, query.get('fieldSelector') ?? '');
  if (typeof fields === 'string') return fields;
  const labels = readLabelSelector(query.get('labelSelector') ?? '');
  if (typeof labels === 'string') return labels;
  return (object) => fields(object) && labels(object);
}

/** Reads a label selector as Kubernetes does; a text is why it is none. */
function readLabelSelector(text: string): Selection | string {
  const tests: ((labels: Readonly<Record<string, string>>) => boolean)[] = [];
  // The commas between requirements, not those of a list.
  const parts = text.trim() === '' ? [] : text.split(/,(?![^(]*\))/);
  for (const part of parts) {
    const test = readRequirement(part.trim());
    if (typeof test === 'string') return `unable to parse requirement: ${test}`;
    tests.push(test);
  }
  return ({ metadata }) => {
    const labels = textsOf(metadata, 'labels');
    return tests.every((test) => test(labels));
  };
}

/** What a label selector of an object chooses, which has `matchLabels` and `matchExpressions`: everything if it is empty. */
export function selectionOf(selector: Fields): Selection {
  const wanted = Object.entries(textsOf(selector, 'matchLabels'));
  const expressions = listOf(selector, 'matchExpressions');
  return ({ metadata }) => {
    const labels = textsOf(metadata, 'labels');
    return (
      wanted.every(([key, value]) => labels[key] === value) &&
      expressions.every((one) => isMet(one, labels))
    );
  };
}

function isMet(expression: Fields, labels: Readonly<Record<string, string>>): boolean {
  const { values = [], operator } = expression;
  const value = labels[textOf(expression, 'key')];
  const isListed = value !== undefined && Array.isArray(values) && values.includes(value);
  switch (operator) {
    case 'In':
      return isListed;
    case 'NotIn':
      return !isListed;
    case 'Exists':
      return value !== undefined;
    default:
      return value === undefined;
  }
}

/** Reads a field selector; a text is why it is none, or why its fields are not those of the resource. */
function readFieldSelector(resource: FakeResource, text: string): Selection | string {
  const tests: Selection[] = [];
  // A backslash makes a comma or an equals sign part of a value.
  for (const term of text.match(/(?:\\.|[^,\\])+|\\$/gs) ?? []) {
    const [, path = '', operator = '', escaped = ''] =
      /^([^=!\\]+)(!=|==|=)((?:\\[\\,=]|[^\\=])*)$/.exec(term) ?? [];
    if (operator === '') return `invalid selector: '${text}'; can't understand '${term}'`;
    if (!isSelectable(resource, path)) return `field label not supported: ${path}`;
    const value = escaped.replace(/\\(.)/g, '$1');
    tests.push((object) => (selectable(object, path) === value) === (operator !== '!='));
  }
  return (object) => tests.every((test) => test(object));
}

function isSelectable({ kind, namespaced, custom }: FakeResource, path: string): boolean {
  if (path === 'metadata.name') return true;
  if (path === 'metadata.namespace') return namespaced;
  if (custom !== undefined) return custom.selectable.includes(path);
  return Object.hasOwn(FIELDS, kind) && (FIELDS[kind] as readonly string[]).includes(path);
}

/** What a field selector compares; nothing is the empty text. */
function selectable(object: FakeObject, field: string): string {
  const texts = (PLACES[field] ?? [field]).map((path) => fieldAt(object, path));
  return texts.find((text) => text !== '') ?? DEFAULTS[`${ownKindOf(object)} ${field}`] ?? '';
}

/** What stands there, as text; nothing is the empty one. */
function fieldAt(object: FakeObject, path: string): string {
  const names = path.split('.');
  const last = names.pop() as string;
  const parent = names.reduce<Fields>(fieldsOf, object);
  const value = parent[last];
  return typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : textOf(parent, last);
}

function readRequirement(
  part: string,
): ((labels: Readonly<Record<string, string>>) => boolean) | string {
  const exists = EXISTS.exec(part);
  if (exists !== null) {
    const [, denied, key = ''] = exists;
    return keyProblem(key) ?? ((labels) => Object.hasOwn(labels, key) === (denied === ''));
  }
  const [, key, operator = '', text = ''] = COMPARES.exec(part) ?? LISTED.exec(part) ?? [];
  if (key === undefined) return `found '${part}', expected: a key, an operator and values`;
  const values = text.split(',').map((value) => value.trim());
  const problem =
    keyProblem(key) ?? values.map(valueProblem).find((found) => found !== null) ?? null;
  if (problem !== null) return problem;
  if (operator === '>' || operator === '<') {
    if (!/^-?\d+$/.test(text)) return `for 'Gt', 'Lt' operators, the value must be an integer`;
    const sign = operator === '>' ? 1 : -1;
    return ({ [key]: label }) =>
      label !== undefined && /^-?\d+$/.test(label) && sign * (Number(label) - Number(text)) > 0;
  }
  const wanted = operator !== '!=' && operator !== 'notin';
  return (labels) =>
    (Object.hasOwn(labels, key) && values.includes(labels[key] as string)) === wanted;
}

/** Why a text is no key of a label; null if it is. */
export function keyProblem(key: string): string | null {
  const [name = '', prefix = null, more] = key.split('/').reverse();
  if (more === undefined && LABEL_NAME.test(name) && (prefix === null || LABEL_PREFIX.test(prefix)))
    return null;
  return `'${key}' is no key of a label`;
}

/** Why a text is no value of a label; null if it is. */
export function valueProblem(value: string): string | null {
  return LABEL_VALUE.test(value) ? null : `'${value}' is no value of a label`;
}
