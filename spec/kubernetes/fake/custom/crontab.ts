import type { FakeManifest, Fields } from '../../../../lib/kubernetes/fake/objects/object.ts';

/** A definition of cron tabs, whose `spec` is this. */
export function cronTabs(
  spec: Fields,
  version: Fields = {},
  more: Fields = {},
): FakeManifest & { readonly spec: Fields } {
  const status = { type: 'object', properties: { replicas: { type: 'integer' } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'crontabs.stable.example.com' },
    spec: {
      group: 'stable.example.com',
      names: { plural: 'crontabs', kind: 'CronTab', shortNames: ['ct'] },
      scope: 'Namespaced',
      versions: [
        {
          ...{ name: 'v1', served: true, storage: true },
          schema: { openAPIV3Schema: { type: 'object', properties: { spec, status } } },
          ...version,
        },
      ],
      ...more,
    },
  };
}

/** What cron tabs of examples have. */
export const CRON_SPEC: Fields = {
  type: 'object',
  required: ['schedule'],
  properties: {
    schedule: { type: 'string', pattern: '^\\S+ \\S+$' },
    replicas: { type: 'integer', minimum: 1, maximum: 10, default: 1 },
    mode: { type: 'string', enum: ['fast', 'slow'] },
    env: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['key'],
      items: { type: 'object', properties: { key: { type: 'string' }, value: { type: 'string' } } },
    },
    containers: {
      type: 'array',
      items: { type: 'object', properties: { name: { type: 'string' } } },
    },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    port: { 'x-kubernetes-int-or-string': true },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
  },
};

/** A cron tab. */
export function cronTab(name: string, spec: Fields): FakeManifest {
  return { apiVersion: 'stable.example.com/v1', kind: 'CronTab', metadata: { name }, spec };
}
