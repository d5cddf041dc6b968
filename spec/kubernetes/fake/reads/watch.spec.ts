import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';
import type { FakeApiServerOptions } from '../../../../lib/kubernetes/fake/options.ts';
import { until } from '../../../support/session-pair.ts';

interface Told {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly code?: number;
    readonly rows?: { readonly cells: unknown[] }[];
    readonly metadata: {
      readonly name?: string;
      readonly resourceVersion: string;
      readonly labels?: object;
      readonly annotations?: object;
    };
  };
}

/** A watch of a client, event by event. */
class Watching {
  readonly events: Told[] = [];
  readonly response: IncomingMessage;
  /** Whether it has ended in order; null before its end. */
  complete: boolean | null = null;

  constructor(response: IncomingMessage) {
    this.response = response;
    response.on('error', () => {});
    response.on('close', () => {
      this.complete = response.complete;
    });
    createInterface({ input: response }).on('line', (line) =>
      this.events.push(JSON.parse(line) as Told),
    );
  }

  /** Waits for so many events in all; each as its type and its name. */
  async first(count: number): Promise<string[]> {
    await until(() => this.events.length >= count);
    return this.events.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim());
  }

  async ended(): Promise<boolean> {
    await until(() => this.complete !== null);
    return this.complete as boolean;
  }
}

