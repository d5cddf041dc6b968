import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { abortSignal, onAbort } from '../../common/abort.ts';
import { checkObject } from '../../common/check.ts';
import { Deadline } from '../../common/deadline.ts';
import { lateHttps } from '../../common/late-modules.ts';
import { explainTls } from '../../common/network/tls-error.ts';
import { givenOptions, optionNames } from '../../common/option-names.ts';
import { SpdyError } from '../../errors.ts';
import { CLIENT } from '../../protocol/constants.ts';
import { Session, type SessionOptions } from '../../session/public.ts';
import { UpgradeRefusedError } from '../errors.ts';
import type { ClusterOptions } from '../kubeconfig/cluster.ts';
import type { TunnelOptions } from '../kubeconfig/proxy-agent.ts';
import { printable } from '../wire/printable.ts';
import { PROTOCOL_FIELD, parseProtocols } from '../wire/protocols.ts';
import { kubernetesSession } from '../wire/session-options.ts';
import { type KubernetesStatus, parseStatus } from '../wire/status.ts';
import { aborted, locate, type RequestCredentials, withCredentials } from './api/api-request.ts';
import { checkTargetNames } from './option-names.ts';

/** How a connection becomes a session. */
export interface UpgradeRequest {
  /** The API server, kubelet or runtime to ask, and how: TLS, credentials, headers. */
  readonly cluster: ClusterOptions;
  /** Path and query behind the prefix of `server`. */
  readonly path: string;
  /** Sub-protocols to offer, best first. */
  readonly protocols: readonly string[];
  /** Milliseconds for connecting and the answer, 0 for no limit. Default 30000. */
  readonly timeoutMs?: number | undefined;
  /** Gives up, and ends the session later. */
  readonly signal?: AbortSignal | undefined;
  /** Options of the session, over those that Kubernetes needs. */
  readonly session?: SessionOptions | undefined;
}

const OPTION_NAMES = optionNames<UpgradeRequest>({
  cluster: true,
  path: true,
  protocols: true,
  timeoutMs: true,
  signal: true,
  session: true,
});

/** What came of an upgrade. */
export interface UpgradedConnection {
  /** Attached, and open. */
  readonly session: Session;
  /** The sub-protocol that the server chose, null if it named none. */
  readonly protocol: string | null;
}

/** What of a refusal is read. */
const MAX_BODY = 65536;
/** So large are frames of what is written in pieces as large: each costs as much as some KiB of bytes. A server keeps 50 that nobody reads. */
const MAX_DATA_SIZE = 131_072;
/** Idle time before TCP asks whether the other end is there. PING cannot: its answer may wait behind an unread stream. */
const TCP_KEEP_ALIVE_MS = 30_000;

/** The transport of a session that there is not yet. */
export interface DialedConnection {
  readonly socket: Socket;
  /** The sub-protocol that the server chose, null if it named none. */
  readonly protocol: string | null;
}

/**
 * Asks for SPDY/3.1 by `POST` and `Upgrade`, and resolves with the session.
 *
 * Rejects with UpgradeRefusedError for any other answer than 101, with the error of the socket or of TLS, with `ERR_SPDY_TIMEOUT`,
 * with `ERR_SPDY_ABORTED`; InvalidArgumentError for an option that does not exist.
 */
export async function upgradeToSpdy(options: UpgradeRequest): Promise<UpgradedConnection> {
  checkTargetNames('upgradeToSpdy()', options, OPTION_NAMES);
  const { socket, protocol } = await dialSpdy(options);
  return { session: clientSession(socket, options), protocol };
}

/** Asks for SPDY/3.1, and resolves with the bytes of a session that whoever asks has to begin. Rejects as `upgradeToSpdy()`. */
export async function dialSpdy(options: UpgradeRequest): Promise<DialedConnection> {
  checkObject('options', options);
  checkObject('cluster', options.cluster);
  const signal = abortSignal(options.signal);
  const url = locate(options.cluster.server, options.path);
  return await withCredentials(url, options.cluster, signal, (credentials) =>
    dialOnce(url, options, credentials, signal),
  );
}

/** The session on a transport that was dialed. */
export function clientSession(
  transport: Duplex,
  { signal, session: options }: Pick<UpgradeRequest, 'signal' | 'session'>,
): Session {
  const session = new Session(
    CLIENT,
    'spdy/3.1',
    kubernetesSession({ signal, maxDataSize: MAX_DATA_SIZE, ...givenOptions(options) }),
  );
  // Its failure is told by the streams; a listener keeps it from being an uncaught one.
  session.on('error', () => {});
  return session.attach(transport);
}

