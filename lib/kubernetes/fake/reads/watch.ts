import type { ServerResponse } from 'node:http';
import { clearInterval, setInterval } from 'node:timers';
import { MAX_TIMEOUT_MS } from '../../../common/check.ts';
import { Deadline } from '../../../common/deadline.ts';
import type { FakeObject } from '../objects/object.ts';
import { apiVersionOf, DEFINITIONS, type FakeResource } from '../objects/resources.ts';
import type { Selection } from '../objects/selectors.ts';
import { type FakeStore, inVersion, isSameResource, type StoreChange } from '../objects/store.ts';
import type { ApiPlace } from '../requests/api-path.ts';
import { failure, type Refusal } from '../requests/refusals.ts';
import { isTrue } from '../requests/request.ts';
import { invalidList, readSelection, readVersion, tooNew } from './lists.ts';
import { type Representation, represent } from './representation.ts';

/** Most bytes that wait for a client that does not read. */
const MAX_WAITING = 4 * 1024 * 1024;
/** How often a client that wants bookmarks gets one, in milliseconds. */
const BOOKMARK_INTERVAL_MS = 60_000;

/** A watch that is to be opened. */
export interface WatchRequest {
  readonly place: ApiPlace;
  readonly query: URLSearchParams;
  readonly form: Representation;
}

/** The watches of a fake API server. None of them ends but in order, by its time, with what it watches, or with the server. */
export class FakeWatches {
  readonly #store: FakeStore;
  readonly #watchList: boolean;
  readonly #open = new Set<Watch>();

