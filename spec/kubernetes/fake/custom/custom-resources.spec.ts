import { expect } from 'chai';
import { InvalidArgumentError } from '../../../../lib/errors.ts';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';
import { until } from '../../../support/session-pair.ts';
import { CRON_SPEC, cronTab, cronTabs } from './crontab.ts';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const TABS = '/apis/stable.example.com/v1/namespaces/default/crontabs';
const MERGE = 'application/merge-patch+json';

describe('custom resources of a fake API server', () => {
  let fake: FakeApiServer;

  beforeEach(async () => {
    fake = await createFakeApiServer({}).listen();
  });

  afterEach(() => fake.close());

  async function ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<[number, Answer]> {
    const answer = await fetch(fake.url + path, {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return [answer.status, (await answer.json()) as Answer];
  }

  const define = async (...args: Parameters<typeof cronTabs>): Promise<void> => {
    expect((await ask('POST', DEFINITIONS, cronTabs(...args)))[0]).to.equal(201);
  };

  const create = (spec: object, query = ''): Promise<[number, Answer]> =>
    ask('POST', `${TABS}${query}`, cronTab('c', spec as Answer));

  it('are there as long as they are defined', async () => {
    expect((await ask('GET', TABS))[0]).to.equal(404);
    const [, definition] = await ask('POST', DEFINITIONS, cronTabs(CRON_SPEC));
    expect(definition).to.have.nested.property('status.conditions[1].type', 'Established');
    expect(definition).to.have.nested.property('spec.names.listKind', 'CronTabList');
    expect((await ask('GET', TABS))[1]).to.deep.include({ kind: 'CronTabList', items: [] });
    expect((await create({ schedule: '* *' }))[0]).to.equal(201);
    expect(fake.find('crontabs.stable.example.com', 'c')).to.have.property('kind', 'CronTab');
    expect(fake.find('ct', 'c')).to.have.nested.property('metadata.generation', 1);
    const [, group] = await ask('GET', '/apis/stable.example.com/v1');
    expect(group).to.have.nested.property('resources[0].singularName', 'crontab');
    expect((await ask('GET', '/apis'))[1].groups?.map(({ name }) => name)).to.include(
      'stable.example.com',
    );
    const [, ending] = await ask('DELETE', `${DEFINITIONS}/crontabs.stable.example.com`);
    expect(ending.metadata).to.have.property('deletionTimestamp');
    await gone('crontabs.stable.example.com');
    expect((await ask('GET', TABS))[0]).to.equal(404);
  });

  /** Resolves when there is no such definition any more. */
  async function gone(name: string): Promise<void> {
    await until(() => fake.find('crd', name) === null);
  }

  it('end with their definition, which waits for who holds them', async () => {
    await define(CRON_SPEC);
    const held = cronTab('held', { schedule: '* *' });
    fake.put({ ...held, metadata: { name: 'held', finalizers: ['example.org/wait'] } });
    fake.put(cronTab('free', { schedule: '* *' }));
    await ask('DELETE', `${DEFINITIONS}/crontabs.stable.example.com`);
    await until(() => fake.find('ct', 'free') === null);
    expect(fake.find('ct', 'held')).to.have.nested.property('metadata.deletionTimestamp');
    const free = { metadata: { finalizers: null } };
    await ask('PATCH', `${TABS}/held`, free, { 'Content-Type': MERGE });
    await gone('crontabs.stable.example.com');
    fake.put(cronTabs(CRON_SPEC));
    fake.put(cronTab('free', { schedule: '* *' }));
    fake.remove('crd', 'crontabs.stable.example.com');
    fake.put(cronTabs(CRON_SPEC));
    expect(fake.find('ct', 'free')).to.equal(null);
  });

  it('do not begin while their definition ends', async () => {
    await define(CRON_SPEC);
    fake.put({
      ...cronTab('held', { schedule: '* *' }),
      metadata: { name: 'held', finalizers: ['a.b/c'] },
    });
    await ask('DELETE', `${DEFINITIONS}/crontabs.stable.example.com`);
    const [code, { message }] = await create({ schedule: '* *' });
    expect([code, message]).to.deep.equal([
      405,
      'create not allowed while custom resource definition is terminating',
    ]);
    await ask(
      'PATCH',
      `${TABS}/held`,
      { metadata: { finalizers: null } },
      { 'Content-Type': MERGE },
    );
    await gone('crontabs.stable.example.com');
  });

  it('go with a definition of which no version is served', async () => {
    await define(CRON_SPEC);
    await create({ schedule: '* *' });
    const { versions } = cronTabs(CRON_SPEC).spec;
    const [version] = versions as object[];
    fake.put(cronTabs(CRON_SPEC, {}, { versions: [{ ...version, served: false }] }));
    expect((await ask('GET', TABS))[0]).to.equal(404);
    await ask('DELETE', `${DEFINITIONS}/crontabs.stable.example.com`);
    await gone('crontabs.stable.example.com');
    await define(CRON_SPEC);
    expect((await ask('GET', TABS))[1]).to.deep.include({ items: [] });
  });

  it('are watched as long as they are defined', async () => {
    await define(CRON_SPEC);
    await create({ schedule: '* *' });
    const watch = await fetch(`${fake.url}${TABS}?watch=1`);
    await ask('DELETE', `${DEFINITIONS}/crontabs.stable.example.com`);
    // It ends, and in order.
    const lines = (await watch.text()).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).type)).to.deep.equal(['ADDED', 'DELETED']);
  });

  it('are as their schema says', async () => {
    await define(CRON_SPEC);
    const place = 'CronTab.stable.example.com "c" is invalid: ';
    for (const [spec, words] of [
      [{}, 'spec.schedule: Required value'],
      [
        { schedule: 'x' },
        `spec.schedule: Invalid value: "x": spec.schedule in body should match '^\\S+ \\S+$'`,
      ],
      [
        { schedule: '* *', replicas: 'two' },
        'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
      ],
      [
        { schedule: '* *', replicas: 11 },
        'spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10',
      ],
      [
        { schedule: '* *', mode: 'odd' },
        'spec.mode: Unsupported value: "odd": supported values: "fast", "slow"',
      ],
      [
        { schedule: '* *', env: [{ key: 'a' }, { key: 'a' }] },
        'spec.env[1]: Duplicate value: {"key":"a"}',
      ],
      [
        { schedule: '* *', labels: { a: 1 } },
        'spec.labels.a: Invalid value: "integer": spec.labels.a in body must be of type string: "integer"',
      ],
    ] as const) {
      const [code, { message }] = await create(spec);
      expect([code, message]).to.deep.equal([422, place + words]);
    }
    const spec = {
      ...{ schedule: '* *', port: '80', labels: { b: 'c' }, free: { any: [1] }, wrong: 1 },
      containers: [{ name: 'a', image: 'b' }],
    };
    const [, strict] = await create(spec, '?fieldValidation=Strict');
    expect(strict.message).to.include(
      'strict decoding error: unknown field "spec.wrong", unknown field "spec.containers[0].image"',
    );
    const [, made] = await create(spec);
    expect(made.spec).to.deep.equal({
      ...{ schedule: '* *', port: '80', labels: { b: 'c' }, free: { any: [1] }, replicas: 1 },
      containers: [{ name: 'a' }],
    });
    expect(() => fake.put(cronTab('d', {}))).to.throw(InvalidArgumentError, /spec\.schedule/);
  });

  it('have status and scale where their definition says so', async () => {
    await define(CRON_SPEC, {
      subresources: {
        status: {},
        scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
      },
    });
    const body = { ...cronTab('c', { schedule: '* *' }), status: { replicas: 9 } };
    expect((await ask('POST', TABS, body))[1]).to.not.have.property('status');
    const patch = { spec: { replicas: 5 }, status: { replicas: 2 } };
    const merge = { 'Content-Type': MERGE };
    const [, behind] = await ask('PATCH', `${TABS}/c/status`, patch, merge);
    expect([behind.spec, behind.status]).to.deep.equal([
      { schedule: '* *', replicas: 1 },
      { replicas: 2 },
    ]);
    expect(behind.metadata).to.have.property('generation', 1);
    const [, scaled] = await ask('PATCH', `${TABS}/c/scale`, { spec: { replicas: 4 } }, merge);
    expect([scaled.kind, scaled.spec, scaled.status]).to.deep.equal([
      ...['Scale', { replicas: 4 }, { replicas: 2, selector: '' }],
    ]);
    expect(fake.find('ct', 'c')).to.have.nested.property('metadata.generation', 2);
  });

  it('have none of these elsewhere, nor patches whose lists are merged', async () => {
    await define(CRON_SPEC);
    await create({ schedule: '* *' });
    for (const below of ['status', 'scale'])
      expect((await ask('GET', `${TABS}/c/${below}`))[0]).to.equal(404);
    const strategic = { 'Content-Type': 'application/strategic-merge-patch+json' };
    expect((await ask('PATCH', `${TABS}/c`, {}, strategic))[0]).to.equal(415);
    const protobuf = { 'Content-Type': 'application/vnd.kubernetes.protobuf' };
    expect((await ask('POST', TABS, {}, protobuf))[0]).to.equal(415);
  });

  it('are shown, selected and explained as their definition says', async () => {
    await define(CRON_SPEC, {
      additionalPrinterColumns: [
        { name: 'Schedule', type: 'string', jsonPath: '.spec.schedule' },
        { name: 'A', type: 'string', priority: 1, jsonPath: '.spec.env[?(@.key=="a")].value' },
        { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      ],
      selectableFields: [{ jsonPath: '.spec.mode' }],
    });
    await create({ schedule: '* *', mode: 'slow', env: [{ key: 'a', value: 'b' }] });
    const table = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    const [, shown] = await ask('GET', TABS, undefined, table);
    expect(shown.columnDefinitions?.map(({ name, priority }) => [name, priority])).to.deep.equal([
      ...[
        ['Name', 0],
        ['Schedule', 0],
        ['A', 1],
        ['Age', 0],
      ],
    ]);
    expect(shown.rows?.[0]?.cells.slice(0, 3)).to.deep.equal(['c', '* *', 'b']);
    const chosen = async (selector: string): Promise<unknown> =>
      (await ask('GET', `${TABS}?fieldSelector=${selector}`))[1].items?.length;
    expect([
      await chosen('spec.mode%3Dslow'),
      await chosen('spec.mode%3Dfast'),
      await chosen('spec.schedule%3Dx'),
    ]).to.deep.equal([1, 0, undefined]);
    const [, document] = await ask('GET', '/openapi/v3/apis/stable.example.com/v1');
    expect(document)
      .to.have.property('components')
      .with.property('schemas')
      .with.property('com.example.stable.v1.CronTab')
      .with.nested.property('properties.spec.properties.schedule.type', 'string');
  });

  it('are owned field by field as their schema says, whatever fields are called', async () => {
    await define(CRON_SPEC);
    const apply = (manager: string, spec: object): Promise<[number, Answer]> =>
      ask('PATCH', `${TABS}/c?fieldManager=${manager}`, cronTab('c', spec as Answer), {
        'Content-Type': 'application/apply-patch+yaml',
      });
    await apply('a', {
      schedule: '* *',
      env: [{ key: 'a', value: '1' }],
      containers: [{ name: 'x' }],
    });
    const [, both] = await apply('b', { env: [{ key: 'b', value: '2' }] });
    expect(both.spec).to.have.deep.property('env', [
      { key: 'b', value: '2' },
      { key: 'a', value: '1' },
    ]);
    // A list of containers is one value here.
    const [code, { message }] = await apply('b', { containers: [{ name: 'y' }] });
    expect([code, message]).to.deep.equal([
      409,
      'Apply failed with 1 conflict: conflict with "a": .spec.containers',
    ]);
  });

  it('are the same in each version that is served', async () => {
    const schema = { openAPIV3Schema: { type: 'object', properties: { spec: CRON_SPEC } } };
    const versions = ['v1', 'v1beta1'].map((name) => ({
      ...{ name, served: true, storage: name === 'v1', schema },
    }));
    await define(CRON_SPEC, {}, { versions });
    const watch = await fetch(`${fake.url}${TABS.replace('/v1/', '/v1beta1/')}?watch=true`);
    await create({ schedule: '* *' });
    const [, older] = await ask('GET', `${TABS.replace('/v1/', '/v1beta1/')}/c`);
    expect([older.apiVersion, older.spec]).to.deep.equal([
      'stable.example.com/v1beta1',
      { schedule: '* *', replicas: 1 },
    ]);
    const reader = (watch.body as ReadableStream<Uint8Array>).getReader();
    const { value } = await reader.read();
    expect(Buffer.from(value as Uint8Array).toString()).to.include(
      '"apiVersion":"stable.example.com/v1beta1"',
    );
    await reader.cancel();
  });

  it('may be called as kinds of Kubernetes are', async () => {
    const names = { plural: 'services', kind: 'Service' };
    const definition = cronTabs(CRON_SPEC, {}, { names });
    const metadata = { name: 'services.stable.example.com' };
    expect((await ask('POST', DEFINITIONS, { ...definition, metadata }))[0]).to.equal(201);
    const service = { ...cronTab('1', { schedule: '* *' }), kind: 'Service' };
    const [code, made] = await ask('POST', TABS.replace('crontabs', 'services'), service);
    expect([code, made.spec]).to.deep.equal([201, { schedule: '* *', replicas: 1 }]);
    expect(fake.find('service', '1')).to.equal(null);
    expect(fake.find('services.stable.example.com', '1')).to.not.equal(null);
  });
});

interface Answer {
  readonly [field: string]: unknown;
  readonly metadata: object;
  readonly kind: string;
  readonly apiVersion: string;
  readonly spec: unknown;
  readonly status: unknown;
  readonly message?: string;
  readonly groups?: readonly { readonly name: string }[];
  readonly items?: readonly object[];
  readonly columnDefinitions?: readonly { readonly name: string; readonly priority: number }[];
  readonly rows?: readonly { readonly cells: readonly unknown[] }[];
}
