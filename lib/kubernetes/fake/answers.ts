import type { IncomingMessage } from 'node:http';
import { type ApiPlace, readApiPath } from './api-path.ts';
import { readBody } from './body.ts';
import { discover } from './discovery.ts';
import type { FakeFault, FakeRequest } from './fault.ts';
import { type FakeList, readList } from './lists.ts';
import { type FakeObject, fieldsOf, listOf } from './object.ts';
import type { FakePods } from './pods.ts';
import {
  failure,
  failureBecause,
  isRefusal,
  nothingAt,
  objectNotFound,
  type Refusal,
} from './refusals.ts';
import { readAccept, represent } from './representation.ts';
import { PODS } from './resources.ts';
import type { FakeStore } from './store.ts';
import { FakeWrites } from './writes.ts';

/** What a fake API server answers, as far as that needs no streams. */
export class FakeAnswers {
  readonly #store: FakeStore;
  readonly #writes: FakeWrites;
  readonly #token: string | null;

  constructor(store: FakeStore, pods: FakePods, token: string | null) {
    this.#store = store;
    this.#writes = new FakeWrites(store, pods);
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

  /** What answers a request for something else: a list, an object, discovery, a change, or why there is none. */
  async find(request: IncomingMessage, { method, action }: FakeRequest): Promise<FakeAnswer> {
    const { pathname, searchParams: query } = new URL(request.url ?? '', 'http://fake');
    if (action !== 'get' && action !== 'other') return failure(400, 'Upgrade request required');
    const place = readApiPath(pathname);
    if (place === null) {
      const found = discover(pathname);
      if (found === null) return nothingAt(pathname);
      return method === 'GET' ? ok(found) : failure(405, `${method} is not supported`);
    }
    const { resource } = place;
    const form = readAccept(request.headers.accept);
    if (typeof form !== 'string') return form;
    if (method !== 'GET') {
      const body = await readBody(request);
      if (isRefusal(body)) return body;
      const { mediaType, value } = body;
      const answer = this.#writes.write({ method, place, query, mediaType, body: value });
      if (isRefusal(answer) || isStatus(answer.body)) return answer;
      return { ...answer, body: represent(form, resource, answer.body as FakeObject, query) };
    }
    const found = this.#read(place, query);
    return isRefusal(found) ? found : ok(represent(form, resource, found, query));
  }

  #read(place: ApiPlace, query: URLSearchParams): FakeObject | FakeList | Refusal {
    const { resource, namespace, name } = place;
    if (isTrue(query.get('watch'))) return failure(400, 'watch is not served here');
    if (name === null) return readList(this.#store, place, query);
    return this.#store.get(resource, namespace ?? '', name) ?? objectNotFound(resource, name);
  }
}

/** An answer without streams. */
export type FakeAnswer = { readonly code: number; readonly body: object } | Refusal;

function ok(body: object): FakeAnswer {
  return { code: 200, body };
}

/** As Kubernetes reads a flag in a query. */
function isTrue(text: string | null): boolean {
  return text !== null && /^(?:1|t|true)$/i.test(text);
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

/** Whether a body is the outcome of a request, and no object. */
function isStatus(body: object): boolean {
  return 'kind' in body && body.kind === 'Status';
}
