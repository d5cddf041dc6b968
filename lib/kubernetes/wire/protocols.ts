import type { HeaderList } from '../../protocol/frames.ts';

/** Sub-protocols of exec and attach over SPDY, best first. v5 exists over WebSocket only. */
export const REMOTE_COMMAND_PROTOCOLS = [
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
] as const;

/**
 * A sub-protocol of exec and attach: v5 (over WebSocket only: stdin can end there too), v4 (status as JSON, so exit codes) to v1
 * (`channel.k8s.io`: stdin never ends).
 */
export type RemoteCommandProtocol = 'v5.channel.k8s.io' | (typeof REMOTE_COMMAND_PROTOCOLS)[number];

/** The sub-protocol of port forwarding. */
export const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io';

/** The WebSocket sub-protocol that carries the bytes of a SPDY/3.1 session for port forwarding. */
export const PORT_FORWARD_WEBSOCKET_PROTOCOL: string = `SPDY/3.1+${PORT_FORWARD_PROTOCOL}`;

/** Header fields of the HTTP upgrade that choose the sub-protocol. */
export const PROTOCOL_FIELD = 'X-Stream-Protocol-Version';
export const ACCEPTED_PROTOCOLS_FIELD = 'X-Accepted-Stream-Protocol-Versions';

/** Header names of a SYN_STREAM, as they stand on the wire. */
export const STREAM_TYPE = 'streamtype';
export const PORT = 'port';
export const REQUEST_ID = 'requestid';

/** What a stream of a remote command is for. */
export type StreamType = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';

/** The facts that tell the protocols of a remote command apart. */
export interface RemoteCommandRules {
  /** The error stream carries a `metav1.Status` as JSON, else text in case of failure. */
  readonly statusIsJson: boolean;
  /** A terminal has a resize stream. */
  readonly resizes: boolean;
  /** The end of stdin can be told. */
  readonly stdinEnds: boolean;
}

/** What a protocol can do. A peer that names v5 over SPDY speaks v4; none at all means v1. */
export function rulesOf(protocol: string): RemoteCommandRules {
  const version = /^v(\d)\.channel\.k8s\.io$/.exec(protocol)?.[1];
  const number = version === undefined ? 1 : Number(version);
  return { statusIsJson: number >= 4, resizes: number >= 3, stdinEnds: number >= 2 };
}

/** The names in the (repeated, or comma separated) fields of a request that offer sub-protocols. */
export function parseProtocols(fields: readonly string[] | undefined): string[] {
  return (fields ?? [])
    .flatMap((field) => field.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** The first offered protocol that is supported, null if there is none. */
export function chooseProtocol<T extends string>(
  offered: readonly string[],
  supported: readonly T[],
): T | null {
  for (const name of offered) {
    const found = supported.find((one) => one === name);
    if (found !== undefined) return found;
  }
  return null;
}

/** The value of a header, null if it is missing. Of several values it is the first. */
export function headerValue(headers: HeaderList, name: string): string | null {
  const value = headers.find(([key]) => key === name)?.[1];
  return value === undefined ? null : (value.split('\0', 1)[0] as string);
}
