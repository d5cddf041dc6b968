import type { Readable, Writable } from 'node:stream';
import { onAbort } from '../../common/abort.ts';
import type { CommandLink } from '../client/command/remote-command.ts';
import { RemoteFailureError } from '../errors.ts';
import type { ServerCommand } from '../server/command.ts';
import { internalError, type KubernetesStatus, SUCCESS } from '../wire/status.ts';

/**
 * Carries the streams of a client's command to the one that runs behind, and back. Resolves with the outcome as it was told there, when all output was
 * handed over; never rejects. `failed` is called when the outcome was not told.
 */
export async function bridgeCommand(
  command: ServerCommand,
  link: CommandLink,
  failed: (error: unknown) => void,
): Promise<KubernetesStatus> {
  const { signal } = command;
  const stopAbort = onAbort(signal, () => link.close());
  const resize = link.resize.bind(link);
  if (command.size !== null) resize(command.size);
  command.on('resize', resize);
  carryInput(command.stdin, link.stdin);
  const output = Promise.all([
    carryOutput(link.stdout, command.stdout),
    carryOutput(link.stderr, command.stderr),
  ]);
  const status = await outcomeOf(link, (error) => {
    if (!signal.aborted) failed(error);
  });
  await output;
  stopAbort();
  link.close();
  return status;
}

async function outcomeOf(
  link: CommandLink,
  failed: (error: unknown) => void,
): Promise<KubernetesStatus> {
  try {
    await link.exited;
    // Below v4 there is none for success.
    return link.status ?? SUCCESS;
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof RemoteFailureError)
      return error.status ?? { metadata: {}, status: 'Failure', message };
    failed(error);
    return internalError(message);
  }
}

function carryInput(source: Readable | null, sink: Writable | null): void {
  if (source === null || sink === null) return;
  source.pipe(sink);
  // The command wants no more of it.
  sink.once('close', () => source.destroy());
}

/** Resolves when nothing more comes. */
function carryOutput(source: Readable | null, sink: Writable | null): Promise<void> {
  if (source === null || sink === null) return Promise.resolve();
  source.pipe(sink);
  // The client wants no more of it.
  sink.once('close', () => source.destroy());
  return new Promise((done) => {
    source.once('end', done);
    source.once('close', done);
  });
}
