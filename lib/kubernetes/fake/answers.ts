import type { IncomingMessage } from 'node:http';
import { type ApiPlace, readApiPath } from './api-path.ts';
import { discover } from './discovery.ts';
import type { FakeFault, FakeRequest } from './fault.ts';
import { readList } from './lists.ts';
import { fieldsOf, listOf } from './object.ts';
import { failure, failureBecause, nothingAt, objectNotFound, type Refusal } from './refusals.ts';
import { PODS } from './resources.ts';
import type { FakeStore } from './store.ts';

/** What a fake API server answers, as far as that needs no streams. */
export class FakeAnswers {
  readonly #store: FakeStore;
  readonly #token: string | null;

  constructor(store: FakeStore, token: string | null) {
    this.#store = store;
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
    if (isOfAPage(request)) return failure(403, 'no requests of browsers');
    if (token !== null && authorization === undefined) {
      const message = `pods is forbidden: User "system:anonymous" cannot ${verbOf(method, action)}`;
      return failure(403, message);
    }
    if (token !== null && authorization !== `Bearer ${token}`) return failure(401, 'Unauthorized');
    if (fault?.refuseWith === undefined) return null;
    const { refuseWith, message = 'refused on purpose' } = fault;
    return failureBecause(refuseWith, refuseWith === 404 ? 'NotFound' : 'InternalError', message);
  }

  /** Why a pod cannot be used so, null if it can. */
  mismatch(request: IncomingMessage, { namespace, pod, action }: FakeRequest): Refusal | null {
    if (action === 'get' || action === 'other') return nothingAt(pathOf(request.url ?? ''));
    const found = this.#store.get(PODS, namespace ?? '', pod ?? '');
    if (found === null) return objectNotFound(PODS, pod);
    const { phase } = fieldsOf(found, 'status');
    if (phase !== 'Running') return failure(409, `pod ${pod} is not running: ${phase}`);
    if (action === 'portforward') return null;
    const container = new URL(request.url ?? '', 'http://fake').searchParams.get('container');
    const containers = listOf(fieldsOf(found, 'spec'), 'containers');
    if (container === null || containers.some(({ name }) => name === container)) return null;
    return failure(400, `container ${container} is not valid for pod ${pod}`);
  }

  /** The body that answers a request for something else: a list, an object, discovery, or why there is none. */
  find(request: IncomingMessage, { method, action }: FakeRequest): object {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://fake');
    if (action !== 'get' && action !== 'other') return failure(400, 'Upgrade request required');
    const place = readApiPath(pathname);
    if (place === null) {
      const found = discover(pathname);
      if (found === null) return nothingAt(pathname);
      return method === 'GET' ? found : failure(405, `${method} is not supported`);
    }
    if (method !== 'GET') return failure(405, `${method} is not supported`);
    return this.#read(place, searchParams);
  }

  #read(place: ApiPlace, query: URLSearchParams): object {
    const { resource, namespace, name } = place;
    if (/^(?:1|true)$/i.test(query.get('watch') ?? ''))
      return failure(400, 'watch is not served here');
    if (name === null) return readList(this.#store, place, query);
    return this.#store.get(resource, namespace ?? '', name) ?? objectNotFound(resource, name);
  }
}

const POD_PATH = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)(?:\/(exec|attach|portforward))?$/;

/** What a URL asks for, and of which pod. */
export function readTarget(url: string): Pick<FakeRequest, 'action' | 'namespace' | 'pod'> {
  const [, namespace = null, pod = null, verb = 'get'] = POD_PATH.exec(pathOf(url)) ?? [];
  return { action: pod === null ? 'other' : (verb as FakeRequest['action']), namespace, pod };
}

/** The path of a URL. */
export function pathOf(url: string): string {
  return url.split('?', 1)[0] as string;
}

function verbOf(method: string, action: FakeRequest['action']): string {
  const verb = method === 'GET' ? 'get' : 'create';
  const resource = action === 'get' || action === 'other' ? 'pods' : `pods/${action}`;
  return `${verb} resource "${resource}" in API group ""`;
}

/** Whether a page may have sent a request. Some programs name the address of the server as their origin; no page of another site can. */
function isOfAPage({ headers: { origin, host = '' } }: IncomingMessage): boolean {
  if (origin === undefined) return false;
  const own = URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
  return !own || !/^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(host);
}
