import { shown } from '../../../common/check.ts';
import { hostAndPort } from '../../../common/network/host-and-port.ts';
import { urlCredentials } from '../../../common/network/url-credentials.ts';
import { InvalidArgumentError } from '../../../errors.ts';

/** What a request goes to. */
export interface Target {
  /** Scheme of the URL. */
  readonly scheme: 'http' | 'https';
  /** Name or address, that of IPv6 without brackets. */
  readonly hostname: string;
  /** From 1 to 65535. */
  readonly port: number;
  /** As in the Host field: with the port, unless that is the default one of the scheme. */
  readonly host: string;
  /** `https://example.com:8443`. */
  readonly origin: string;
}

/** The options that say what a request goes to. */
export interface Address {
  readonly protocol?: string | null | undefined;
  readonly hostname?: string | null | undefined;
  readonly host?: string | null | undefined;
  readonly port?: number | string | null | undefined;
}

/** A URL as a request needs it. */
export interface Location {
  readonly target: Target;
  /** Path and query. */
  readonly path: string;
  /** `user:password`, null without both. */
  readonly auth: string | null;
}

/** A URL without user, fragment and anything that has another form in its normal form, but its host. */
const PLAIN = /^https?:\/\/[\w.:[\]-]+(?:\/[\w!$%&()*+,\-./:;=?@~]*)?$/;
/** Where its host has begun for certain. */
const IN_HOST = 'https://'.length;
/** Where its path may have another normal form. */
const DOTS = /\/\.|%2e/i;

/** Targets by the URLs of their origins as they were given: a program has few, and asks them again and again. */
const TARGETS = new Map<string, Target>();
const MAX_TARGETS = 1000;

/**
 * What a URL says.
 *
 * @throws InvalidArgumentError unless it is one of http or https
 */
export function locationOf(input: string | URL): Location {
  if (typeof input !== 'string' || !PLAIN.test(input)) return locationOfUrl(urlOf(input));
  const slash = input.indexOf('/', IN_HOST);
  const origin = slash === -1 ? input : input.slice(0, slash);
  const path = slash === -1 ? '/' : input.slice(slash);
  const known = TARGETS.get(origin);
  if (known !== undefined && !DOTS.test(path)) return { target: known, path, auth: null };
  const location = locationOfUrl(urlOf(input));
  if (TARGETS.size >= MAX_TARGETS) TARGETS.clear();
  TARGETS.set(origin, location.target);
  return location;
}

/**
 * What options are addressed to.
 *
 * @throws InvalidArgumentError for a protocol or a port that no request can have
 */
export function targetOf(options: Address): Target {
  const protocol = options.protocol ?? 'https:';
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new InvalidArgumentError(`protocol must be http: or https:, got ${shown(protocol)}`);
  }
  const scheme = protocol === 'https:' ? 'https' : 'http';
  const standard = scheme === 'https' ? 443 : 80;
  let hostname = options.hostname ?? options.host ?? 'localhost';
  let ownPort = '';
  if (!options.hostname) {
    const split = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(hostname);
    if (split !== null) [, hostname = '', ownPort = ''] = split;
  }
  hostname = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const given = options.port ?? '';
  const port = Number(given === '' ? ownPort || standard : given);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new InvalidArgumentError(`port must be from 1 to 65535, got ${shown(given)}`);
  }
  const full = hostAndPort(hostname, port);
  const host = port === standard ? full.slice(0, full.lastIndexOf(':')) : full;
  return { scheme, hostname, port, host, origin: `${scheme}://${host}` };
}

/**
 * A URL.
 *
 * @throws InvalidArgumentError for text that is none
 */
export function urlOf(input: string | URL): URL {
  if (input instanceof URL) return input;
  if (!URL.canParse(input)) throw new InvalidArgumentError(`not a URL: ${JSON.stringify(input)}`);
  return new URL(input);
}

function locationOfUrl(url: URL): Location {
  const { pathname, search } = url;
  return { target: targetOf(url), path: `${pathname}${search}`, auth: urlCredentials(url) };
}
