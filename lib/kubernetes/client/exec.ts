import { REMOTE_COMMAND_PROTOCOLS } from '../wire/protocols.ts';
import {
  type AttachOptions,
  type ExecOptions,
  type KubernetesTarget,
  locateTarget,
  type RemoteCommandOptions,
  resolveCommand,
} from './command-options.ts';
import { RemoteCommand } from './remote-command.ts';
import { upgradeToSpdy } from './upgrade.ts';

/**
 * Runs a command in a container. Resolves when the connection is there; how the command ends is told by `exited`.
 *
 * Rejects with UpgradeRefusedError, with the error of the socket or of TLS, with `ERR_SPDY_TIMEOUT` or `ERR_SPDY_ABORTED`, and with
 * InvalidArgumentError for bad options.
 */
export async function exec(options: ExecOptions): Promise<RemoteCommand> {
  return start(options, options.command, options);
}

/** Connects to the streams of a container's main process. The rest is as with `exec()`. */
export async function attach(options: AttachOptions): Promise<RemoteCommand> {
  return start(options, null, options);
}

async function start(
  target: KubernetesTarget,
  command: readonly string[] | null,
  options: RemoteCommandOptions,
): Promise<RemoteCommand> {
  const resolved = resolveCommand(command, options);
  const action = command === null ? 'attach' : 'exec';
  const { signal, timeoutMs, session } = options;
  const upgraded = await upgradeToSpdy({
    ...locateTarget(target, action, resolved.query),
    protocols: REMOTE_COMMAND_PROTOCOLS,
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(session === undefined ? {} : { session }),
  });
  return new RemoteCommand(upgraded.session, upgraded.protocol, resolved);
}
