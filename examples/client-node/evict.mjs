// A tool that uses @kubernetes/client-node: it deletes the pods of an app that are not ready, and waits until each has gone.
import * as k8s from '@kubernetes/client-node';

/** Resolves with the names of the pods that were deleted. Rejects with the error of the API server, and when they stay for `timeoutSeconds`. */
export async function evict(config, { namespace, app, timeoutSeconds = 60 }) {
  const core = config.makeApiClient(k8s.CoreV1Api);
  const labelSelector = `app=${app}`;
  const { items } = await core.listNamespacedPod({ namespace, labelSelector });
  const names = items.filter((pod) => !isReady(pod)).map(({ metadata }) => metadata.name);
  const left = new Set(names);
  const informer = k8s.makeInformer(
    config,
    `/api/v1/namespaces/${namespace}/pods`,
    () => core.listNamespacedPod({ namespace, labelSelector }),
    labelSelector,
  );
  let late;
  let over = false;
  await new Promise((resolve, reject) => {
    const words = () => `still there after ${timeoutSeconds} s: ${[...left].join(', ')}`;
    late = setTimeout(() => reject(new Error(words())), timeoutSeconds * 1000);
    const check = () => {
      if (left.size === 0) resolve();
    };
    informer.on('delete', ({ metadata }) => {
      left.delete(metadata.name);
      check();
    });
    // Too old, or cut: it lists anew. An informer that is stopped tells that as an error, too.
    informer.on('error', () => {
      setTimeout(() => !over && informer.start().catch(reject), 100);
    });
    informer
      .start()
      .then(async () => {
        for (const name of names) await core.deleteNamespacedPod({ namespace, name });
        check();
      })
      .catch(reject);
  }).finally(() => {
    over = true;
    clearTimeout(late);
    return informer.stop();
  });
  return names;
}

function isReady({ status }) {
  return status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');
}
