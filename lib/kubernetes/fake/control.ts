import type { IncomingMessage, ServerResponse } from 'node:http';
import { InvalidArgumentError } from '../../errors.ts';
import type { FakeRule } from './access/rbac.ts';
import { send } from './answers.ts';
import type { FakeCluster, FakeParts } from './cluster.ts';
import type { FakeFaultRule } from './faults/fault.ts';
import { type FakeManifest, isFields, textOf } from './objects/object.ts';
import type { FakePod, FakePodState } from './pods/pod-options.ts';
import { failure, isRefusal, nothingAt } from './requests/refusals.ts';
import { readBody } from './writes/body.ts';

/** Where the control API is: no path of Kubernetes begins so. */
const PREFIX = '/_fake/';

/** What a request of the control API is about. */
interface ControlRequest {
  /** Method and path, with `*` for names. */
  readonly route: string;
  readonly names: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** The control API of a fake API server: what its test does with it, for tests that are no programs of Node. */
export class FakeControl {
  readonly #cluster: FakeCluster;
  readonly #parts: FakeParts;
  readonly #open: () => object;

  constructor(cluster: FakeCluster, parts: FakeParts, open: () => object) {
    this.#cluster = cluster;
    this.#parts = parts;
    this.#open = open;
  }

  /** Whether a path is one of the control API. */
  static owns(path: string | null): boolean {
    return path?.startsWith(PREFIX) === true;
  }

  /** Answers a request. */
  async respond(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const { method = '', url = '' } = request;
    const body = await readBody(request);
    if (isRefusal(body)) {
      send(response, body);
      return;
    }
    const [what = '', ...rest] = path.slice(PREFIX.length).split('/');
    const [namespace, name, ...more] = rest;
    const ofPod = what === 'pods' && name !== undefined;
    const names = ofPod ? [namespace as string, name] : rest;
    const shape = ofPod ? [what, '*', '*', ...more] : [what, ...rest.map(() => '*')];
    const query = new URLSearchParams(url.split(/\?(.*)/s)[1]);
    const asked = { route: `${method} ${shape.join('/')}`, names, query, body: body.value };
    try {
      const answer = this.#act(asked);
      send(response, answer === null ? nothingAt(path) : { code: 200, body: answer });
    } catch (exception) {
      if (!(exception instanceof InvalidArgumentError)) throw exception;
      send(response, failure(400, exception.message));
    }
  }

  /** Does what is asked for; null if there is no such thing. */
  #act({ route, names, query, body }: ControlRequest): object | null {
    const cluster = this.#cluster;
    const { faults } = this.#parts;
    const [namespace = '', name = ''] = names;
    switch (route) {
      case 'GET open':
        return this.#open();
      case 'GET faults':
        return { faults: faults.all };
      case 'POST faults':
        return { id: faults.add(body as FakeFaultRule) };
      case 'DELETE faults':
        faults.clear();
        return {};
      case 'DELETE faults/*':
        return faults.delete(Number(names[0])) ? {} : null;
      case 'PUT rules':
        cluster.setRules(body as FakeRule[] | null);
        return {};
      case 'POST pods':
        return cluster.addPod(body as FakePod);
      case 'PATCH pods/*/*':
        return cluster.setPod(name, body as FakePodState, namespace);
      case 'DELETE pods/*/*': {
        const seconds = query.get('graceSeconds');
        const grace = seconds === null ? {} : { graceSeconds: Number(seconds) };
        cluster.deletePod(name, { namespace, ...grace });
        return {};
      }
      case 'POST pods/*/*/log': {
        const container = query.get('container');
        const place = container === null ? { namespace } : { namespace, container };
        cluster.log(name, isFields(body) ? textOf(body, 'text') : '', place);
        return {};
      }
      case 'POST objects':
        return cluster.put(body as FakeManifest);
      case 'POST bookmark':
        cluster.bookmark();
        return {};
      case 'POST expire-watches':
        cluster.expireWatches();
        return {};
      default:
        return null;
    }
  }
}
