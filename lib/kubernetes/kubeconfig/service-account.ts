import { access } from 'node:fs/promises';
import path from 'node:path';
import { hostAndPort } from '../../common/network/host-and-port.ts';
import { KubeConfigError } from '../errors.ts';
import type { KubeConfig } from './context.ts';
import { CredentialFile, rereading } from './credential-files.ts';
import type { TokenSource } from './credentials.ts';
import { agentFor } from './proxy.ts';

/** The folder in which a pod finds its service account. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Where the service account of a pod is looked for. */
export interface ServiceAccountPlace {
  /** The folder with `token`, `ca.crt` and `namespace`. Default `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly directory?: string | undefined;
  /** The environment. Default `process.env`. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * The service account of the pod that this program runs in: the API server from KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, its
 * CA, the namespace (POD_NAMESPACE, else that of the service account) and the token. Token and CA are read again when they have changed.
 *
 * @throws KubeConfigError outside of a pod
 */
export async function loadServiceAccount(place: ServiceAccountPlace = {}): Promise<KubeConfig> {
  const { directory = SERVICE_ACCOUNT, env = process.env } = place;
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = env;
  const { POD_NAMESPACE: given = '' } = env;
  if (host === '' || port === '')
    throw new KubeConfigError(
      'this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set',
    );
  const files = ['ca.crt', 'namespace', 'token'].map((name) => path.join(directory, name));
  const [caFile, namespaceFile, tokenFile] = files.map(
    (file) => new CredentialFile(file, 'the service account of this pod'),
  ) as [CredentialFile, CredentialFile, CredentialFile];
  const ca = await caFile.read();
  const namespace = given === '' ? (await namespaceFile.read()).toString('utf8').trim() : given;
  const token = rereading(tokenFile, null);
  if ((await token()) === '') throw new KubeConfigError(`the token file ${files[2]} is empty`);
  const server = `https://${hostAndPort(host, port)}`;
  return {
    cluster: {
      server,
      ca,
      ...(await agentFor(new URL(server), ca, null, env)),
      certificates: async () => ({ ca: await caFile.read() }),
      token,
    },
    namespace,
    contextName: null,
    clusterName: null,
    userName: null,
    contextNames: [],
    files,
  };
}

/** The service account, with another token if one is given; null where there is none. */
export async function serviceAccountIfAny(
  place: ServiceAccountPlace,
  token: TokenSource | undefined,
): Promise<KubeConfig | null> {
  const { directory = SERVICE_ACCOUNT, env = process.env } = place;
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = env;
  if (host === '' || port === '') return null;
  const isThere = await access(path.join(directory, 'token')).then(
    () => true,
    () => false,
  );
  if (!isThere) return null;
  const config = await loadServiceAccount(place);
  return token === undefined ? config : { ...config, cluster: { ...config.cluster, token } };
}
