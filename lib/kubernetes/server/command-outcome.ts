import { shown } from '../../common/check.ts';
import { RemoteFailureError } from '../errors.ts';
import {
  exitStatus,
  internalError,
  type KubernetesStatus,
  MAX_STATUS_BYTES,
  SUCCESS,
} from '../wire/status.ts';
import type { ServerCommand } from './command.ts';

/** Runs a command for a client: resolves with its exit code, 0 without one. What it throws is told to the client as a failure. */
export type CommandHandler = (
  command: ServerCommand,
  // biome-ignore lint/suspicious/noConfusingVoidType: many a handler returns nothing
) => number | undefined | void | Promise<number | undefined | void>;

/** Calls a handler; resolves with what is told to the client. `failed` is called with what the handler has thrown. */
export async function outcomeOf(
  handler: CommandHandler,
  command: ServerCommand,
  failed: (error: unknown) => void,
): Promise<KubernetesStatus> {
  try {
    const exitCode = (await handler(command)) ?? 0;
    if (command.kind === 'attach') return SUCCESS;
    if (Number.isInteger(exitCode) && exitCode >= 0 && exitCode <= 255) return exitStatus(exitCode);
    throw new RangeError(`an exit code is an integer from 0 to 255, got ${shown(exitCode)}`);
  } catch (exception) {
    failed(exception);
    if (exception instanceof RemoteFailureError && exception.status?.status === 'Failure')
      return exception.status;
    return internalError(exception instanceof Error ? exception.message : String(exception));
  }
}

/** A status as the error stream has it: JSON, or for old clients the words of a failure. Of one that is too long for clients the beginning. */
export function statusText(status: KubernetesStatus, asJson: boolean): string {
  const text = textOf(status, asJson);
  return Buffer.byteLength(text) > MAX_STATUS_BYTES ? textOf(shortened(status), asJson) : text;
}

function textOf(status: KubernetesStatus, asJson: boolean): string {
  if (asJson) return JSON.stringify(status);
  return status.status === 'Success' ? '' : (status.message ?? 'the command failed');
}

/** As many characters as fit, however they are escaped. */
const KEPT = 8192;

function shortened({ status, message, reason, code, details }: KubernetesStatus): KubernetesStatus {
  const causes = details?.causes?.filter((cause) => cause.reason === 'ExitCode').slice(0, 1) ?? [];
  return {
    ...{ metadata: {}, status },
    ...(message === undefined ? {} : { message: `${message.slice(0, KEPT)}...` }),
    ...(reason === undefined ? {} : { reason: reason.slice(0, 100) }),
    ...(code === undefined ? {} : { code }),
    ...(causes.length === 0 ? {} : { details: { causes } }),
  };
}
