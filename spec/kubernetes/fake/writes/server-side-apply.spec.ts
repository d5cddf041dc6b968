import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const APPLY = 'application/apply-patch+yaml';
const MERGE = 'application/merge-patch+json';

describe('server-side apply at a fake API server', () => {
  let fake: FakeApiServer;

  beforeEach(async () => {
    fake = await createFakeApiServer().listen();
  });

  afterEach(() => fake.close());

  async function ask(
    method: string,
    path: string,
    body: unknown,
    type = 'application/json',
  ): Promise<[number, Answer]> {
    const headers = { 'Content-Type': type, 'User-Agent': 'tool/1.0' };
    const asked = http.request(fake.url + path, { method, headers });
    asked.end(typeof body === 'string' ? body : JSON.stringify(body));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return [response.statusCode ?? 0, (await json(response)) as Answer];
  }

  const apply = (
    path: string,
    config: object | string,
    query = 'fieldManager=me',
  ): ReturnType<typeof ask> => ask('PATCH', `${path}?${query}`, config, APPLY);

  const map = (data: object, metadata: object = {}): object => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', data },
    metadata: { name: 'm', ...metadata },
  });

  const deployment = (spec: object): object => ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' } },
    spec: { selector: { matchLabels: { a: 'b' } }, ...spec },
  });

  const template = (...containers: object[]): object => ({
    template: { metadata: { labels: { a: 'b' } }, spec: { containers } },
  });

  /** Who owns something, in order. */
  const owners = ({ metadata }: Answer): string[] =>
    (metadata.managedFields ?? []).map(({ manager, operation, subresource = '' }) =>
      [manager, operation, subresource].join(' ').trim(),
    );

  it('keeps what is put into an object that was applied empty', async () => {
    await apply(`${MAPS}/m`, map({}));
    const [code, answer] = await apply(`${MAPS}/m`, map({ a: '1' }));
    expect(code).to.equal(200);
    expect(answer).to.have.property('data').that.deep.equals({ a: '1' });
  });

  it('takes thousands of fields away that are not given any more', async () => {
    const data = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, 'v']));
    await apply(`${MAPS}/m`, map(data));
    await apply(`${MAPS}/m`, map({ k7: 'v' }), 'fieldManager=other');
    const [, answer] = await apply(`${MAPS}/m`, map({ b: 'c' }));
    expect(answer).to.have.property('data').that.deep.equals({ k7: 'v', b: 'c' });
  });

  it('refuses a list that has an item twice', async () => {
    const twice = [
      { name: 'c', image: '1' },
      { name: 'c', image: '2' },
    ];
    const [code, { message }] = await apply(`${DEPLOYMENTS}/d`, deployment(template(...twice)));
    expect(code).to.equal(500);
    expect(message).to.equal(
      'failed to create typed patch object (default/d; apps/v1, Kind=Deployment): .spec.template.spec.containers: duplicate entries for key [name="c"]',
    );
    const env = [
      { name: 'A', value: '1' },
      { name: 'A', value: '2' },
    ];
    const within = template({ name: 'c', image: '1', env });
    const [, answer] = await apply(`${DEPLOYMENTS}/d`, deployment(within));
    expect(answer.message).to.match(/\.containers\[name="c"\]\.env: duplicate entries for key/);
  });

  it('refuses YAML that stands for more than a body may have, and keys that are there twice', async () => {
    const lines = Array.from({ length: 99 }, (_, i) => `  k${i}: *a\n`).join('');
    const head = 'apiVersion: v1\nkind: ConfigMap\ndata:\n';
    const long = `${head}  a: &a ${'x'.repeat(40_000)}\n${lines}`;
    expect(await apply(`${MAPS}/m`, long)).to.have.property('0', 413);
    const [code, { message }] = await apply(`${MAPS}/m`, `${head}  a: b\n  a: c\n`);
    expect(code).to.equal(400);
    expect(message).to.equal('error converting YAML to JSON: key "a" already set in map');
  });

  it('makes what is not there, as YAML or JSON, and changes nothing the second time', async () => {
    const yaml = 'apiVersion: v1\nkind: ConfigMap\ndata:\n  a: b\n';
    const [code, made] = await apply(`${MAPS}/m`, yaml);
    expect([code, made.data, owners(made)]).to.deep.equal([201, { a: 'b' }, ['me Apply']]);
    const [again, same] = await apply(`${MAPS}/m`, map({ a: 'b' }));
    expect([again, same]).to.deep.equal([200, made]);
    expect(made.metadata.managedFields?.[0]).to.deep.include({
      ...{ apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { 'f:a': {} } } },
    });
  });

  it('takes away what it does not name any more, unless another one owns it', async () => {
    await apply(`${MAPS}/m`, map({ a: '1', b: '1', c: '1' }, { labels: { x: 'y' } }));
    await apply(`${MAPS}/m`, map({ b: '1' }), 'fieldManager=other');
    const [, less] = await apply(`${MAPS}/m`, map({ c: '1' }));
    expect(less.data).to.deep.equal({ b: '1', c: '1' });
    expect(less.metadata).to.not.have.property('labels');
    const [, none] = await apply(`${MAPS}/m`, { apiVersion: 'v1', kind: 'ConfigMap' });
    expect([none.data, owners(none)]).to.deep.equal([{ b: '1' }, ['other Apply']]);
  });

  it('is refused where another one owns a field of another value, unless it is forced', async () => {
    await apply(`${MAPS}/m`, map({ a: '1', b: '1' }));
    const [code, refused] = await apply(`${MAPS}/m`, map({ a: '2' }), 'fieldManager=other');
    expect([code, refused.reason, refused.message]).to.deep.equal([
      409,
      'Conflict',
      'Apply failed with 1 conflict: conflict with "me": .data.a',
    ]);
    expect(refused.details?.causes).to.deep.equal([
      { reason: 'FieldManagerConflict', message: 'conflict with "me"', field: '.data.a' },
    ]);
    await ask('PATCH', `${MAPS}/m`, { data: { b: '2', c: '2' } }, MERGE);
    const [, twice] = await apply(`${MAPS}/m`, map({ b: '3', c: '3' }));
    expect(twice.message).to.equal(
      'Apply failed with 2 conflicts: conflicts with "tool" using v1:\n- .data.b\n- .data.c',
    );
    const [, forced] = await apply(
      `${MAPS}/m`,
      map({ b: '3', c: '3' }),
      'fieldManager=x&force=true',
    );
    expect([forced.data, owners(forced)]).to.deep.equal([
      { a: '1', b: '3', c: '3' },
      ['me Apply', 'x Apply'],
    ]);
  });

  it('leaves to others what is not named: items of lists, fields in them, replicas', async () => {
    const path = `${DEPLOYMENTS}/d`;
    const container = { name: 'c', image: 'one', ports: [{ containerPort: 80 }] };
    await apply(path, deployment({ replicas: 1, ...template(container) }));
    const sidecar = { name: 'aa', image: 'proxy' };
    const env = { name: 'c', env: [{ name: 'E', value: '1' }] };
    await apply(path, deployment(template(sidecar, env)), 'fieldManager=injector');
    await ask('PATCH', `${path}/scale`, { spec: { replicas: 5 } }, MERGE);
    const [code, again] = await apply(path, deployment({ replicas: 1, ...template(container) }));
    expect([code, again.message]).to.deep.equal([
      409,
      'Apply failed with 1 conflict: conflict with "tool" with subresource "scale" using apps/v1: .spec.replicas',
    ]);
    const [, next] = await apply(path, deployment(template({ ...container, image: 'two' })));
    expect(next.spec?.replicas).to.equal(5);
    expect(next.spec?.template.spec.containers).to.deep.equal([
      sidecar,
      { ...container, image: 'two', env: env.env },
    ]);
    // What nobody wants any more is gone, which leaves no deployment that can be.
    const labels = { template: { metadata: { labels: { a: 'b' } } } };
    const [refused, { message }] = await apply(path, deployment(labels));
    expect([refused, message]).to.deep.equal([
      422,
      'Deployment.apps "d" is invalid: spec.template.spec.containers[1].image: Required value',
    ]);
    const [, bare] = await apply(path, deployment(labels), 'fieldManager=injector');
    expect(bare.spec?.template.spec.containers).to.deep.equal([{ ...container, image: 'two' }]);
  });

  it('of a status is apart from that of the object', async () => {
    const path = `${DEPLOYMENTS}/d`;
    const whole = deployment({ replicas: 1, ...template({ name: 'c', image: 'i' }) });
    await apply(path, { ...whole, status: { replicas: 7 } });
    const status = { ...deployment({ replicas: 9 }), status: { conditions: [{ type: 'A' }] } };
    const [, set] = await apply(`${path}/status`, status, 'fieldManager=controller');
    expect([set.spec?.replicas, set.status]).to.deep.equal([1, { conditions: [{ type: 'A' }] }]);
    expect(owners(set)).to.deep.equal(['me Apply', 'controller Apply status']);
    expect((await apply(`${DEPLOYMENTS}/none/status`, { ...status, metadata: {} }))[0]).to.equal(
      404,
    );
  });

  it('owns nothing of what was there before, be it of a test', async () => {
    fake.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { a: '1' } });
    const [code, { message }] = await apply(`${MAPS}/m`, map({ a: '2' }));
    expect([code, message]).to.deep.equal([
      409,
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a',
    ]);
    expect((await apply(`${MAPS}/m`, map({ a: '1' })))[0]).to.equal(200);
  });

  it('makes and changes pods', async () => {
    const pods = '/api/v1/namespaces/default/pods/p';
    const pod = (image: string): object => ({
      ...{ apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name: 'c', image }] } },
    });
    const [code, made] = await apply(pods, pod('one'));
    expect([code, made.status?.phase]).to.deep.equal([201, 'Pending']);
    const [, changed] = await apply(pods, pod('two'));
    expect(changed.spec?.containers?.[0]?.image).to.equal('two');
  });

  it('is none without a manager, with owners, or of another object', async () => {
    const cases: [object, string, number][] = [
      [map({}), '', 422],
      [map({}, { managedFields: [{}] }), 'fieldManager=me', 400],
      [map({}, { name: 'other' }), 'fieldManager=me', 400],
      [{ data: {} }, 'fieldManager=me', 400],
      [{ ...map({}), dtaa: {} }, 'fieldManager=me', 400],
      [map({ a: '1' }, { resourceVersion: '1' }), 'fieldManager=me', 409],
    ];
    await apply(`${MAPS}/m`, map({ a: '1' }));
    for (const [config, query, expected] of cases)
      expect((await apply(`${MAPS}/m`, config, query))[0], JSON.stringify(config)).to.equal(
        expected,
      );
  });

  it('makes nothing when it is dry', async () => {
    const [code, made] = await apply(`${MAPS}/m`, map({ a: 'b' }), 'fieldManager=me&dryRun=All');
    expect([code, made.data, fake.find('configmap', 'm')]).to.deep.equal([201, { a: 'b' }, null]);
  });

  describe('the owners of fields', () => {
    it('are those who make, change and remove them, by the name of the program or another one', async () => {
      const [, made] = await ask('POST', MAPS, map({ a: '1', b: '1' }));
      expect(owners(made)).to.deep.equal(['tool Update']);
      const [, changed] = await ask(
        'PATCH',
        `${MAPS}/m?fieldManager=editor`,
        { data: { a: '2', b: null } },
        MERGE,
      );
      expect(changed.metadata.managedFields).to.have.length(1);
      expect(changed.metadata.managedFields?.[0]).to.deep.include({
        manager: 'editor',
        fieldsV1: { 'f:data': { 'f:a': {} } },
      });
    });

    it('are as their object says that is put, and nobody where that says so', async () => {
      const [, made] = await ask('POST', MAPS, map({ a: '1' }));
      const [mine] = made.metadata.managedFields ?? [];
      const put = (managedFields: readonly object[]): ReturnType<typeof ask> =>
        ask('PUT', `${MAPS}/m`, map({ a: '1' }, { managedFields }));
      const [, renamed] = await put([{ ...mine, manager: 'older', operation: 'Apply' }]);
      expect(owners(renamed)).to.deep.equal(['older Apply']);
      // What cannot be read, or is nothing, changes nothing.
      for (const managedFields of [[], [{ ...mine, fieldsV1: { a: 1 } }], [{ manager: 'm' }]])
        expect(owners((await put(managedFields))[1])).to.deep.equal(['older Apply']);
      expect(owners((await put([{}]))[1])).to.deep.equal([]);
    });

    it('are no more than ten, behind what older ones own together', async () => {
      await ask('POST', MAPS, map({ a: '0' }));
      let last: Answer | null = null;
      for (let i = 0; i < 14; i++) {
        const data = { [`k${i}`]: '1' };
        [, last] = await ask('PATCH', `${MAPS}/m?fieldManager=m${i}`, { data }, MERGE);
      }
      const names = owners(last as Answer);
      expect(names).to.have.length(10);
      expect(names[0]).to.equal('ancient-changes Update');
      expect(names.at(-1)).to.equal('m13 Update');
    });
  });
});

interface Container {
  readonly name: string;
  readonly image?: string;
}

interface Answer {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes: readonly object[] };
  readonly metadata: {
    readonly managedFields?: readonly {
      readonly manager: string;
      readonly operation: string;
      readonly subresource?: string;
    }[];
  };
  readonly data?: object;
  readonly spec?: {
    readonly replicas?: number;
    readonly containers?: readonly Container[];
    readonly template: { readonly spec: { readonly containers: readonly Container[] } };
  };
  readonly status?: { readonly phase?: string };
}
