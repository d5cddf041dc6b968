import type { OutgoingHttpHeaders } from 'node:http';
import { onAbort } from '../../../common/abort.ts';
import { shown } from '../../../common/check.ts';
import { PACKAGE_VERSION } from '../../../common/package-version.ts';
import { InvalidArgumentError, SpdyError } from '../../../errors.ts';
import { TargetError, UpgradeRefusedError } from '../../errors.ts';
import type { Certificates, ClusterOptions } from '../../kubeconfig/cluster.ts';

/** What a request says of who we are. */
export interface RequestCredentials {
  /** Fields of the request: `User-Agent`, the token, and those of the cluster, which go before. */
  readonly fields: OutgoingHttpHeaders;
  /** Options of its TLS; none without TLS. */
  readonly tls: Omit<ClusterOptions, 'server' | 'token' | 'certificates' | 'headers' | 'agent'>;
}

/** What proves who we are, at one moment. */
interface Proof {
  readonly token: string | null;
  readonly certificates: Certificates;
}

/** Names of systems and processors as Kubernetes has them, where Node has others. */
const GO_NAMES: Readonly<Record<string, string>> = {
  win32: 'windows',
  sunos: 'solaris',
  x64: 'amd64',
  ia32: '386',
};

/** How this package calls itself, in the form of the clients of Kubernetes. */
const USER_AGENT: string = `spdylay/${PACKAGE_VERSION} (${goName(process.platform)}/${goName(process.arch)})`;

/** The URL of a request: prefix of the server, path and query. */
export function locate(server: string, path: string): URL {
  let url: URL;
  try {
    url = new URL(server);
  } catch {
    throw new InvalidArgumentError(`server must be a URL, got ${shown(server)}`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new InvalidArgumentError(`server must be an http or https URL, got ${server}`);
  return new URL(`${url.origin}${url.pathname.replace(/\/$/, '')}${path}`);
}

/** Makes an attempt with our credentials, and one more with fresh ones when the server refuses the first (401). */
export async function withCredentials<T>(
  url: URL,
  cluster: ClusterOptions,
  signal: AbortSignal | null,
  attempt: (credentials: RequestCredentials) => Promise<T>,
): Promise<T> {
  if (signal?.aborted === true) throw aborted(signal.reason);
  // Neither token nor certificate is sent in the clear.
  if (url.protocol !== 'https:') return await withoutCredentials(cluster, attempt);
  const first = await proofOf(cluster, undefined, signal);
  try {
    return await attempt(credentialsOf(cluster, first));
  } catch (error) {
    if (!isRefusal(error) || error.statusCode !== 401) throw error;
    const fresh = await proofOf(cluster, first, signal);
    if (fresh.token === first.token && fresh.certificates.cert === first.certificates.cert)
      throw error;
    return await attempt(credentialsOf(cluster, fresh));
  }
}

/** Makes an attempt of which the error tells that there are credentials which were not sent. */
async function withoutCredentials<T>(
  cluster: ClusterOptions,
  attempt: (credentials: RequestCredentials) => Promise<T>,
): Promise<T> {
  try {
    return await attempt(credentialsOf(cluster, null));
  } catch (error) {
    const isThere = cluster.token !== undefined || cluster.cert !== undefined;
    if (isThere && isRefusal(error) && (error.statusCode === 401 || error.statusCode === 403))
      error.message += ' (token and certificate are sent to https servers only)';
    throw error;
  }
}

function isRefusal(error: unknown): error is UpgradeRefusedError | TargetError {
  return error instanceof UpgradeRefusedError || error instanceof TargetError;
}

/** A signal was fired before there was an answer. */
export function aborted(reason: unknown): SpdyError {
  return new SpdyError('ERR_SPDY_ABORTED', 'the request was aborted', 'local', { cause: reason });
}

/** `proof`: that of this moment; null without TLS. */
function credentialsOf(cluster: ClusterOptions, proof: Proof | null): RequestCredentials {
  const { server: _, token: __, certificates: ___, headers = {}, agent: ____, ...tls } = cluster;
  const token = proof?.token ?? null;
  return {
    fields: {
      'User-Agent': USER_AGENT,
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...(headers as OutgoingHttpHeaders),
    },
    tls: proof === null ? {} : { ...tls, ...proof.certificates },
  };
}

/** What the sources give; others than those that were refused, where they have others. */
async function proofOf(
  { token: source, certificates }: ClusterOptions,
  refused: Proof | undefined,
  signal: AbortSignal | null,
): Promise<Proof> {
  const token =
    typeof source === 'function'
      ? await unlessAborted(async () => await source(refused?.token ?? undefined), signal)
      : (source ?? null);
  return {
    token: token?.trim() ?? null,
    certificates:
      certificates === undefined
        ? {}
        : await unlessAborted(async () => await certificates(refused?.certificates), signal),
  };
}

/** What a function comes to; a signal gives up whoever waits for it. */
function unlessAborted<T>(source: () => Promise<T>, signal: AbortSignal | null): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopAbort = onAbort(signal, (reason) => reject(aborted(reason)));
    source().then(resolve, reject).finally(stopAbort);
  });
}

function goName(name: string): string {
  return GO_NAMES[name] ?? name;
}
