import type { IncomingMessage } from 'node:http';
import { UpgradeRefusedError } from '../errors.ts';
import { httpFailure, type KubernetesStatus } from '../wire/status.ts';
import { describePod, describePods, discover } from './discovery.ts';
import type { FakeFault, FakeRequest } from './fault.ts';
import type { FakePods, ResolvedPod } from './pods.ts';
import { readSelectors } from './selectors.ts';

/** An answer that refuses. */
export type Refusal = KubernetesStatus & { readonly code: number };

const POD_PATH = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)(?:\/(exec|attach|portforward))?$/;
const LIST_PATH = /^\/api\/v1\/(?:namespaces\/([^/]+)\/)?pods$/;

/** What a fake API server answers, as far as that needs no streams. */
export class FakeAnswers {
  readonly #pods: FakePods;
  readonly #token: string | null;

  constructor(pods: FakePods, token: string | null) {
    this.#pods = pods;
    this.#token = token;
  }

  /** Why a request may not be answered, whatever it is. */
  refusalOf(
    request: IncomingMessage,
    { method, action }: FakeRequest,
    fault: FakeFault | null,
  ): Refusal | null {
    const token = this.#token;
    const { authorization } = request.headers;
    // Whoever runs commands here shall not be a page in somebody's browser.
    if (isOfAPage(request)) return failure(403, 'Forbidden', 'no requests of browsers');
    if (token !== null && authorization === undefined) {
      const message = `pods is forbidden: User "system:anonymous" cannot ${verbOf(method, action)}`;
      return failure(403, 'Forbidden', message);
    }
    if (token !== null && authorization !== `Bearer ${token}`)
      return failure(401, 'Unauthorized', 'Unauthorized');
    if (fault?.refuseWith === undefined) return null;
    const { refuseWith, message = 'refused on purpose' } = fault;
    return failure(refuseWith, refuseWith === 404 ? 'NotFound' : 'InternalError', message);
  }

  /** Why a pod cannot be used so, null if it can. */
  mismatch(request: IncomingMessage, { namespace, pod, action }: FakeRequest): Refusal | null {
    if (action === 'get' || action === 'other') return notFound(request);
    const found = this.#pods.find(namespace ?? '', pod ?? '');
    if (found === null) return podNotFound(pod);
    if (found.phase !== 'Running')
      return failure(409, 'Conflict', `pod ${pod} is not running: ${found.phase}`);
    if (action === 'portforward') return null;
    const container = new URL(request.url ?? '', 'http://fake').searchParams.get('container');
    if (container === null || found.containers.some(({ name }) => name === container)) return null;
    return failure(400, 'BadRequest', `container ${container} is not valid for pod ${pod}`);
  }

  /** The body that answers a request for something else: a list, a pod, discovery, or why there is none. */
  find(request: IncomingMessage, { method, namespace, pod, action }: FakeRequest): object {
    const path = pathOf(request.url ?? '');
    if (action !== 'get' && action !== 'other')
      return failure(400, 'BadRequest', 'Upgrade request required');
    if (method !== 'GET') return failure(405, 'MethodNotAllowed', `${method} is not supported`);
    if (action === 'get') {
      const found = this.#pods.find(namespace ?? '', pod ?? '');
      return found === null ? podNotFound(pod) : describePod(found);
    }
    const list = LIST_PATH.exec(path);
    if (list !== null) {
      const query = new URL(request.url ?? '', 'http://fake').searchParams;
      const selected = readSelectors(query);
      if (typeof selected === 'string') return failure(400, 'BadRequest', selected);
      return describePods(this.#inNamespace(list[1]).filter(selected));
    }
    return discover(path) ?? notFound(request);
  }

  #inNamespace(namespace: string | undefined): ResolvedPod[] {
    return this.#pods.all.filter((pod) => namespace === undefined || pod.namespace === namespace);
  }
}

/** What a URL asks for, and of which pod. */
export function readTarget(url: string): Pick<FakeRequest, 'action' | 'namespace' | 'pod'> {
  const [, namespace = null, pod = null, verb = 'get'] = POD_PATH.exec(pathOf(url)) ?? [];
  return { action: pod === null ? 'other' : (verb as FakeRequest['action']), namespace, pod };
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] as string;
}

function verbOf(method: string, action: FakeRequest['action']): string {
  const verb = method === 'GET' ? 'get' : 'create';
  const resource = action === 'get' || action === 'other' ? 'pods' : `pods/${action}`;
  return `${verb} resource "${resource}" in API group ""`;
}

function failure(code: number, reason: string, message: string): Refusal {
  return { ...httpFailure(code, reason, message), code };
}

/** Nothing is there under this URL. */
export function notFound(request: IncomingMessage): Refusal {
  const message = `the server could not find the requested resource ${pathOf(request.url ?? '')}`;
  return failure(404, 'NotFound', message);
}

function podNotFound(pod: string | null): Refusal {
  return failure(404, 'NotFound', `pods "${pod}" not found`);
}

/** For `refuse()`. */
export function asError(refusal: Refusal): UpgradeRefusedError {
  return new UpgradeRefusedError(refusal.message ?? '', refusal.code, refusal);
}

/** Whether a page may have sent a request. Some programs name the address of the server as their origin; no page of another site can. */
function isOfAPage({ headers: { origin, host = '' } }: IncomingMessage): boolean {
  if (origin === undefined) return false;
  const own = URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
  return !own || !/^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(host);
}
