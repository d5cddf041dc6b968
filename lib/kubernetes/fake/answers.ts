import type { IncomingMessage, ServerResponse } from 'node:http';
import { FakeAccountTokens, type TokenOwner } from './access/account-tokens.ts';
import { type Credentials, FakeAuthentication } from './access/authentication.ts';
import { refusalByRules } from './access/rbac.ts';
import { answerReview, type Review, reviewAt } from './access/reviews.ts';
import type { FakeUser } from './access/user.ts';
import type { FakeParts } from './cluster.ts';
import type { FakeFault } from './faults/fault.ts';
import { type FakeObject, fieldsOf } from './objects/object.ts';
import { apiVersionOf, PODS } from './objects/resources.ts';
import type { FakeStore } from './objects/store.ts';
import { ephemeralStateOf } from './pods/ephemeral-statuses.ts';
import type { FakeLog } from './pods/log.ts';
import type { FakePods } from './pods/pods.ts';
import { discover } from './reads/discovery.ts';
import { readList } from './reads/lists.ts';
import { readContainer, readLogQuery, sendLog } from './reads/log-request.ts';
import { type OpenApiDocument, openApi } from './reads/openapi.ts';
import { readAccept, represent } from './reads/representation.ts';
import type { FakeWatches } from './reads/watch.ts';
import type { ApiPlace } from './requests/api-path.ts';
import {
  failure,
  isRefusal,
  nothingAt,
  objectNotFound,
  type Refusal,
} from './requests/refusals.ts';
import { isStreaming, type ReadRequest } from './requests/request.ts';
import { readPosted } from './shapes/posted-body.ts';
import { scaleOf } from './shapes/scale.ts';
import { shapeOf, shapeOfBody } from './shapes/shapes.ts';
import { readBody } from './writes/body.ts';
import type { Manager } from './writes/managed-fields.ts';
import type { WriteAnswer } from './writes/write.ts';
import { LONGEST_MANAGER } from './writes/write-options.ts';
import { FakeWrites, isPosted } from './writes/writes.ts';
import { APPLY_TYPE } from './writes/yaml-body.ts';

/** What a fake API server answers, as far as that needs no streams. */
export class FakeAnswers {
  readonly #parts: FakeParts;
  readonly #store: FakeStore;
  readonly #pods: FakePods;
  readonly #writes: FakeWrites;
  readonly #watches: FakeWatches;
  readonly #authentication: FakeAuthentication;

  constructor(parts: FakeParts, credentials: Credentials) {
    const { store, pods, watches } = parts;
    this.#parts = parts;
    this.#store = store;
    this.#pods = pods;
    const tokens = new FakeAccountTokens(store);
    this.#writes = new FakeWrites(parts, tokens);
    this.#watches = watches;
    this.#authentication = new FakeAuthentication(credentials, tokens);
  }

  /** Who makes a request; or why this client is not answered, whatever it asks for. */
  userOf(request: IncomingMessage, read: ReadRequest): FakeUser | Refusal {
    return this.#authentication.userOf(request, read, this.#parts.rules);
  }

  /** Why a request may not be answered: on purpose, or by the rules. */
  refusalOf(read: ReadRequest, fault: FakeFault | null, user: FakeUser): Refusal | null {
    if (fault?.refuseWith !== undefined) {
      const { refuseWith, message = 'refused on purpose' } = fault;
      return failure(refuseWith, message);
    }
    const { rules } = this.#parts;
    return rules === null ? null : refusalByRules(rules, read, user);
  }

  /** Why a pod cannot be used so, null if it can. */
  mismatch({ asked: { namespace, pod, action }, path, query }: ReadRequest): Refusal | null {
    if (!isStreaming(action)) return nothingAt(path ?? '');
    const found = this.#store.get(PODS, namespace ?? '', pod ?? '');
    if (found === null) return objectNotFound(PODS, pod);
    const { phase } = fieldsOf(found, 'status');
    if (phase !== 'Running') return failure(409, `pod ${pod} is not running: ${phase}`);
    if (action === 'portforward') return null;
    const container = readContainer(found, query);
    if (typeof container !== 'string') return container;
    const state = ephemeralStateOf(found, container);
    return state === null || state === 'running'
      ? null
      : failure(500, `container not found ("${container}")`);
  }

  /** Answers a request for something else: a list, an object, discovery, a change, a watch, or why there is none. */
  async respond(
    request: IncomingMessage,
    response: ServerResponse,
    read: ReadRequest,
    user: FakeUser,
  ): Promise<void> {
    const answer = await this.#find(request, response, read, user);
    if (answer === null) return;
    request.resume();
    send(response, answer);
  }