async function dialOnce(
  url: URL,
  options: UpgradeRequest,
  credentials: RequestCredentials,
  signal: AbortSignal | null,
): Promise<DialedConnection> {
  // Also ends what an agent does for the request, as asking a proxy.
  const attempt = new AbortController();
  const request = send(url, options, credentials, attempt.signal);
  const { response, socket, head } = await answered(request, options, signal).catch((error) => {
    attempt.abort();
    throw error;
  });
  const protocol = chosenProtocol(response, options.protocols);
  if (protocol instanceof Error) {
    socket.destroy();
    throw protocol;
  }
  // Whoever takes it listens for more than that.
  socket.on('error', () => {});
  socket.setNoDelay(true);
  socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
  if (head.length > 0) socket.unshift(head);
  return { socket, protocol };
}

function send(
  url: URL,
  options: UpgradeRequest,
  credentials: RequestCredentials,
  signal: AbortSignal,
): ClientRequest {
  const { agent } = options.cluster;
  const secure = url.protocol === 'https:';
  const request = (secure ? lateHttps() : http).request(url, {
    ...credentials.tls,
    ...({ connectSignal: signal } satisfies TunnelOptions),
    method: 'POST',
    // Without `agent`: a connection of its own, which nothing else waits for.
    agent: agent ?? false,
    headers: {
      Connection: 'Upgrade',
      'Content-Length': 0,
      Upgrade: 'SPDY/3.1',
      [PROTOCOL_FIELD]: [...options.protocols],
      ...credentials.fields,
    },
  });
  return request.end();
}

interface Answer {
  readonly response: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
}

/** Waits for 101. Everything else is an error. */
function answered(
  request: ClientRequest,
  options: UpgradeRequest,
  signal: AbortSignal | null,
): Promise<Answer> {
  const { timeoutMs = 30_000 } = options;
  return new Promise((resolve, reject) => {
    const deadline = new Deadline();
    const fail = (error: Error): void => {
      deadline.stop();
      stopAbort();
      request.destroy();
      reject(error);
    };
    const stopAbort = onAbort(signal, (reason) => fail(aborted(reason)));
    if (timeoutMs > 0) {
      const message = `no answer to the upgrade within ${timeoutMs} ms`;
      deadline.start(timeoutMs, () => fail(new SpdyError('ERR_SPDY_TIMEOUT', message)));
    }
    request.on('error', (error) => fail(explainTls(error)));
    request.on('response', (response) => {
      readBody(response).then((body) => fail(refusal(response, body)), fail);
    });
    request.on('upgrade', (response, socket, head) => {
      deadline.stop();
      stopAbort();
      resolve({ response, socket, head });
    });
  });
}

/** The beginning of a body. */
export function readBody(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (): void => resolve(Buffer.concat(chunks).subarray(0, MAX_BODY).toString());
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= MAX_BODY) settle();
    });
    response.on('end', settle);
    response.on('close', settle);
    response.on('error', reject);
  });
}

/** Any other answer than 101. */
export function refusal(response: IncomingMessage, body: string): UpgradeRefusedError {
  const { statusCode = 0, statusMessage = '' } = response;
  const status: KubernetesStatus | null = parseStatus(body);
  const words = printable(status?.message ?? body);
  const message = printable(`the server refused the upgrade: ${statusCode} ${statusMessage}`);
  return new UpgradeRefusedError(
    words === '' ? message : `${message}: ${words}`,
    statusCode,
    status,
  );
}

/** The sub-protocol of a 101, or why it is none. */
function chosenProtocol(
  response: IncomingMessage,
  offered: readonly string[],
): string | null | UpgradeRefusedError {
  const { upgrade = '' } = response.headers;
  const refuse = (why: string): UpgradeRefusedError =>
    new UpgradeRefusedError(`the server switched to something else: ${why}`, 101, null);
  if (!upgrade.toLowerCase().includes('spdy/3.1')) return refuse(`Upgrade: ${printable(upgrade)}`);
  const names = parseProtocols(response.headersDistinct[PROTOCOL_FIELD.toLowerCase()]);
  const name = names[0];
  if (name === undefined) return null;
  // Some server may yet pick v5, which is v4 where streams can be ended.
  if (names.length === 1 && (offered.includes(name) || name === 'v5.channel.k8s.io')) return name;
  return refuse(`${PROTOCOL_FIELD}: ${printable(names.join(', '))}`);
}
