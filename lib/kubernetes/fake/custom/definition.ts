import type { CustomColumn, CustomKind, CustomScale } from '../objects/custom-kind.ts';
import {
  type FakeObject,
  type Fields,
  fieldsOf,
  isName,
  listOf,
  textOf,
} from '../objects/object.ts';
import { type FakeResource, RESOURCES } from '../objects/resources.ts';
import { isTextList } from '../objects/texts.ts';
import { namesOf, readJsonPath } from './json-path.ts';
import { type SchemaProblem, schemaProblem } from './schema-problem.ts';

const LABEL = /^[a-z](?:[a-z\d-]{0,61}[a-z\d])?$/;

/** Groups that are those of Kubernetes, and what says that somebody may use one. */
const PROTECTED = /(?:^|\.)(?:k8s|kubernetes)\.io$/;
const APPROVAL = 'api-approved.kubernetes.io';

/** What is shown where a definition names no columns. */
const AGE_COLUMN: CustomColumn = {
  ...{ name: 'Age', type: 'date', description: '', priority: 0 },
  jsonPath: '.metadata.creationTimestamp',
};

/** What columns may be of. */
const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];

/** The resources that a definition makes: one for each version that is served. */
export function resourcesOf(definition: FakeObject): FakeResource[] {
  const versions = listOf(fieldsOf(definition, 'spec'), 'versions');
  return versions
    .filter(({ served }) => served === true)
    .map((version) => resourceOf(definition, version));
}

/** The resource as which objects are stored, served or not. */
export function storedResourceOf(definition: FakeObject): FakeResource {
  const versions = listOf(fieldsOf(definition, 'spec'), 'versions');
  return resourceOf(definition, versions.find(({ storage }) => storage === true) ?? {});
}

/** Why a definition cannot be beside others: what it calls its objects, another one of its group does; null if it can. */
export function namesProblem(definition: FakeObject, others: readonly FakeObject[]): string | null {
  const group = groupOf(definition);
  const beside = others.filter(
    (one) => one.metadata.name !== definition.metadata.name && groupOf(one) === group,
  );
  for (const namesOf of [singleNames, kindNames]) {
    const own = namesOf(definition);
    for (const other of beside) {
      const taken = namesOf(other).find((name) => own.includes(name));
      if (taken !== undefined)
        return `spec.names: Forbidden: ${other.metadata.name} has "${taken}": this server does not serve a part of the names`;
    }
  }
  return null;
}

function groupOf(definition: FakeObject): string {
  return textOf(fieldsOf(definition, 'spec'), 'group');
}

function singleNames(definition: FakeObject): readonly string[] {
  const names = fieldsOf(fieldsOf(definition, 'spec'), 'names');
  const { singular = textOf(names, 'kind').toLowerCase() } = names;
  return [textOf(names, 'plural'), String(singular), ...textsOf(names, 'shortNames')];
}

function kindNames(definition: FakeObject): readonly string[] {
  const names = fieldsOf(fieldsOf(definition, 'spec'), 'names');
  const kind = textOf(names, 'kind');
  return [kind, textOf(names, 'listKind') || `${kind}List`];
}

function resourceOf(definition: FakeObject, version: Fields): FakeResource {
  const spec = fieldsOf(definition, 'spec');
  const names = fieldsOf(spec, 'names');
  const [plural, kind] = [textOf(names, 'plural'), textOf(names, 'kind')];
  return {
    ...{ group: textOf(spec, 'group'), version: textOf(version, 'name'), plural, kind },
    shortNames: textsOf(names, 'shortNames'),
    namespaced: textOf(spec, 'scope') === 'Namespaced',
    categories: textsOf(names, 'categories'),
    subresources: Object.keys(fieldsOf(version, 'subresources')),
    custom: customKind(kind, names, version),
  };
}

/** Why a definition cannot be, in the place of `before` (null for none); null if it can. */
export function definitionProblem(
  definition: FakeObject,
  before: FakeObject | null,
): SchemaProblem | null {
  const spec = fieldsOf(definition, 'spec');
  const wrong = headProblem(definition, spec) ?? changeProblem(spec, before);
  if (wrong !== null) return { text: wrong, isUnknown: false };
  let later: SchemaProblem | null = null;
  for (const [index, version] of listOf(spec, 'versions').entries()) {
    const problem = versionProblem(version, `spec.versions[${index}]`);
    if (problem !== null && !problem.isUnknown) return problem;
    later ??= problem;
  }
  const { strategy = 'None' } = fieldsOf(spec, 'conversion');
  if (strategy !== 'None' && strategy !== 'Webhook')
    return wrongAt(
      `spec.conversion.strategy: Unsupported value: ${JSON.stringify(strategy)}: supported values: "None", "Webhook"`,
    );
  if (strategy === 'Webhook')
    later ??= unknown('spec.conversion.strategy: Forbidden: this server calls no webhooks');
  const { preserveUnknownFields } = spec;
  if (preserveUnknownFields === true)
    return {
      text: 'spec.preserveUnknownFields: Invalid value: true: must be false in order to use defaults in the schema',
      isUnknown: false,
    };
  return later;
}