describe('watches of a fake API server', () => {
  let fake: FakeApiServer;

  async function serve(options: FakeApiServerOptions = {}): Promise<void> {
    fake = await createFakeApiServer(options).listen();
  }

  afterEach(() => fake.close());

  it('are asked for by their old paths, too, of all or of one', async () => {
    await serve({ pods: ['a', 'b'] });
    const all = await open('', '/api/v1/watch/namespaces/default/pods', '*/*', 'x=y');
    const one = await open('', '/api/v1/watch/namespaces/default/pods/b', '*/*', 'x=y');
    expect(await all.first(2)).to.deep.equal(['ADDED a', 'ADDED b']);
    fake.setPod('a', { ready: false });
    fake.setPod('b', { ready: false });
    expect(await one.first(2)).to.deep.equal(['ADDED b', 'MODIFIED b']);
    const pods = `${fake.url}/api/v1/watch/namespaces/default/pods`;
    expect((await fetch(pods, { method: 'DELETE' })).status).to.equal(405);
  });

  async function open(
    query: string,
    path = '/api/v1/pods',
    accept = '*/*',
    flag = 'watch=true',
  ): Promise<Watching> {
    const url = `${fake.url}${path}?${flag}&${query}`;
    const asked = http.get(url, { agent: false, headers: { Accept: accept } });
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    expect(response.statusCode, query).to.equal(200);
    return new Watching(response);
  }

  async function codeOf(query: string): Promise<number> {
    const answer = await fetch(`${fake.url}/api/v1/pods?watch=true&${query}`);
    await answer.body?.cancel();
    return answer.status;
  }

  async function version(): Promise<number> {
    const list = (await (await fetch(`${fake.url}/api/v1/pods`)).json()) as Told['object'];
    return Number(list.metadata.resourceVersion);
  }

  it('tell what is there, and then what happens', async () => {
    await serve({ pods: ['a', 'b'] });
    const all = await open('');
    expect(await all.first(2)).to.deep.equal(['ADDED a', 'ADDED b']);
    fake.addPod('c');
    fake.setPod('a', { ready: false });
    fake.deletePod('b', { graceSeconds: 0 });
    fake.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } });
    fake.deletePod('c');
    const expected = ['ADDED c', 'MODIFIED a', 'DELETED b', 'MODIFIED c', 'DELETED c'];
    expect((await all.first(7)).slice(2)).to.deep.equal(expected);
    const versions = all.events
      .slice(2)
      .map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).to.deep.equal(versions.toSorted((x, y) => x - y));
  });

  it('are what is asked for, however a client says it', async () => {
    await serve({ pods: ['a'] });
    for (const flag of ['watch', 'watch=', 'watch=1', 'watch=True', 'watch=yes'])
      expect(await (await open('', undefined, undefined, flag)).first(1), flag).to.deep.equal([
        'ADDED a',
      ]);
    for (const flag of ['watch=0', 'watch=False']) {
      const answer = await fetch(`${fake.url}/api/v1/pods?${flag}`);
      expect(await answer.json(), flag).to.have.property('kind', 'PodList');
    }
  });

  it('are of lists: the flag means nothing to one object', async () => {
    await serve({ pods: ['a'] });
    const answer = await fetch(`${fake.url}/api/v1/namespaces/default/pods/a?watch=true`);
    expect(await answer.json()).to.have.property('kind', 'Pod');
  });

  it('go on behind a version', async () => {
    await serve({ pods: ['a'] });
    const before = await version();
    fake.addPod('b');
    const later = await open(`resourceVersion=${before}`);
    expect(await later.first(1)).to.deep.equal(['ADDED b']);
    const silent = await open(`resourceVersion=${await version()}`);
    const fromNow = await open('sendInitialEvents=false&resourceVersionMatch=NotOlderThan');
    fake.addPod('c');
    expect(await silent.first(1)).to.deep.equal(['ADDED c']);
    expect(await fromNow.first(1)).to.deep.equal(['ADDED c']);
  });

  it('tell of what comes to be selected, and of what no longer is', async () => {
    await serve({ pods: ['a', { name: 'b', labels: { app: 'x' } }] });
    const some = await open('labelSelector=app%3Dx');
    const one = await open('fieldSelector=metadata.name%3Da');
    expect(await some.first(1)).to.deep.equal(['ADDED b']);
    fake.setPod('a', { labels: { app: 'x' } });
    fake.setPod('b', { labels: { app: 'y' } });
    fake.setPod('b', { labels: { app: 'z' } });
    fake.deletePod('b', { graceSeconds: 0 });
    fake.deletePod('a', { graceSeconds: 0 });
    expect(await some.first(4)).to.deep.equal(['ADDED b', 'ADDED a', 'DELETED b', 'DELETED a']);
    expect(some.events[2]?.object.metadata.labels).to.deep.equal({ app: 'x' });
    expect(await one.first(3)).to.deep.equal(['ADDED a', 'MODIFIED a', 'DELETED a']);
  });

  it('are of one namespace, one object, one resource', async () => {
    await serve({ pods: ['a', { name: 'b', namespace: 'n' }] });
    const space = await open('', '/api/v1/namespaces/n/pods');
    const single = await open('fieldSelector=metadata.name%3Da', '/api/v1/namespaces/default/pods');
    const maps = await open('', '/api/v1/configmaps');
    fake.setPod('a', { ready: false });
    fake.setPod('b', { ready: false }, 'n');
    fake.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } });
    expect(await space.first(2)).to.deep.equal(['ADDED b', 'MODIFIED b']);
    expect(await single.first(2)).to.deep.equal(['ADDED a', 'MODIFIED a']);
    expect(await maps.first(1)).to.deep.equal(['ADDED x']);
  });

  it('begin with everything and a mark behind that, where it is asked for', async () => {
    await serve({ pods: ['a'] });
    const begin =
      'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const watching = await open(begin);
    expect(await watching.first(2)).to.deep.equal(['ADDED a', 'BOOKMARK']);
    const { kind, metadata } = (watching.events[1] as Told).object;
    expect(kind).to.equal('Pod');
    expect(metadata.annotations).to.deep.equal({ 'k8s.io/initial-events-end': 'true' });
    expect(metadata.resourceVersion).to.equal(String(await version()));
  });

  it('have bookmarks for those who want some', async () => {
    await serve();
    const wanting = await open('allowWatchBookmarks=true');
    const other = await open('');
    fake.bookmark();
    fake.addPod('a');
    expect(await wanting.first(2)).to.deep.equal(['BOOKMARK', 'ADDED a']);
    expect(await other.first(1)).to.deep.equal(['ADDED a']);
  });

  it('refuse what does not go together', async () => {
    await serve();
    const now = await version();
    for (const [query, code] of [
      ['sendInitialEvents=true', 422],
      ['sendInitialEvents=true&resourceVersionMatch=Exact', 422],
      ['resourceVersionMatch=NotOlderThan', 422],
      ['resourceVersion=x', 400],
      ['timeoutSeconds=x', 400],
      ['fieldSelector=spec.color%3Dred', 400],
      [`sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=${now + 1}`, 504],
    ] as const)
      expect(await codeOf(query), query).to.equal(code);
    const { status } = await fetch(`${fake.url}/api/v1/pods?sendInitialEvents=true`);
    expect(status).to.equal(422);
    await fake.close();
    await serve({ watchList: false });
    const begin = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
    expect(await codeOf(begin)).to.equal(422);
  });

  it('end in order: by their time, by 410, with the server', async () => {
    await serve({ pods: ['a'] });
    const old = await version();
    const timed = await open('timeoutSeconds=1&allowWatchBookmarks=true');
    expect(await timed.ended()).to.equal(true);
    expect(timed.events.map(({ type }) => type)).to.deep.equal(['ADDED', 'BOOKMARK']);
    const open1 = await open('');
    await open1.first(1);
    fake.addPod('b');
    fake.expireWatches();
    expect(await open1.ended()).to.equal(true);
    const late = await open(`resourceVersion=${old}`);
    expect(await late.ended()).to.equal(true);
    for (const { events } of [open1, late]) {
      const { type, object } = events.at(-1) as Told;
      expect([type, object.code]).to.deep.equal(['ERROR', 410]);
    }
    const last = await open('');
    await last.first(2);
    await fake.close();
    expect(await last.ended()).to.equal(true);
  });

  it('end in order for a client that does not keep up, which costs no more memory', async () => {
    await serve();
    const slow = await open('', '/api/v1/configmaps');
    slow.response.pause();
    const data = { text: 'x'.repeat(100_000) };
    for (let i = 0; i < 400; i++)
      fake.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data });
    slow.response.resume();
    expect(await slow.ended()).to.equal(true);
    expect(slow.events.length).to.be.greaterThan(10).and.lessThan(400);
  });

  it('are tables where these are asked for', async () => {
    await serve({ pods: ['a'] });
    const table = await open('', '/api/v1/pods', 'application/json;as=Table;v=v1;g=meta.k8s.io');
    await until(() => table.events.length > 0);
    expect(table.events[0]?.object.kind).to.equal('Table');
    expect(table.events[0]?.object.rows?.[0]?.cells[0]).to.equal('a');
  });
});
