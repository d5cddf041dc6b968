import type http from 'node:http';
import { environmentProxy } from '../../common/network/environment-proxy.ts';
import { KubeConfigError } from '../errors.ts';
import type { ClusterOptions } from './cluster.ts';
import type { Fields } from './fields.ts';
import { proxyAgent } from './proxy-agent.ts';
import { tunnelThrough } from './tunnel.ts';

const SCHEMES = /^(?:https?|socks5h?):$/;
const WANTED = 'must be a URL with http, https, socks5 or socks5h';

/**
 * The agent for a server behind a proxy: that of `proxy-url`, which goes before all others, else one that the environment names; nothing without
 * either.
 *
 * @throws KubeConfigError for what is no proxy; MissingPackageError for SOCKS without its package
 */
export async function agentFor(
  server: URL,
  ca: ClusterOptions['ca'],
  fields: Fields | null,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ readonly agent?: http.Agent }> {
  const proxy = configured(fields) ?? inherited(server, env);
  return proxy === null ? {} : { agent: proxyAgent(await tunnelThrough(proxy, ca), server) };
}

function configured(fields: Fields | null): URL | null {
  const text = fields?.text('proxy-url') ?? null;
  if (fields === null || text === null) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !isProxy(url)) throw fields.wrong('proxy-url', WANTED);
  if (!isEncoded(url))
    throw fields.wrong('proxy-url', 'has a name or password that is not percent-encoded');
  return url;
}

function inherited(server: URL, env: NodeJS.ProcessEnv): URL | null {
  const found = environmentProxy(server, env);
  if (found === null) return null;
  const { variable, url } = found;
  // Not its value, which may hold a password.
  if (url === null || !isProxy(url) || !isEncoded(url))
    throw new KubeConfigError(`the variable ${variable} ${WANTED}`);
  return url;
}

function isProxy({ protocol, hostname }: URL): boolean {
  return SCHEMES.test(protocol) && hostname !== '';
}

function isEncoded({ username, password }: URL): boolean {
  try {
    for (const part of [username, password]) decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
