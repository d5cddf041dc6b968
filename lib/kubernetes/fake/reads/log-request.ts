import type { ServerResponse } from 'node:http';
import { type FakeObject, fieldsOf, listOf } from '../objects/object.ts';
import type { FakeLog, LogSelection } from '../pods/log.ts';
import { failure, type Refusal } from '../requests/refusals.ts';
import { isTrue } from '../requests/request.ts';

/** Most bytes that wait for a client that does not read. */
const MAX_WAITING = 4 * 1024 * 1024;

/** What is asked for of a log. */
export interface LogRequest extends LogSelection {
  readonly follow: boolean;
  /** Whether that of the run before is meant. */
  readonly previous: boolean;
  /** Most bytes; infinite without a limit. */
  readonly limitBytes: number;
}

/** Reads the query of a log, or says why it cannot be. */
export function readLogQuery(query: URLSearchParams): LogRequest | Refusal {
  const numbers: Record<string, number | null> = {};
  for (const [name, min] of [
    ['tailLines', 0],
    ['limitBytes', 1],
    ['sinceSeconds', 1],
  ] as const) {
    const text = query.get(name);
    if (text !== null && !/^-?\d{1,15}$/.test(text))
      return failure(400, `${name} must be a number`);
    if (text !== null && Number(text) < min)
      return invalid(`${name}: Invalid value: ${text}: must be greater than or equal to ${min}`);
    numbers[name] = text === null ? null : Number(text);
  }
  const { tailLines = null, limitBytes, sinceSeconds } = numbers;
  const sinceTime = query.get('sinceTime');
  const time = sinceTime === null ? Number.NEGATIVE_INFINITY : Date.parse(sinceTime);
  if (Number.isNaN(time)) return failure(400, `sinceTime must be a time, got "${sinceTime}"`);
  if (sinceTime !== null && sinceSeconds !== null)
    return invalid('at most one of `sinceTime` or `sinceSeconds` may be specified');
  if ((query.get('stream') ?? 'All') !== 'All')
    return invalid('stream: Forbidden: may not be specified');
  return {
    follow: isTrue(query.get('follow')),
    previous: isTrue(query.get('previous')),
    timestamps: isTrue(query.get('timestamps')),
    since: sinceSeconds == null ? time : Date.now() - sinceSeconds * 1000,
    tailLines,
    limitBytes: limitBytes ?? Number.POSITIVE_INFINITY,
  };
}

/** Why a container is not the one of a pod that is meant; its name if it is. */
export function readContainer(pod: FakeObject, query: URLSearchParams): string | Refusal {
  const { name: podName } = pod.metadata;
  const spec = fieldsOf(pod, 'spec');
  const [containers, ephemeral] = ['containers', 'ephemeralContainers'].map((field) =>
    listOf(spec, field).map(({ name }) => String(name)),
  ) as [string[], string[]];
  const asked = query.get('container') ?? '';
  if (asked === '' && containers.length === 1) return containers[0] as string;
  if (asked === '')
    return failure(
      400,
      `a container name must be specified for pod ${podName}, choose one of: [${containers.join(' ')}]`,
    );
  return containers.includes(asked) || ephemeral.includes(asked)
    ? asked
    : failure(400, `container ${asked} is not valid for pod ${podName}`);
}

/** Sends a log, and what comes to it if that is asked for. */
export function sendLog(log: FakeLog, request: LogRequest, response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/plain' });
  response.flushHeaders();
  let left = request.limitBytes;
  let stop = (): void => {};
  const end = (): void => {
    stop();
    response.end();
  };
  const write = (bytes: Buffer): void => {
    if (response.writableEnded) return;
    const part = bytes.subarray(0, left);
    left -= part.length;
    if (part.length > 0) response.write(part);
    if (left <= 0 || response.writableLength > MAX_WAITING) end();
  };
  write(log.read(request));
  if (!request.follow || response.writableEnded) {
    end();
    return;
  }
  stop = log.follow({ write, end }, request);
  response.once('close', stop);
}

function invalid(problem: string): Refusal {
  return failure(422, `PodLogOptions.v1 "" is invalid: ${problem}`);
}