function headProblem(definition: FakeObject, spec: Fields): string | null {
  const names = fieldsOf(spec, 'names');
  const [group, plural, kind] = [
    textOf(spec, 'group'),
    ...['plural', 'kind'].map((name) => textOf(names, name)),
  ];
  if (!isName(group) || !group.includes('.'))
    return `spec.group: Invalid value: ${JSON.stringify(group)}: should be a domain with at least one dot`;
  if (!LABEL.test(plural as string)) return `spec.names.plural: Invalid value: "${plural}"`;
  if (!/^[A-Za-z][A-Za-z\d-]{0,62}$/.test(kind as string))
    return `spec.names.kind: Invalid value: "${kind}"`;
  if (definition.metadata.name !== `${plural}.${group}`)
    return `metadata.name: Invalid value: "${definition.metadata.name}": must be spec.names.plural+"."+spec.group`;
  const { annotations = {} } = definition.metadata;
  if (RESOURCES.some((one) => one.group === group))
    return `spec.group: Forbidden: "${group}" is a group of this server`;
  if (PROTECTED.test(group) && !Object.hasOwn(annotations, APPROVAL))
    return `metadata.annotations[${APPROVAL}]: Required value: protected groups must have approval annotation "${APPROVAL}"`;
  if (!['Namespaced', 'Cluster'].includes(textOf(spec, 'scope')))
    return `spec.scope: Unsupported value: "${textOf(spec, 'scope')}": supported values: "Cluster", "Namespaced"`;
  const versions = listOf(spec, 'versions');
  const called = versions.map((version) => textOf(version, 'name'));
  const bad = called.find((name) => !LABEL.test(name));
  if (bad !== undefined)
    return `spec.versions: Invalid value: "${bad}": it is no name of a version`;
  if (new Set(called).size < called.length)
    return 'spec.versions: Invalid value: must not contain duplicate version names';
  return versions.filter(({ storage }) => storage === true).length === 1
    ? null
    : 'spec.versions: Invalid value: must have exactly one version marked as storage version';
}

/** What a kind is called, and where its objects stand, stays. */
function changeProblem(spec: Fields, before: FakeObject | null): string | null {
  if (before === null) return null;
  const old = fieldsOf(before, 'spec');
  const [now, then] = [spec, old].map((one) => fieldsOf(one, 'names')) as [Fields, Fields];
  const isFixed =
    ['group', 'scope'].every((name) => spec[name] === old[name]) &&
    ['plural', 'kind'].every((name) => now[name] === then[name]);
  return isFixed ? null : 'spec: Forbidden: group, scope, plural and kind are immutable here';
}

function versionProblem(version: Fields, path: string): SchemaProblem | null {
  const { openAPIV3Schema } = fieldsOf(version, 'schema');
  if (openAPIV3Schema === undefined)
    return wrongAt(`${path}.schema.openAPIV3Schema: Required value: schemas are required`);
  const where = `${path}.schema.openAPIV3Schema`;
  const problem = schemaProblem(openAPIV3Schema, where);
  if (problem !== null && !problem.isUnknown) return problem;
  if (textOf(openAPIV3Schema as Fields, 'type') !== 'object')
    return wrongAt(`${where}.type: Invalid value: must be object at the root`);
  for (const [index, column] of listOf(version, 'additionalPrinterColumns').entries()) {
    const place = `${path}.additionalPrinterColumns[${index}]`;
    for (const name of ['name', 'type', 'jsonPath'])
      if (textOf(column, name) === '') return wrongAt(`${place}.${name}: Required value`);
    if (!COLUMN_TYPES.includes(textOf(column, 'type')))
      return wrongAt(
        `${place}.type: Invalid value: "${textOf(column, 'type')}": must be one of ${COLUMN_TYPES.join(',')}`,
      );
    if (readJsonPath(textOf(column, 'jsonPath')) === null)
      return wrongAt(`${place}.jsonPath: Forbidden: this server cannot read it`);
  }
  const { scale } = fieldsOf(version, 'subresources');
  for (const name of scale === undefined ? [] : ['specReplicasPath', 'statusReplicasPath']) {
    const [top, ...rest] = namesOf(textOf(scale as Fields, name)) ?? [];
    if (top !== (name.startsWith('spec') ? 'spec' : 'status') || rest.length === 0)
      return wrongAt(
        `${path}.subresources.scale.${name}: Invalid value: "${textOf(scale as Fields, name)}"`,
      );
  }
  for (const [index, field] of listOf(version, 'selectableFields').entries())
    if (namesOf(textOf(field, 'jsonPath')) === null)
      return wrongAt(`${path}.selectableFields[${index}].jsonPath: Invalid value`);
  return problem;
}

function customKind(kind: string, names: Fields, version: Fields): CustomKind {
  const columns = listOf(version, 'additionalPrinterColumns').map((column) => ({
    ...{ name: textOf(column, 'name'), type: textOf(column, 'type') },
    ...{ description: textOf(column, 'description'), jsonPath: textOf(column, 'jsonPath') },
    priority: priorityOf(column),
  }));
  const { scale } = fieldsOf(version, 'subresources');
  return {
    singular: textOf(names, 'singular') || kind.toLowerCase(),
    listKind: textOf(names, 'listKind') || `${kind}List`,
    schema: fieldsOf(fieldsOf(version, 'schema'), 'openAPIV3Schema'),
    columns: columns.length === 0 ? [AGE_COLUMN] : columns,
    scale: scale === undefined ? null : scalePaths(scale as Fields),
    selectable: listOf(version, 'selectableFields').map((field) =>
      (namesOf(textOf(field, 'jsonPath')) ?? []).join('.'),
    ),
  };
}

function priorityOf({ priority = 0 }: Fields): number {
  return Number(priority);
}

function scalePaths(scale: Fields): CustomScale {
  return {
    wanted: textOf(scale, 'specReplicasPath'),
    there: textOf(scale, 'statusReplicasPath'),
    selector: textOf(scale, 'labelSelectorPath'),
  };
}

function textsOf(object: Fields, field: string): readonly string[] {
  const value = object[field];
  return isTextList(value) ? value : [];
}

function wrongAt(text: string): SchemaProblem {
  return { text, isUnknown: false };
}

function unknown(text: string): SchemaProblem {
  return { text, isUnknown: true };
}
