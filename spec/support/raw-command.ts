import type { Readable } from 'node:stream';
import { resolveCommand } from '../../lib/kubernetes/client/command/command-options.ts';
import { RemoteCommand } from '../../lib/kubernetes/client/command/remote-command.ts';
import { SpdyCommand } from '../../lib/kubernetes/client/command/spdy-command.ts';
import { PodConnection } from '../../lib/kubernetes/client/forward/pod-connection.ts';
import { kubernetesSession } from '../../lib/kubernetes/wire/session-options.ts';
import { CLIENT, PROTO_SPDY3_1 } from '../../lib/protocol/constants.ts';
import type { ProtocolVersion } from '../../lib/protocol/version.ts';
import { findVersion } from '../../lib/protocol/version.ts';
import { Session } from '../../lib/session/session.ts';
import type { SessionOptions } from '../../lib/session/session-options.ts';
import { memoryConnection, RawPeer } from './session-pair.ts';

/** SPDY/3.1, which Kubernetes speaks. */
export const SPDY31: ProtocolVersion = findVersion(PROTO_SPDY3_1) as ProtocolVersion;

/** One output of a command as its reader saw it. */
export interface SeenOutput {
  readonly bytes: Buffer;
  /** It came to its end: 'end', no error. */
  readonly ended: boolean;
}

/** How a command ended for its user. */
export interface CommandResult {
  /** The exit code; undefined when `exited` rejected. */
  readonly exitCode: number | null | undefined;
  /** Why it rejected. */
  readonly error: (Error & { readonly code?: string }) | null;
  readonly stdout: SeenOutput | null;
  readonly stderr: SeenOutput | null;
}

/** A command whose server is a few bytes that a spec sends. */
export interface RawCommand {
  readonly command: RemoteCommand;
  readonly session: Session;
  /** The server. */
  readonly peer: RawPeer;
}

/** What the command is, and what was agreed on. */
export interface RawCommandOptions {
  /** Default: v4. */
  readonly protocol?: string | null;
  /** Default: `sh`; null attaches. */
  readonly command?: readonly string[] | null;
  readonly stdin?: boolean;
  readonly stderr?: boolean;
  readonly tty?: boolean;
  readonly replyTimeoutMs?: number;
  readonly session?: SessionOptions;
}

/** A command over a connection in memory, behind the upgrade. Its SYN_STREAMs are on their way. */
export function rawCommand(options: RawCommandOptions = {}): RawCommand {
  const { protocol = 'v4.channel.k8s.io', command = ['sh'], session: more, ...rest } = options;
  const connection = memoryConnection();
  const session = new Session(CLIENT, PROTO_SPDY3_1, kubernetesSession(more));
  session.on('error', () => {});
  session.attach(connection.client);
  const resolved = resolveCommand(command, { pingIntervalMs: 0, ...rest });
  return {
    command: new RemoteCommand(new SpdyCommand(session, protocol, resolved)),
    session,
    peer: new RawPeer(connection.server, SPDY31),
  };
}

/** A forwarded connection to `port` over a connection in memory, behind the upgrade. */
export function rawPodConnection(port: number): {
  readonly connection: PodConnection;
  readonly session: Session;
  readonly peer: RawPeer;
} {
  const ends = memoryConnection();
  const session = new Session(CLIENT, PROTO_SPDY3_1, kubernetesSession());
  session.on('error', () => {});
  session.attach(ends.client);
  const connection = new PodConnection(session, port, 0, 0);
  return { connection, session, peer: new RawPeer(ends.server, SPDY31) };
}

/** Reads everything and waits for the outcome. */
export async function resultOf(command: RemoteCommand): Promise<CommandResult> {
  const [outcome, stdout, stderr] = await Promise.all([
    command.exited.then(
      ({ exitCode }) => ({ exitCode, error: null }),
      (error: Error) => ({ exitCode: undefined, error }),
    ),
    seen(command.stdout),
    seen(command.stderr),
  ]);
  return { ...outcome, stdout, stderr };
}

function seen(output: Readable | null): Promise<SeenOutput | null> {
  if (output === null) return Promise.resolve(null);
  const chunks: Buffer[] = [];
  let ended = false;
  output.on('data', (chunk: Buffer) => chunks.push(chunk));
  output.on('error', () => {});
  output.on('end', () => {
    ended = true;
  });
  return new Promise((resolve) => {
    output.on('close', () => resolve({ bytes: Buffer.concat(chunks), ended }));
  });
}
