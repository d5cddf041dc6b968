import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { closeWithin } from '../../common/close-within.ts';
import { hostAndPort } from '../../common/network/host-and-port.ts';
import { InvalidStateError } from '../../errors.ts';
import { type Certificate, makeCertificate } from '../../http/server/connection/certificate.ts';
import type { ClusterOptions } from '../kubeconfig/cluster.ts';
import { createStreamingServer, type StreamingServer } from '../server/streaming-server.ts';
import { refuse } from '../server/upgrade.ts';
import type { FakeUser } from './access/user.ts';
import { FakeAnswers, send } from './answers.ts';
import { FakeCluster, type FakeParts, makeParts } from './cluster.ts';
import { FakeControl } from './control.ts';
import { breakResponse } from './faults/broken-response.ts';
import { BrokenSocket } from './faults/broken-socket.ts';
import { breakOf, checkFault, type FakeFault } from './faults/fault.ts';
import { FAKE_KUBECONFIG_MARK, formatKubeConfig } from './kubeconfig.ts';
import { checkFakeOptions, type FakeApiServerOptions } from './options.ts';
import { asError, failure, isRefusal, nothingAt } from './requests/refusals.ts';
import {
  type FakeRequest,
  isStreaming,
  type ReadRequest,
  readRequest,
} from './requests/request.ts';

/** How many of what a fake API server has at one moment. */
export interface FakeApiServerOpen {
  /** Connections of clients. */
  readonly connections: number;
  /** Exec, attach and portforward that are not over. */
  readonly sessions: number;
  /** Processes of this machine that run the commands of its pods. */
  readonly processes: number;
}

/** As long as those of Kubernetes: commands stand in the URL. */
const HEADS = { maxHeaderSize: (1 << 20) + 4096 };

/** How long clients may take to leave at the end. */
const CLOSE_TIMEOUT_MS = 1000;

/**
 * A test double of a Kubernetes API server, made by `createFakeApiServer()`: as much of it as `kubectl` needs for exec, attach, cp and
 * port-forward. **Commands run on this machine**, with the rights of this process; a container is nothing but a working directory.
 */
export class FakeApiServer extends FakeCluster {
  readonly #options: FakeApiServerOptions;
  readonly #parts: FakeParts;
  readonly #answers: FakeAnswers;
  readonly #streaming: StreamingServer;
  readonly #sockets = new Set<Socket>();
  readonly #counts = new Map<string, number>();
  readonly #closing = new AbortController();
  readonly #control: FakeControl | null;
  #server: http.Server | null = null;
  #certificate: Certificate | null = null;
  /** Key and certificate of clients. */
  readonly #client: Certificate | null;

