// The test of that tool, without a cluster. After npm run build: npm ci --prefix examples/client-node && node examples/client-node/evict.test.mjs
import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import * as k8s from '@kubernetes/client-node';
// For others: 'spdylay/kubernetes'.
import { createFakeApiServer } from '../../build/lib/kubernetes/index.js';
import { evict } from './evict.mjs';

const labels = { app: 'web' };
const what = { namespace: 'default', app: 'web' };
let fake;
let config;

beforeEach(async () => {
  const pods = [
    { name: 'web-0', labels },
    { name: 'web-1', labels, ready: false },
    { name: 'db-0', ready: false },
  ];
  fake = await createFakeApiServer({ pods }).listen();
  config = new k8s.KubeConfig();
  config.loadFromString(fake.kubeConfig());
});

afterEach(() => fake.close());

it('deletes what is not ready, and nothing else', async () => {
  assert.deepEqual(await evict(config, what), ['web-1']);
  assert.equal(fake.find('pod', 'web-1'), null);
  assert.notEqual(fake.find('pod', 'web-0'), null);
  assert.notEqual(fake.find('pod', 'db-0'), null);
});

it('tells of a pod that stays', async () => {
  const core = config.makeApiClient(k8s.CoreV1Api);
  const body = [{ op: 'add', path: '/metadata/finalizers', value: ['example.org/hold'] }];
  await core.patchNamespacedPod({ namespace: 'default', name: 'web-1', body });
  await assert.rejects(evict(config, { ...what, timeoutSeconds: 1 }), /still there.*web-1/);
});

it('goes on when its watch is told that it is too old', async () => {
  fake.on('request', ({ action }) => {
    if (action === 'delete') fake.expireWatches();
  });
  assert.deepEqual(await evict(config, what), ['web-1']);
});

it('tells what it may not do', async () => {
  fake.setRules([{ verbs: ['list', 'watch'], resources: ['pods'] }]);
  await assert.rejects(evict(config, what), { code: 403 });
  assert.notEqual(fake.find('pod', 'web-1'), null);
});

it('gives up when the server does', async () => {
  fake.addFault({ action: 'list', times: 1, refuseWith: 503 });
  await assert.rejects(evict(config, what), { code: 503 });
});
