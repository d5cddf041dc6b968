import http, { type IncomingMessage } from 'node:http';
import { onAbort } from '../../../common/abort.ts';
import { Deadline } from '../../../common/deadline.ts';
import { lateHttps } from '../../../common/late-modules.ts';
import { explainTls } from '../../../common/network/tls-error.ts';
import { SpdyError } from '../../../errors.ts';
import { type Permission, TargetError } from '../../errors.ts';
import type { ClusterOptions } from '../../kubeconfig/cluster.ts';
import type { TunnelOptions } from '../../kubeconfig/proxy-agent.ts';
import { printable } from '../../wire/printable.ts';
import { parseStatus } from '../../wire/status.ts';
import { type ApiObject, asObject } from './api-object.ts';
import { aborted, locate, type RequestCredentials, withCredentials } from './api-request.ts';

/** Where objects are read, and for how long. */
export interface ApiPlace {
  readonly cluster: ClusterOptions;
  /** Milliseconds for connecting and the answer, 0 for no limit. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | null;
}

/** Largest answer that is read, in bytes: 500 pods have some 10 MiB. */
const MAX_ANSWER = 64 << 20;
const SHOWN_BODY = 300;

/**
 * Reads an object, or a list of them; `permission` is what that needs.
 *
 * Rejects with TargetError for any other answer than 200, with the error of the socket or of TLS, with `ERR_SPDY_TIMEOUT`, with
 * `ERR_SPDY_ABORTED`.
 */
export async function readApi(
  place: ApiPlace,
  path: string,
  permission: Permission,
): Promise<ApiObject> {
  const url = locate(place.cluster.server, path);
  return await withCredentials(url, place.cluster, place.signal, (credentials) =>
    readOnce(url, place, credentials, permission),
  );
}

async function readOnce(
  url: URL,
  place: ApiPlace,
  credentials: RequestCredentials,
  permission: Permission,
): Promise<ApiObject> {
  const { statusCode = 0, body } = await answerOf(url, place, credentials);
  if (statusCode !== 200) throw refusal(statusCode, body, permission);
  try {
    return asObject(JSON.parse(body));
  } catch {
    throw new TargetError(`${whatWas(permission)} was answered, but not with JSON`, statusCode);
  }
}

function answerOf(
  url: URL,
  { cluster, timeoutMs, signal }: ApiPlace,
  credentials: RequestCredentials,
): Promise<{ readonly statusCode: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    // Also ends what an agent does for the request, as asking a proxy.
    const attempt = new AbortController();
    const deadline = new Deadline();
    const settle = (): void => {
      deadline.stop();
      stopAbort();
    };
    const request = (url.protocol === 'https:' ? lateHttps() : http).request(url, {
      ...credentials.tls,
      ...({ connectSignal: attempt.signal } satisfies TunnelOptions),
      agent: cluster.agent ?? false,
      headers: { Accept: 'application/json', ...credentials.fields },
    });
    const fail = (error: Error): void => {
      settle();
      attempt.abort();
      request.destroy();
      reject(explainTls(error));
    };
    const stopAbort = onAbort(signal, (reason) => fail(aborted(reason)));
    if (timeoutMs > 0) {
      const message = `no answer of the API server within ${timeoutMs} ms`;
      deadline.start(timeoutMs, () => fail(new SpdyError('ERR_SPDY_TIMEOUT', message)));
    }
    request.on('error', fail);
    request.on('response', (response) => {
      read(response).then((body) => {
        settle();
        resolve({ statusCode: response.statusCode, body });
      }, fail);
    });
    request.end();
  });
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_ANSWER)
      throw new TargetError(`the API server answers with more than ${MAX_ANSWER} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function refusal(statusCode: number, body: string, permission: Permission): TargetError {
  const status = parseStatus(body);
  const words = printable(status?.message ?? body.slice(0, SHOWN_BODY));
  const { verb, resource, namespace } = permission;
  const isForbidden = statusCode === 403;
  const advice = isForbidden
    ? `: a role with the verb ${verb} for ${resource} in ${namespace} is missing`
    : '';
  const message = `${whatWas(permission)} was refused: ${statusCode}${advice}: ${words}`;
  return new TargetError(message, statusCode, status, isForbidden ? permission : null);
}

function whatWas({ verb, resource, namespace }: Permission): string {
  return `to ${verb} ${resource} in the namespace ${namespace}`;
}
