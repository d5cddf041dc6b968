import { shown } from '../../common/check.ts';
import { InvalidArgumentError } from '../../errors.ts';
import {
  type CommandRequest,
  type ForwardRequest,
  isPort,
  problemOf,
  type StreamingRequest,
} from './routes.ts';

/** A request for `issuePath()`: what is missing is empty, null or false. */
export type RuntimeRequest =
  | ({
      /** What is asked for. */
      readonly kind: 'exec' | 'attach';
    } & Partial<Omit<CommandRequest, 'kind'>>)
  | ({ readonly kind: 'portForward' } & Partial<Omit<ForwardRequest, 'kind'>>);

/**
 * What such a request asks for.
 *
 * @throws InvalidArgumentError for one that makes no sense
 */
export function readRuntimeRequest(request: RuntimeRequest): StreamingRequest {
  const asked = toRequest(request);
  const problem = problemOf(asked);
  if (problem !== null) throw new InvalidArgumentError(problem);
  return asked;
}

function toRequest(request: RuntimeRequest): StreamingRequest {
  const { kind, namespace = '', pod = '', uid = null } = request;
  if (kind === 'portForward') {
    const { ports = [] } = request;
    if (!Array.isArray(ports) || !ports.every(isPort))
      throw new InvalidArgumentError(`ports must be a list of ports, got ${shown(ports)}`);
    return { kind, namespace, pod, uid, ports: [...ports] };
  }
  if (kind !== 'exec' && kind !== 'attach')
    throw new InvalidArgumentError(`kind must be exec, attach or portForward, got ${shown(kind)}`);
  const { container = null, command = [], tty = false } = request;
  const { stdin = false, stdout = false, stderr = false } = request;
  const streams = { stdin, stdout, stderr: stderr && !tty, tty };
  return { kind, namespace, pod, uid, container, command: [...command], ...streams };
}
