import { expect } from 'chai';
import { InvalidArgumentError } from '../../../../lib/errors.ts';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';
import type { Fields } from '../../../../lib/kubernetes/fake/objects/object.ts';
import { CRON_SPEC, cronTabs } from './crontab.ts';

describe('definitions that Kubernetes would not take, or this server does not know', () => {
  let fake: FakeApiServer;

  beforeEach(async () => {
    fake = await createFakeApiServer({}).listen();
  });

  afterEach(() => fake.close());

  async function problemOf(definition: object): Promise<string> {
    const answer = await fetch(
      `${fake.url}/apis/apiextensions.k8s.io/v1/customresourcedefinitions`,
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(definition),
      },
    );
    const { message = '' } = (await answer.json()) as { message?: string };
    expect(answer.status, message).to.equal(422);
    return message.replace(/^.* is invalid: /, '');
  }

  const schema = 'spec.versions[0].schema.openAPIV3Schema';

  it('are refused by clients and by tests', async () => {
    const of = (fields: Fields): object => cronTabs(CRON_SPEC, {}, fields);
    const name = { metadata: { name: 'x.stable.example.com' } };
    for (const [definition, words] of [
      [{ ...cronTabs(CRON_SPEC), ...name }, /^metadata.name: .* must be spec.names.plural/],
      [of({ scope: 'All' }), /^spec.scope: Unsupported value: "All"/],
      [of({ group: 'example' }), /^spec.group/],
      [of({ versions: [] }), /exactly one version marked as storage/],
      [cronTabs(CRON_SPEC, { name: 'V1' }), /^spec.versions: Invalid value: "V1"/],
      [
        of({ conversion: { strategy: 'Any' } }),
        /^spec.conversion.strategy: Unsupported value: "Any"/,
      ],
      [
        cronTabs(CRON_SPEC, {
          additionalPrinterColumns: [{ name: 'A', type: 'object', jsonPath: '.spec' }],
        }),
        /type: Invalid value: "object": must be one of boolean,date,integer,number,string$/,
      ],
      [cronTabs(CRON_SPEC, { schema: {} }), /schemas are required/],
      [cronTabs({}), `${schema}.properties[spec].type: Required value: must not be empty`],
      [cronTabs({ type: 'any' }), `${schema}.properties[spec].type: Invalid value: "any"`],
      [cronTabs({ type: 'array' }), `${schema}.properties[spec].items: Required value`],
      [cronTabs({ type: 'string', pattern: '(' }), `${schema}.properties[spec].pattern: Invalid`],
      [cronTabs({ type: 'string', maxLength: 'x' }), `${schema}.properties[spec].maxLength`],
    ] as const) {
      const problem = await problemOf(definition);
      if (typeof words === 'string') expect(problem).to.include(words);
      else expect(problem).to.match(words);
      expect(() => fake.put(definition as never)).to.throw(InvalidArgumentError);
    }
    const { spec } = cronTabs(CRON_SPEC);
    const metadata = { name: 'crontabs.batch.k8s.io' };
    const guarded = { ...cronTabs(CRON_SPEC), metadata, spec: { ...spec, group: 'batch.k8s.io' } };
    expect(await problemOf(guarded)).to.include('must have approval annotation');
    const own = { ...guarded, spec: { ...spec, group: 'policy' } };
    expect(await problemOf(own)).to.match(/^spec.group/);
  });

  it('are refused by clients where objects would not be checked as there, and taken from tests', async () => {
    const conversion = { conversion: { strategy: 'Webhook' } };
    for (const definition of [
      cronTabs({ ...CRON_SPEC, 'x-kubernetes-validations': [{ rule: 'self.replicas > 1' }] }),
      cronTabs({ type: 'string', format: 'email' }),
      cronTabs({ type: 'object', 'x-kubernetes-embedded-resource': true }),
      cronTabs({ type: 'string', 'x-later': 1 }),
      cronTabs(CRON_SPEC, {}, conversion),
    ]) {
      expect(await problemOf(definition)).to.match(/this server (?:does not|calls no)/);
      fake.put(definition);
      fake.remove('crd', definition.metadata.name);
    }
  });

  it('are refused where another one of the group has their names', async () => {
    fake.put(cronTabs(CRON_SPEC));
    for (const [names, taken] of [
      [{ kind: 'CronTab' }, 'crontab'],
      [{ kind: 'CronTab', singular: 'own' }, 'CronTab'],
      [{ kind: 'Other', shortNames: ['ct'] }, 'ct'],
      [{ kind: 'CronTabList' }, 'CronTabList'],
    ] as const) {
      const definition = {
        ...cronTabs(CRON_SPEC, {}, { names: { plural: 'others', ...names } }),
        metadata: { name: 'others.stable.example.com' },
      };
      const words = `spec.names: Forbidden: crontabs.stable.example.com has "${taken}"`;
      expect(await problemOf(definition)).to.include(words);
      expect(() => fake.put(definition)).to.throw(InvalidArgumentError, words);
    }
  });

  it('keep what they define', async () => {
    fake.put(cronTabs(CRON_SPEC));
    const path = `${fake.url}/apis/apiextensions.k8s.io/v1/customresourcedefinitions/crontabs.stable.example.com`;
    const answer = await fetch(path, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/merge-patch+json' },
      body: JSON.stringify({ spec: { scope: 'Cluster' } }),
    });
    expect(answer.status).to.equal(422);
  });
});
