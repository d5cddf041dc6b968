import path from 'node:path';
import { KubeConfigError } from '../errors.ts';
import { readCredential, rereading } from './credential-files.ts';
import type { KubeConfig } from './kubeconfig.ts';

/** The folder in which a pod finds its service account. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The service account of the pod that this program runs in: the API server from KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, its
 * CA, the namespace and the token, which is read again for each request because it changes every hour.
 *
 * @throws KubeConfigError outside of a pod
 */
export async function loadServiceAccount(
  options: { readonly directory?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<KubeConfig> {
  const { directory = SERVICE_ACCOUNT, env = process.env } = options;
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = env;
  if (host === '' || port === '')
    throw new KubeConfigError(
      'this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set',
    );
  const tokenFile = path.join(directory, 'token');
  const files = ['ca.crt', 'namespace', 'token'].map((name) => path.join(directory, name));
  const [ca, namespace] = await Promise.all(files.map(readCredential));
  return {
    cluster: {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      ca: ca as Buffer,
      token: rereading(tokenFile, null),
    },
    namespace: (namespace as Buffer).toString('utf8').trim(),
    contextName: null,
    clusterName: null,
    userName: null,
    contextNames: [],
    files,
  };
}
