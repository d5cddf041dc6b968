import { isIP } from 'node:net';
import { PACKAGE_VERSION } from '../../../common/package-version.ts';
import type { Header } from '../../../protocol/frames.ts';
import { type Arguments, headerOption, UsageError } from '../../arguments.ts';
import type { DataOptions } from './data-options.ts';
import { Netrc } from './netrc.ts';

/** What is asked for, and how. */
export interface RequestChoices {
  readonly method: string;
  /** Whether the method was named, so that redirects keep it. */
  readonly methodGiven: boolean;
  /** Instead of the path of the URL. */
  readonly path: string | null;
  /** Fields of every request, the built-in ones included. */
  readonly headers: readonly Header[];
  /** Name for SNI and the check of the certificate, instead of that in the URL. */
  readonly servername: string | null;
  /** `name:password` for the servers of the command line. */
  readonly user: string | null;
  readonly netrc: Netrc | null;
}

/**
 * Reads what requests have to have.
 *
 * @throws UsageError
 */
export function requestChoices(args: Arguments, data: DataOptions): RequestChoices {
  const { method: named, path, host, fields } = readHeaders(args, data);
  const methods = [args.value('request'), named].filter((name) => name !== null);
  const method = methods[0] ?? (args.has('head') ? 'HEAD' : data.method);
  if (!/^[!#$%&'*+\-.^_`|~0-9a-zA-Z]+$/.test(method))
    throw new UsageError(`--request takes a method, got '${method}'`);
  return {
    method: method.toUpperCase(),
    methodGiven: methods.length > 0,
    path,
    headers: fields,
    servername: serverName(host),
    user: userOf(args),
    netrc: netrcOf(args),
  };
}

interface HeaderChoices {
  readonly method: string | null;
  readonly path: string | null;
  readonly host: string;
  readonly fields: Header[];
}

function readHeaders(args: Arguments, data: DataOptions): HeaderChoices {
  const builtIn = new Map<string, string>([
    [':method', ''],
    [':path', ''],
    ['host', ''],
    ['accept', '*/*'],
    ['accept-encoding', 'gzip, deflate, br'],
    ['user-agent', `spdylay/${PACKAGE_VERSION}`],
    ['referer', ''],
    ['range', ''],
    ['content-type', data.type ?? ''],
  ]);
  const range = args.value('range');
  const shorthands: [name: string, value: string | null][] = [
    ['user-agent', args.value('user-agent')],
    ['referer', args.value('referer')],
    ['range', range === null ? null : rangeOf(range)],
  ];
  for (const [name, value] of shorthands) {
    if (value !== null) builtIn.set(name, latin1(value));
  }
  const further: Header[] = [];
  for (const text of args.values('header')) {
    const [given, value] = headerOption(text);
    const name = given === ':host' ? 'host' : given;
    if (builtIn.has(name)) builtIn.set(name, value);
    else if (name.startsWith(':')) throw new UsageError(`the header ${name} cannot be replaced`);
    else further.push([name, value]);
  }
  const own = [...builtIn].filter(([name, value]) => !name.startsWith(':') && value !== '');
  return {
    method: builtIn.get(':method') || null,
    path: builtIn.get(':path') || null,
    host: builtIn.get('host') as string,
    fields: [...own, ...further],
  };
}

/** Header text is bytes to the library. */
function latin1(text: string): string {
  if (/[\0\r\n]/.test(text)) throw new UsageError('a header field has one line');
  return Buffer.from(text).toString('latin1');
}

/** `0-499`, `500-`, `-500`, several with commas. */
function rangeOf(text: string): string {
  if (!/^(?:\d+-\d*|-\d+)(?:,(?:\d+-\d*|-\d+))*$/.test(text))
    throw new UsageError(`--range takes ranges like 0-499, 500- and -500, got '${text}'`);
  return `bytes=${text}`;
}

function userOf(args: Arguments): string | null {
  const user = args.value('user');
  // Nobody is asked for a password: standard input may be the body.
  if (user !== null && !user.includes(':')) throw new UsageError('--user takes NAME:PASSWORD');
  return user;
}

function netrcOf(args: Arguments): Netrc | null {
  const file = args.value('netrc-file');
  if (file !== null) return Netrc.read(file);
  return args.has('netrc') ? Netrc.ofHome() : null;
}

/** The name in a Host field, unless it is an address: only names may stand in SNI. */
function serverName(host: string): string | null {
  const name = host.replace(/:\d+$/, '');
  return name === '' || name.startsWith('[') || isIP(name) !== 0 ? null : name;
}