  async #find(
    request: IncomingMessage,
    response: ServerResponse,
    { asked, place, path, query }: ReadRequest,
    user: FakeUser,
  ): Promise<FakeAnswer | null> {
    const { method, action } = asked;
    if (path === null) return failure(400, 'the path of the URL cannot be decoded');
    const review = reviewAt(path);
    if (review !== null && method === 'POST') return await this.#review(review, request, user);
    if (place === null) {
      const { accept } = request.headers;
      const { resources } = this.#store;
      const found = HEALTH.test(path)
        ? HEALTHY
        : (openApi(path, accept, resources) ?? discover(path, resources));
      if (found === null) return nothingAt(path);
      if (!['GET', 'HEAD'].includes(method)) return failure(405, `${method} is not supported`);
      return 'type' in found ? (found as OpenApiDocument) : ok(found);
    }
    if (isStreaming(action)) return failure(400, 'Upgrade request required');
    const { resource, namespace, name } = place;
    // A log has no form.
    const form = action === 'log' ? 'whole' : readAccept(request.headers.accept);
    if (typeof form !== 'string') return form;
    switch (action) {
      case 'watch':
        request.resume();
        return this.#watches.open({ place, query, form }, response);
      case 'log':
        if (method !== 'GET') return failure(405, `${method} is not supported`);
        request.resume();
        return this.#log(namespace ?? '', name ?? '', query, response);
      case 'list':
      case 'get': {
        if (isPosted(place.subresource)) return failure(405, `${method} is not supported`);
        const found =
          name === null
            ? readList(this.#store, place, query)
            : (this.#store.get(resource, namespace ?? '', name) ?? objectNotFound(resource, name));
        if (place.subresource === 'scale' && !isRefusal(found)) {
          const scale = scaleOf(resource, found as FakeObject);
          return isRefusal(scale) ? scale : ok(scale);
        }
        return isRefusal(found) ? found : ok(represent(form, resource, found, query));
      }
      default: {
        if (place.isWatch) return failure(405, `${method} is not supported`);
        const isScale = place.subresource === 'scale' || place.subresource === 'token';
        const body = await readBody(request, shapeOfBody(method, place));
        if (isRefusal(body)) return body;
        const { mediaType, value } = body;
        const by = managerOf(request, place, query, mediaType);
        const answer = this.#writes.write({ method, place, query, mediaType, body: value, by });
        if (isRefusal(answer) || isScale || isStatus(answer.body)) return answer;
        return { ...answer, body: represent(form, resource, answer.body as FakeObject, query) };
      }
    }
  }

  async #review(review: Review, request: IncomingMessage, user: FakeUser): Promise<FakeAnswer> {
    const body = await readBody(request, shapeOf(review));
    if (isRefusal(body)) return body;
    const read = readPosted(review, body.value);
    if (isRefusal(read)) return read;
    const { rules } = this.#parts;
    const ownerOf = (token: string): TokenOwner | null => this.#authentication.ownerOf(token);
    const answer = answerReview(review, read, { rules, user, ownerOf });
    return isRefusal(answer) ? answer : { code: 201, body: answer };
  }

  #log(
    namespace: string,
    name: string,
    query: URLSearchParams,
    response: ServerResponse,
  ): Refusal | null {
    const pod = this.#store.get(PODS, namespace, name);
    if (pod === null) return objectNotFound(PODS, name);
    const asked = readLogQuery(query);
    if (isRefusal(asked)) return asked;
    const container = readContainer(pod, query);
    if (typeof container !== 'string') return container;
    const found = this.#pods
      .find(namespace, name)
      ?.containers.find((one) => one.name === container);
    const { phase } = fieldsOf(pod, 'status');
    const isWaiting = phase === 'Pending' || ephemeralStateOf(pod, container) === 'waiting';
    if (isWaiting || found === undefined)
      return failure(
        400,
        `container "${container}" in pod "${name}" is waiting to start: ContainerCreating`,
      );
    const { current, previous } = found.logs;
    if (asked.previous && previous === null)
      return failure(
        400,
        `previous terminated container "${container}" in pod "${name}" not found`,
      );
    sendLog(asked.previous ? (previous as FakeLog) : current, asked, response);
    return null;
  }
}

/** Who owns what a request changes: who it says, or else the program that it comes from. */
function managerOf(
  { headers }: IncomingMessage,
  { resource, subresource }: ApiPlace,
  query: URLSearchParams,
  mediaType: string,
): Manager {
  const isApply = mediaType === APPLY_TYPE;
  const [program = ''] = (headers['user-agent'] ?? '').split('/');
  return {
    manager:
      query.get('fieldManager') || (isApply ? '' : program.slice(0, LONGEST_MANAGER) || 'unknown'),
    operation: isApply ? 'Apply' : 'Update',
    apiVersion: apiVersionOf(resource),
    subresource: subresource ?? '',
  };
}

/** An answer without streams. */
type FakeAnswer = WriteAnswer | OpenApiDocument;

/** Whether it is well: always, as long as it answers. */
const HEALTH = /^\/(?:healthz|livez|readyz)(?:\/ping)?$/;
const HEALTHY: OpenApiDocument = { type: 'text/plain; charset=utf-8', body: Buffer.from('ok') };

/** Sends an answer. */
export function send(response: ServerResponse, answer: FakeAnswer): void {
  if ('type' in answer) {
    response.writeHead(200, { 'Content-Type': answer.type });
    response.end(answer.body);
    return;
  }
  response.writeHead(answer.code, {
    'Content-Type': 'application/json',
    ...('warnings' in answer ? { Warning: warningsOf(answer.warnings) } : {}),
  });
  response.end(JSON.stringify('body' in answer ? answer.body : answer));
}

/** Most characters of all warnings, and of one: clients take no head of any length. */
const MOST_WARNED = 4096;
const LONGEST_WARNING = 256;

/** As RFC 7234 has them; those that are too many are left out. */
function warningsOf(texts: readonly string[]): string[] {
  const warnings: string[] = [];
  let left = MOST_WARNED;
  for (const text of texts) {
    const plain = text.slice(0, LONGEST_WARNING).replaceAll(/[^ -~]/g, '?');
    const warning = `299 - "${plain.replaceAll(/["\\]/g, '\\$&')}"`;
    left -= warning.length;
    if (left < 0) break;
    warnings.push(warning);
  }
  return warnings;
}

function ok(body: object): FakeAnswer {
  return { code: 200, body };
}

/** Whether a body is the outcome of a request, and no object. */
function isStatus(body: object): boolean {
  return 'kind' in body && body.kind === 'Status';
}
