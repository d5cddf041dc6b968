import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { attach, exec } from '../../../../lib/kubernetes/client/command/exec.ts';
import { run } from '../../../../lib/kubernetes/client/command/run.ts';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';
import type { FakeObject } from '../../../../lib/kubernetes/fake/objects/object.ts';
import type { FakeApiServerOptions } from '../../../../lib/kubernetes/fake/options.ts';
import { until } from '../../../support/session-pair.ts';

const PODS = '/api/v1/namespaces/default/pods';
const PLACE = `${PODS}/p1/ephemeralcontainers`;
const STRATEGIC = 'application/strategic-merge-patch+json';
const SLEEPS = { name: 'd', image: 'busybox', command: ['sleep', '300'] };

describe('ephemeral containers of a fake API server', () => {
  let fake: FakeApiServer;

  async function serve(options: FakeApiServerOptions = { pods: ['p1'] }): Promise<void> {
    fake = await createFakeApiServer(options).listen();
  }

  afterEach(() => fake.close());

  async function ask(
    method: string,
    path: string,
    body?: object,
    type = 'application/json',
  ): Promise<[number, Answer]> {
    const answer = await fetch(fake.url + path, {
      ...{ method, headers: { 'Content-Type': type } },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return [answer.status, (await answer.json()) as Answer];
  }

  function add(...ephemeralContainers: object[]): Promise<[number, Answer]> {
    return ask('PATCH', PLACE, { spec: { ephemeralContainers } }, STRATEGIC);
  }

  /** Words by which one is refused. */
  async function refused(...containers: object[]): Promise<string> {
    const [code, { message }] = await add(...containers);
    return `${code} ${message}`;
  }

  function statuses(name = 'p1'): Status[] {
    const { status } = fake.find('pod', name) as FakeObject & Pick<Answer, 'status'>;
    return status.ephemeralContainerStatuses ?? [];
  }

  const stateIs = (state: string, name = 'd') =>
    until(() => statuses().some((one) => one.name === name && state in one.state));

  it('come by patches and replacing, and run a moment later', async () => {
    await serve();
    const [code, pod] = await add(SLEEPS);
    expect([code, pod.kind, pod.spec.ephemeralContainers]).to.deep.equal([200, 'Pod', [SLEEPS]]);
    await stateIs('running');
    const { spec, metadata, status } = (await ask('GET', PLACE))[1];
    expect(status.ephemeralContainerStatuses).to.deep.include({
      ...{ name: 'd', image: 'busybox', imageID: '', ready: false, restartCount: 0, lastState: {} },
      state: status.ephemeralContainerStatuses?.[0]?.state,
    });
    expect(fake.open.processes).to.equal(1);
    const second = { ...SLEEPS, name: 'd2', targetContainerName: 'main', resources: {} };
    const wanted = [...(spec.ephemeralContainers ?? []), second];
    const put = { metadata, spec: { ...spec, ephemeralContainers: wanted } };
    expect((await ask('PUT', PLACE, put))[0]).to.equal(200);
    await stateIs('running', 'd2');
    expect(statuses().map(({ name }) => name)).to.deep.equal(['d', 'd2']);
    // The pod has changed meanwhile.
    expect((await ask('PUT', PLACE, put))[0]).to.equal(409);
  });

  it('are all that is taken of what is wanted there', async () => {
    await serve();
    const labels = { x: 'y' };
    const patch = { metadata: { labels }, spec: { nodeName: 'n', ephemeralContainers: [SLEEPS] } };
    const [code, { metadata, spec }] = await ask('PATCH', PLACE, patch, STRATEGIC);
    expect([code, metadata.labels, spec.nodeName]).to.deep.equal([200, {}, 'fake-node']);
    const dry = `${PLACE}?dryRun=All`;
    const more = { spec: { ephemeralContainers: [{ ...SLEEPS, name: 'e' }] } };
    expect((await ask('PATCH', dry, more, STRATEGIC))[0]).to.equal(200);
    const { spec: now } = (await ask('GET', PLACE))[1];
    expect(now.ephemeralContainers?.map(({ name }) => name)).to.deep.equal(['d']);
  });

  it('are refused where they cannot be, in the words of Kubernetes', async () => {
    await serve();
    const place = 'spec.ephemeralContainers[0]';
    const never = 'Forbidden: cannot be set for an Ephemeral Container';
    const mount = { name: 'v', mountPath: '/v', subPath: 's' };
    for (const [change, words] of [
      [{ name: 'main' }, `${place}.name: Duplicate value: "main"`],
      [{ name: 'A' }, `${place}.name: Invalid value: "A"`],
      [{ image: '' }, `${place}.image: Required value`],
      [{ targetContainerName: 'x' }, `${place}.targetContainerName: Not found: "x"`],
      [{ ports: [{ containerPort: 80 }] }, `${place}.ports: ${never}`],
      [{ livenessProbe: { exec: { command: ['a'] } } }, `${place}.livenessProbe: ${never}`],
      [{ lifecycle: { preStop: {} } }, `${place}.lifecycle: ${never}`],
      [{ resources: { limits: { cpu: '1' } } }, `${place}.resources: ${never}`],
      [{ volumeMounts: [mount] }, `${place}.volumeMounts[0].subPath: ${never}`],
    ] as const)
      expect(await refused({ ...SLEEPS, ...change })).to.equal(`422 Pod "p1" is invalid: ${words}`);
    const taken = { ...SLEEPS, ports: [], volumeMounts: [{ ...mount, subPath: '' }] };
    expect((await add(taken))[0]).to.equal(200);
  });

  it('are neither changed nor removed, and nowhere else set', async () => {
    await serve();
    await add(SLEEPS);
    const words = '422 Pod "p1" is invalid: spec.ephemeralContainers: Forbidden: existing';
    expect(await refused({ name: 'd', image: 'other' })).to.equal(
      `${words} ephemeral containers "d" may not be changed`,
    );
    const removed = { $patch: 'delete', name: 'd' };
    expect(await refused(removed)).to.equal(`${words} ephemeral containers "d" may not be removed`);
    const containers = [{ name: 'c', image: 'i' }];
    const spec = { containers, ephemeralContainers: [SLEEPS] };
    const [code, { message }] = await ask('POST', PODS, { metadata: { name: 'p2' }, spec });
    expect([code, message]).to.deep.equal([
      422,
      'Pod "p2" is invalid: spec.ephemeralContainers: Forbidden: cannot be set on create',
    ]);
    const more = { spec: { ephemeralContainers: [{ ...SLEEPS, name: 'e' }] } };
    expect((await ask('PATCH', `${PODS}/p1`, more, STRATEGIC))[0]).to.equal(422);
    const set = {
      metadata: { name: 's' },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec },
      },
    };
    const sets = await ask('POST', '/apis/apps/v1/namespaces/default/replicasets', set);
    expect(sets[1].message).to.match(
      /spec\.template\.spec\.ephemeralContainers: Forbidden: ephemeral containers not allowed/,
    );
  });

  it('have no other methods, and are not applied', async () => {
    await serve();
    for (const method of ['POST', 'DELETE'])
      expect((await ask(method, PLACE, {}))[0], method).to.equal(405);
    const apply = 'application/apply-patch+yaml';
    const [code, { message }] = await ask('PATCH', `${PLACE}?fieldManager=m`, {}, apply);
    expect(code).to.equal(415);
    expect(message).to.match(/apply-patch\+yaml is not supported, use one of .*strategic/);
    const none = PLACE.replace('p1', 'p9');
    expect((await ask('PATCH', none, {}, STRATEGIC))[0]).to.equal(404);
    const { resources } = (await ask('GET', '/api/v1'))[1];
    expect(resources.find(({ name }) => name === 'pods/ephemeralcontainers')).to.deep.include({
      ...{ kind: 'Pod', namespaced: true, verbs: ['get', 'patch', 'update'] },
    });
  });

  it('are reached by their names: exec, attach, and their logs', async () => {
    await serve();
    const script = 'echo begins; read line; echo got $line; exit 3';
    await add({ ...SLEEPS, command: ['sh', '-c', script], stdin: true });
    await stateIs('running');
    const target = { cluster: fake.cluster, pod: 'p1', container: 'd' };
    const { stdout } = await run({ ...target, command: ['pwd'] });
    expect(stdout.toString().trim()).to.equal(fake.directoryOf('p1', 'd'));
    const attached = await attach({ ...target, stdin: true });
    attached.stdin.end('words\n');
    expect(await text(attached.stdout)).to.include('got words');
    await stateIs('terminated');
    const [{ state } = {}] = statuses();
    expect(state?.terminated).to.deep.include({ exitCode: 3, reason: 'Error' });
    const log = await fetch(`${fake.url}${PODS}/p1/log?container=d&follow=true`);
    expect(await log.text()).to.equal('begins\ngot words\n');
    expect((fake.find('pod', 'p1') as Partial<Answer>).status).to.deep.include({
      phase: 'Running',
    });
  });

  it('run once: nothing is done in one that has ended, whatever becomes of the pod', async () => {
    await serve();
    await add({ ...SLEEPS, command: ['true'] });
    await stateIs('terminated');
    const target = { cluster: fake.cluster, pod: 'p1', container: 'd' };
    const failed = await attach(target).catch((error: Error) => error.message);
    expect(failed).to.include('container not found ("d")');
    fake.setPod('p1', { phase: 'Failed' });
    fake.setPod('p1', { phase: 'Running' });
    expect(statuses()[0]?.state).to.have.property('terminated');
    const again = await exec({ ...target, command: ['true'] }).catch(({ message }) => message);
    expect(again).to.include('container not found ("d")');
  });

  it('without a command wait for their first client', async () => {
    await serve();
    await add({ name: 'd', image: 'busybox', stdin: true });
    await stateIs('running');
    expect(fake.open.processes).to.equal(0);
    const attached = await attach({
      ...{ cluster: fake.cluster, pod: 'p1', container: 'd', stdin: true },
    });
    attached.stdin.end('echo');
    expect(await text(attached.stdout)).to.equal('echo');
    await stateIs('terminated');
  });

  it('run while their pod does, and end with it', async () => {
    await serve({ pods: [{ name: 'p1', phase: 'Pending' }] });
    await add(SLEEPS);
    await stateIs('waiting');
    const log = `${PODS}/p1/log?container=d`;
    expect((await ask('GET', log))[0]).to.equal(400);
    fake.setPod('p1', { phase: 'Running' });
    await stateIs('running');
    expect(fake.open.processes).to.equal(1);
    fake.setPod('p1', { phase: 'Succeeded' });
    expect(statuses()[0]?.state.terminated).to.deep.include({ exitCode: 137 });
    await until(() => fake.open.processes === 0);
    await add({ ...SLEEPS, name: 'late' });
    await stateIs('waiting', 'late');
    const [code, { message }] = await ask('GET', `${PODS}/p1/log?container=late`);
    expect([code, message]).to.deep.equal([
      400,
      'container "late" in pod "p1" is waiting to start: ContainerCreating',
    ]);
  });

  it('do not begin in a pod that ends', async () => {
    await serve({ pods: ['p1'] });
    await ask('PATCH', `${PODS}/p1`, { metadata: { finalizers: ['a.b/c'] } }, STRATEGIC);
    fake.deletePod('p1', { graceSeconds: 300 });
    await add(SLEEPS);
    expect(statuses()).to.deep.equal([]);
    expect(fake.open.processes).to.equal(0);
  });

  it('are told to watches', async () => {
    await serve();
    const { resourceVersion } = fake.find('pod', 'p1')?.metadata ?? {};
    await add(SLEEPS);
    await stateIs('running');
    const query = `watch=1&resourceVersion=${resourceVersion}`;
    const { body } = await fetch(`${fake.url}${PODS}?${query}`);
    let events = '';
    for await (const chunk of body as ReadableStream<Uint8Array>) {
      events += Buffer.from(chunk).toString();
      if (events.split('\n').length > 2) break;
    }
    const types = events
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as Answer).type);
    expect(types).to.deep.equal(['MODIFIED', 'MODIFIED']);
  });

  it('may be added by whom a rule allows it', async () => {
    const rules = [{ verbs: ['patch'], resources: ['pods'] }];
    await serve({ pods: ['p1'], rules });
    expect(await refused(SLEEPS)).to.match(
      /^403 .*cannot patch resource "pods\/ephemeralcontainers" in API group ""/,
    );
    fake.setRules([{ verbs: ['patch'], resources: ['pods/ephemeralcontainers'] }]);
    expect((await add(SLEEPS))[0]).to.equal(200);
    expect((await ask('GET', PLACE))[0]).to.equal(403);
  });
});

interface Status {
  readonly name: string;
  readonly state: { readonly terminated?: object };
}

interface Answer {
  readonly kind: string;
  readonly type?: string;
  readonly message: string;
  readonly metadata: { readonly labels: object };
  readonly spec: {
    readonly nodeName: string;
    readonly ephemeralContainers?: readonly { readonly name: string }[];
  };
  readonly status: { readonly ephemeralContainerStatuses?: Status[] };
  readonly resources: readonly { readonly name: string }[];
}
