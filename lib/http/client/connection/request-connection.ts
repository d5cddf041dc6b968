import type net from 'node:net';
import type { Duplex } from 'node:stream';
import { shown } from '../../../common/check.ts';
import { checkSocketPath } from '../../../common/network/socket-path.ts';
import { InvalidArgumentError } from '../../../errors.ts';
import { connectionName } from './connection-name.ts';

/** Called with the connection, or with why there is none. */
type Connected = (error: Error | null, socket?: Duplex) => void;

/** Makes the connection of a request: returns it, promises it, or calls back. */
export type CreateRequestConnection = (
  options: net.TcpNetConnectOpts,
  callback: Connected,
) => Duplex | Promise<Duplex> | null | undefined;

/** Options of a request that say how to connect, in the words of `http.request()`. Other ones mean another session; only `lookup` does not. */
export interface RequestConnection
  extends Pick<
    net.TcpSocketConnectOpts,
    | 'autoSelectFamily'
    | 'autoSelectFamilyAttemptTimeout'
    | 'family'
    | 'hints'
    | 'localAddress'
    | 'localPort'
    | 'lookup'
  > {
  /** Path of a unix socket to connect to. */
  readonly socketPath?: string | null | undefined;
  /** Makes the connection. With `https:`, a TLS socket is used as it is, with what ALPN chose; in any other stream TLS is spoken. */
  readonly createConnection?: CreateRequestConnection | undefined;
}

/** The names of these options. */
const NAMES: ReadonlySet<string> = new Set<keyof RequestConnection>([
  'autoSelectFamily',
  'autoSelectFamilyAttemptTimeout',
  'createConnection',
  'family',
  'hints',
  'localAddress',
  'localPort',
  'lookup',
  'socketPath',
]);

/** Whether an option says how to connect. */
export function isOfConnections(name: string): boolean {
  return NAMES.has(name);
}

/** @throws InvalidArgumentError for what cannot be meant; numbers and addresses are Node's matter */
export function checkConnection({ lookup, createConnection, socketPath }: RequestConnection): void {
  for (const [name, value] of Object.entries({ lookup, createConnection })) {
    if (value !== undefined && typeof value !== 'function')
      throw new InvalidArgumentError(`${name} must be a function, got ${shown(value)}`);
  }
  if (socketPath !== undefined && typeof socketPath !== 'string')
    throw new InvalidArgumentError(`socketPath must be a string, got ${shown(socketPath)}`);
  if (socketPath !== undefined) checkSocketPath('socketPath', socketPath);
}

/** A text by which connections are told apart, as `http` does it: whichever way a name was looked up, it is the same server. */
export function nameOfConnection({ lookup: _, ...rest }: RequestConnection): string {
  return connectionName(rest);
}

/** Options for `net.connect()`. */
export function socketOptions(
  { socketPath, createConnection: _, ...rest }: RequestConnection,
  host: string,
  port: number,
): net.NetConnectOpts {
  if (socketPath) return { path: socketPath };
  return { ...rest, host, port, noDelay: true } as net.TcpNetConnectOpts;
}

/** The connection that a function makes in one of its ways. */
export function connectionBy(
  create: CreateRequestConnection,
  options: net.TcpNetConnectOpts,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const take = (made: Duplex | Promise<Duplex> | undefined): void => {
      if (typeof (made as Duplex | undefined)?.pipe !== 'function' && !(made instanceof Promise))
        reject(new InvalidArgumentError(`createConnection must make a Duplex, got ${shown(made)}`));
      else resolve(made as Duplex | Promise<Duplex>);
    };
    const made = create(options, (error, socket) => {
      if (error !== null && error !== undefined) reject(error);
      else take(socket);
    });
    if (made !== null && made !== undefined) take(made);
  });
}
