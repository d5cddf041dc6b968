import type net from 'node:net';
import type tls from 'node:tls';
import { checkObject } from '../../common/check.ts';
import { lateTls } from '../../common/late-modules.ts';
import { nearestName, unknownOption } from '../../common/option-names.ts';

/** What a connection takes besides: `tls.connect()` and `net.connect()` copy their options before they read them. */
const CONNECTION_NAMES = [
  'ALPNProtocols',
  'checkServerIdentity',
  'minDHSize',
  'requestOCSP',
  'secureContext',
  'servername',
  'session',
];

/** What `net.connect()` takes besides host and port. */
const TCP_NAMES: ReadonlySet<string> = new Set([
  'allowHalfOpen',
  'autoSelectFamily',
  'autoSelectFamilyAttemptTimeout',
  'blockList',
  'family',
  'hints',
  'keepAlive',
  'keepAliveInitialDelay',
  'localAddress',
  'localPort',
  'lookup',
  'noDelay',
]);

let known: ReadonlySet<string> | null = null;

/**
 * Whether an option is one of TLS: one that this version of Node reads when it makes a TLS server or a secure context, or one of a TLS
 * connection. Node itself is asked, by an object that notes what is read, so options that a later version has are passed on too.
 */
export function isTlsOption(name: string): boolean {
  return tlsNames().has(name);
}

/**
 * Checks the names of options that are all for TLS: one that is none of them, but like one, would leave a connection less safe than it was
 * meant to be. Others are left to Node.
 *
 * @throws InvalidArgumentError with the name that was most likely meant
 */
export function checkTlsNames(options: object): void {
  checkObject('tls', options);
  const given = options as Readonly<Record<string, unknown>>;
  const names = tlsNames();
  for (const name in given) {
    if (
      given[name] === undefined ||
      names.has(name) ||
      TCP_NAMES.has(name) ||
      nearestName(name, names) === null
    )
      continue;
    throw unknownOption('tls', name, names);
  }
}

/** Whether an option is one of a TCP connection, and no part of where it goes. */
export function isTcpOption(name: string): boolean {
  return TCP_NAMES.has(name);
}

/** The part of the options that is for TLS. */
export function tlsPart(options: object): tls.ConnectionOptions {
  return partOf(options, isTlsOption);
}

/** The part of the options that is for TCP. */
export function tcpPart(options: object): Partial<net.TcpSocketConnectOpts> {
  return partOf(options, isTcpOption);
}

function partOf(options: object, belongs: (name: string) => boolean): object {
  const given = options as Readonly<Record<string, unknown>>;
  const part: Record<string, unknown> = {};
  for (const name in given) {
    if (given[name] !== undefined && belongs(name)) part[name] = given[name];
  }
  return part;
}

function tlsNames(): ReadonlySet<string> {
  known ??= new Set([
    ...CONNECTION_NAMES,
    ...namesRead(lateTls().createSecureContext),
    ...namesRead(lateTls().createServer),
  ]);
  return known;
}

/** The names of the options that a function reads. */
function namesRead(read: (options: object) => unknown): Set<string> {
  const names = new Set<string>();
  const note = (name: string | symbol): undefined => {
    if (typeof name === 'string') names.add(name);
    return undefined;
  };
  read(new Proxy({}, { get: (_target, name) => note(name) }));
  return names;
}