  /** `watchList` is whether `sendInitialEvents` is known. */
  constructor(store: FakeStore, watchList: boolean) {
    this.#store = store;
    this.#watchList = watchList;
    store.listen((change) => {
      for (const watch of this.#open) {
        watch.changed(change);
        if (change.resource === DEFINITIONS && !watch.isServed(store)) void watch.end();
      }
    });
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Opens one, or returns why it cannot be. */
  open(request: WatchRequest, response: ServerResponse): Refusal | null {
    const { place, query } = request;
    const selected = readSelection(place, query);
    if (typeof selected !== 'function') return selected;
    const problem = this.#problemOf(query);
    if (problem !== null) return invalidList(problem);
    const version = readVersion(query);
    if (version !== null && typeof version === 'object') return version;
    const seconds = query.get('timeoutSeconds') ?? '0';
    if (!/^\d{1,9}$/.test(seconds))
      return failure(400, `timeoutSeconds must be a number, got "${seconds}"`);
    const wantsInitial = query.has('sendInitialEvents')
      ? isTrue(query.get('sendInitialEvents'))
      : version === null;
    if (wantsInitial && version !== null && version > this.#store.version)
      return tooNew(version, this.#store.version);
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    const watch = new Watch(request, selected, response);
    this.#open.add(watch);
    response.once('close', () => {
      watch.stop();
      this.#open.delete(watch);
    });
    if (wantsInitial) {
      const objects = this.#store.list(place.resource, place.namespace).filter(selected);
      for (const object of objects) watch.send('ADDED', object);
      if (query.has('sendInitialEvents')) watch.bookmark(this.#store.version, true);
    } else if (version !== null) {
      const missed = this.#store.changesSince(version);
      if (missed === null) watch.expire(`${version} (${this.#store.version})`);
      else for (const change of missed) watch.changed(change);
    }
    watch.start(Number(seconds) * 1000, () => this.#store.version);
    return null;
  }

  /** Sends a bookmark to everybody who wants some. */
  bookmark(): void {
    for (const watch of this.#open) watch.bookmark(this.#store.version);
  }

  /** Ends all with 410; who goes on where it was is answered so as well. */
  expire(): void {
    this.#store.forget();
    for (const watch of this.#open) watch.expire(`(${this.#store.version})`);
  }

  /** Ends all in order; resolves when their ends have left. */
  async close(): Promise<void> {
    await Promise.all([...this.#open].map((watch) => watch.end()));
  }

  /** Why the options of a query do not go together; null if they do. */
  #problemOf(query: URLSearchParams): string | null {
    const match = query.get('resourceVersionMatch');
    if (!query.has('sendInitialEvents'))
      return match === null
        ? null
        : 'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
    if (!this.#watchList)
      return 'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled';
    if (match !== 'NotOlderThan')
      return 'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
    return null;
  }
}

/** One watch of a client. */
class Watch {
  readonly #resource: FakeResource;
  readonly #query: URLSearchParams;
  readonly #form: Representation;
  readonly #selected: Selection;
  readonly #response: ServerResponse;
  readonly #deadline = new Deadline();
  #bookmarks: NodeJS.Timeout | null = null;

  constructor({ place, query, form }: WatchRequest, selected: Selection, response: ServerResponse) {
    this.#resource = place.resource;
    this.#query = query;
    this.#form = form;
    this.#selected = selected;
    this.#response = response;
  }

  /** Tells of a change, if it concerns this client: what comes to be selected is added for it, what no longer is, deleted. */
  changed({ type, resource, object, previous, version }: StoreChange): void {
    if (!isSameResource(resource, this.#resource)) return;
    const was = previous !== null && this.#selected(previous);
    const is = type !== 'DELETED' && this.#selected(object);
    if (is) this.send(was ? 'MODIFIED' : 'ADDED', object);
    else if (was) {
      const metadata = { ...previous.metadata, resourceVersion: String(version) };
      this.send('DELETED', { ...previous, metadata });
    }
  }

  /** Whether what it watches is served: a definition may have gone. */
  isServed({ resources }: FakeStore): boolean {
    const { group, version, plural } = this.#resource;
    return resources.at(group, version, plural) !== null;
  }

  send(type: string, object: FakeObject): void {
    this.#write(
      type,
      represent(this.#form, this.#resource, inVersion(this.#resource, object), this.#query),
    );
  }

  /** Tells the version, if the client wants such. */
  bookmark(version: number, initialEnd = false): void {
    if (!isTrue(this.#query.get('allowWatchBookmarks'))) return;
    const annotations = initialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
    const metadata = { resourceVersion: String(version), creationTimestamp: null, ...annotations };
    const { kind } = this.#resource;
    const object: unknown = { kind, apiVersion: apiVersionOf(this.#resource), metadata };
    this.send('BOOKMARK', object as FakeObject);
  }

  /** What the client has missed is not known any more. */
  expire(versions: string): void {
    this.#write('ERROR', failure(410, `too old resource version: ${versions}`));
    void this.end();
  }

  /** Begins with bookmarks, and with the time that the client has set; 0 for none. */
  start(ms: number, version: () => number): void {
    if (this.#response.writableEnded) return;
    this.#bookmarks = setInterval(() => this.bookmark(version()), BOOKMARK_INTERVAL_MS);
    this.#bookmarks.unref();
    if (ms === 0) return;
    this.#deadline.start(Math.min(ms, MAX_TIMEOUT_MS), () => {
      this.bookmark(version());
      void this.end();
    });
  }

  /** Ends in order, behind what was sent; resolves when that has left, or cannot any more. */
  end(): Promise<void> {
    this.stop();
    const response = this.#response;
    return new Promise((done) => {
      if (response.writableFinished || response.destroyed) done();
      response.once('finish', done);
      response.once('close', done);
      response.end();
    });
  }

  /** Stops the timers. */
  stop(): void {
    this.#deadline.stop();
    if (this.#bookmarks !== null) clearInterval(this.#bookmarks);
  }

  #write(type: string, object: object): void {
    if (this.#response.writableEnded) return;
    this.#response.write(`${JSON.stringify({ type, object })}\n`);
    // Who cannot keep up begins anew.
    if (this.#response.writableLength > MAX_WAITING) void this.end();
  }
}