  /**
   * The same as `createFakeApiServer()`.
   *
   * @throws InvalidArgumentError for an option that is none
   */
  constructor(options: FakeApiServerOptions = {}) {
    checkFakeOptions(options);
    const parts = makeParts(options);
    super(parts, options);
    this.#parts = parts;
    const { token, control = false, clientCertificate = false } = options;
    this.#options = options;
    this.#control = control ? new FakeControl(this, parts, () => this.open) : null;
    this.#client = clientCertificate ? makeCertificate(['fake']) : null;
    this.#answers = new FakeAnswers(parts, {
      token: token ?? null,
      certificate: clientCertificate,
    });
    this.#streaming = createStreamingServer(parts.workloads.handlers, options.streaming);
  }

  /** Listens; port 0, the default, is a free one. Resolves with itself; rejects with the error of the socket. */
  async listen(port = 0, host = '127.0.0.1'): Promise<this> {
    if (this.#server !== null) throw new InvalidStateError('it listens already, or is closed');
    const { tls = false } = this.#options;
    if (tls === true) this.#certificate = makeCertificate(hostsOf(host));
    else if (tls !== false) this.#certificate = tls;
    const server =
      this.#certificate === null
        ? http.createServer(HEADS)
        : https.createServer({ ...this.#certificate, ...HEADS, ...clientsBy(this.#client) });
    this.#server = server;
    server.on('request', (request, response) => void this.#answer(request, response));
    server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head));
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#parts.pods.open();
    this.#parts.workloads.open();
    server.listen(port, host);
    await once(server, 'listening');
    return this;
  }

  /** Where it listens, as `http://127.0.0.1:8001`. */
  get url(): string {
    const { address, port } = this.#address();
    const host = { '::': '[::1]', '0.0.0.0': '127.0.0.1' }[address] ?? address;
    return `${this.#certificate === null ? 'http' : 'https'}://${hostAndPort(host, port)}`;
  }

  /** The port on which it listens. Throws InvalidStateError while it does not. */
  get port(): number {
    return this.#address().port;
  }

  /** What `exec()`, `portForward()` and the others need to reach it. */
  get cluster(): ClusterOptions {
    const { token } = this.#options;
    return {
      server: this.url,
      ...(this.#certificate === null ? {} : { ca: this.#certificate.cert }),
      ...this.#client,
      ...(token === undefined ? {} : { token }),
    };
  }

  /** A kubeconfig (YAML) whose only context is this server. */
  kubeConfig(): string {
    const { token = null } = this.#options;
    const ca = this.#certificate?.cert ?? null;
    return formatKubeConfig({ server: this.url, ca, token, client: this.#client });
  }

  /** Writes the kubeconfig, for its owner only to read. Rejects with InvalidStateError where there is a file that is none of these. */
  async writeKubeConfig(path: string): Promise<void> {
    const old = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (old !== null && old !== '' && !old.startsWith(FAKE_KUBECONFIG_MARK))
      throw new InvalidStateError(`${path} is somebody else's: it is not overwritten`);
    await writeFile(path, '', { mode: 0o600 });
    // A file that was there keeps its mode otherwise.
    await chmod(path, 0o600);
    await writeFile(path, this.kubeConfig());
  }

  /** What there is at this moment. For tests that look for leaks. */
  get open(): FakeApiServerOpen {
    return {
      connections: this.#sockets.size,
      sessions: this.#streaming.sessions,
      processes: this.#parts.workloads.processes,
    };
  }

  /** Ends all connections and processes, and removes the folders it has made. */
  async close(): Promise<void> {
    this.#closing.abort();
    const server = this.#server;
    if (server !== null) {
      const closed = server.listening ? once(server, 'close') : null;
      server.close();
      const left = Promise.all([this.#parts.watches.close(), this.#streaming.close()]);
      const destroyAll = (): void => {
        for (const socket of this.#sockets) socket.destroy();
      };
      // Clients that hang are not waited for.
      await closeWithin(CLOSE_TIMEOUT_MS, left, destroyAll);
      destroyAll();
      await closed;
    }
    await this.#parts.workloads.close();
    await this.#parts.pods.removeFolders();
  }

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #address(): AddressInfo {
    const address = this.#server?.address() ?? null;
    if (address === null) throw new InvalidStateError('it does not listen');
    return address as AddressInfo;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const read = readRequest(method, url, this.#parts.store.resources);
    const answers = this.#answers;
    const control = FakeControl.owns(read.path) ? this.#control : null;
    const fault = control === null ? this.#faultFor(this.#take(read)) : null;
    if (!(await this.#wait(fault))) return;
    const broken = breakOf(fault);
    if (broken !== null) breakResponse(response, broken);
    try {
      const user = answers.userOf(request, read);
      const refusal = isRefusal(user) ? user : answers.refusalOf(read, fault, user);
      if (refusal !== null) {
        request.resume();
        send(response, refusal);
      } else if (control === null) await answers.respond(request, response, read, user as FakeUser);
      else await control.respond(request, response, read.path ?? '');
    } catch (exception) {
      // The client may have gone in the midst of its request. No body of one ends the process of the test.
      if (request.errored !== null || response.headersSent) response.destroy();
      else send(response, failure(500, `Internal error occurred: ${exception}`));
    }
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => {});
    const { method = '', url = '' } = request;
    const read = readRequest(method, url, this.#parts.store.resources);
    const fault = this.#faultFor(this.#take(read));
    if (!(await this.#wait(fault)) || socket.destroyed) return;
    const answers = this.#answers;
    const user = answers.userOf(request, read);
    const refusal = isRefusal(user)
      ? user
      : (answers.refusalOf(read, fault, user) ?? answers.mismatch(read));
    if (refusal !== null) {
      refuse(socket, asError(refusal));
      return;
    }
    const { namespace, pod } = read.asked;
    this.#parts.workloads.bind(request, namespace ?? '', pod ?? '');
    const broken = breakOf(fault);
    const end = broken === null ? socket : new BrokenSocket(socket, broken);
    if (!this.#streaming.handleUpgrade(request, end, head))
      refuse(socket, asError(nothingAt(read.path ?? '')));
  }

  /** Counts a request, and tells of it. */
  #take({ asked: { action }, asked }: ReadRequest): FakeRequest {
    const count = (this.#counts.get(action) ?? 0) + 1;
    this.#counts.set(action, count);
    const counted: FakeRequest = { ...asked, count };
    this.emit('request', counted);
    return counted;
  }

  #faultFor(asked: FakeRequest): FakeFault | null {
    const byRule = this.#parts.faults.faultFor(asked);
    const { fault = null } = this.#options;
    if (typeof fault !== 'function') return byRule ?? (isStreaming(asked.action) ? fault : null);
    const own = fault(asked) ?? null;
    return byRule ?? (own === null ? null : checkFault(own));
  }

  /** Waits as the fault says; false when the server was closed meanwhile. */
  async #wait(fault: FakeFault | null): Promise<boolean> {
    const { signal } = this.#closing;
    const { delayMs = 0 } = fault ?? {};
    if (delayMs > 0) await delay(delayMs, undefined, { signal }).catch(() => {});
    return !signal.aborted;
  }
}

/** Makes a fake API server; `listen()` starts it. Throws InvalidArgumentError for bad options. */
export function createFakeApiServer(options: FakeApiServerOptions = {}): FakeApiServer {
  return new FakeApiServer(options);
}

/** Whoever shows none, or another one, is told so by an answer. */
function clientsBy(client: Certificate | null): https.ServerOptions {
  return client === null ? {} : { requestCert: true, rejectUnauthorized: false, ca: client.cert };
}

function hostsOf(host: string): string[] {
  return [...new Set(['localhost', '127.0.0.1', '::1', host])];
}
