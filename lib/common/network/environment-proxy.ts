import { BlockList, isIP, isIPv6 } from 'node:net';

/** A proxy that the environment names, and the variable that does. */
export interface EnvironmentProxy {
  readonly variable: string;
  /** Null when the value is no URL. `proxy:3128` is one of http. */
  readonly url: URL | null;
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * The proxy that the environment names for a server, read as kubectl reads it (Go's `httpproxy`; no package does that): HTTPS_PROXY or HTTP_PROXY, in
 * upper or lower case, unless NO_PROXY or the loopback interface has the server. Null if there is none.
 */
export function environmentProxy(
  { protocol, hostname, port }: URL,
  env: NodeJS.ProcessEnv,
): EnvironmentProxy | null {
  const secure = protocol === 'https:';
  const proxy = variableOf(env, secure ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (proxy === null) return null;
  const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isLoopback(host)) return null;
  const exceptions = variableOf(env, 'NO_PROXY')?.value ?? '';
  const places = exceptions.split(',').map((one) => one.trim().toLowerCase());
  const number = port === '' ? (secure ? '443' : '80') : port;
  if (places.some((place) => excepts(place, host, number))) return null;
  // `proxy:3128` has no scheme, though it looks like one.
  const { name, value } = proxy;
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  return { variable: name, url: URL.canParse(text) ? new URL(text) : null };
}

/** Whether a name or an address (without brackets) is this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || isIn(LOOPBACK, host);
}

/** A variable in upper or lower case; null if neither is set to anything. */
function variableOf(env: NodeJS.ProcessEnv, upper: string): Variable | null {
  for (const name of [upper, upper.toLowerCase()]) {
    const value = env[name] ?? '';
    if (value !== '') return { name, value };
  }
  return null;
}

/** Whether a part of NO_PROXY means this host: `*`, `10.0.0.0/8`, an address, a name with all below it, `.name` with those below only; each but the first two with a port too. */
function excepts(place: string, host: string, port: string): boolean {
  if (place === '') return false;
  if (place === '*') return true;
  const subnet = subnetOf(place);
  if (subnet !== null) return isIn(subnet, host);
  const [name, wanted] = splitPort(place);
  if (wanted !== null && wanted !== port) return false;
  if (isIP(name) !== 0) {
    const list = new BlockList();
    list.addAddress(name, family(name));
    return isIn(list, host);
  }
  const below = name.replace(/^\*/, '');
  if (below.startsWith('.')) return host.endsWith(below);
  return host === below || host.endsWith(`.${below}`);
}

function subnetOf(place: string): BlockList | null {
  const [, net = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(place) ?? [];
  if (isIP(net) === 0 || Number(bits) > (isIPv6(net) ? 128 : 32)) return null;
  const list = new BlockList();
  list.addSubnet(net, Number(bits), family(net));
  return list;
}

function splitPort(place: string): [name: string, port: string | null] {
  const [, inBrackets, name, port = null] =
    /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(place) ?? [];
  return [inBrackets ?? name ?? place, port];
}

function isIn(list: BlockList, host: string): boolean {
  return isIP(host) !== 0 && list.check(host, family(host));
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
