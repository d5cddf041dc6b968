import net from 'node:net';
import { environmentProxy } from '../../../common/network/environment-proxy.ts';
import { watchForTls } from '../../../common/network/tls-probe.ts';
import { SpdyAgent } from '../../../http/client/agent.ts';
import type { SpdyAgentOptions } from '../../../http/client/agent-options.ts';
import type { HarRecorder } from '../../../http/client/har/har-recorder.ts';
import type { Session } from '../../../session/public.ts';
import type { TlsFiles } from '../../tls-files.ts';
import type { SpdycatOptions } from '../options/options.ts';
import type { ProxyPlace } from '../options/proxy-option.ts';

/** How long the server may take to end the connection after GOAWAY. */
const LINGER_MS = 1000;

/** The agents of a group: one, unless redirects lead to servers that have another proxy. */
export class GroupAgents {
  readonly #options: SpdycatOptions;
  readonly #har: HarRecorder | null;
  readonly #onSession: (session: Session) => void;
  readonly #agents = new Map<string, SpdyAgent>();

  constructor(
    options: SpdycatOptions,
    har: HarRecorder | null,
    onSession: (session: Session) => void,
  ) {
    this.#options = options;
    this.#har = har;
    this.#onSession = onSession;
  }

  /** The agent for a URL. `trusted`: its server is one of the command line, and may be given a name by it. */
  of(url: URL, trusted: boolean): SpdyAgent {
    const proxy = this.#options.proxy ?? proxyOf(url);
    const servername = trusted ? this.#options.servername : null;
    const key = JSON.stringify([proxy, servername]);
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const agent = new SpdyAgent(agentOptions(this.#options, this.#har, proxy, servername));
    agent.on('session', this.#onSession);
    agent.on('session', ({ socket }) => watchForTls(socket));
    this.#agents.set(key, agent);
    return agent;
  }

  /** Ends all connections in order. */
  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.close()));
  }

  /** Ends all connections at once. */
  destroy(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }
}

/** The proxy that the environment names for a URL. */
function proxyOf(url: URL): ProxyPlace | null {
  const found = environmentProxy(url, process.env);
  if (found === null) return null;
  const { variable, url: proxy } = found;
  if (proxy === null || (proxy.protocol !== 'http:' && proxy.protocol !== 'https:'))
    throw new Error(`the variable ${variable} has to be the URL of a proxy, with http or https`);
  return { url: proxy };
}

function agentOptions(
  options: SpdycatOptions,
  har: HarRecorder | null,
  proxy: ProxyPlace | null,
  servername: string | null,
): SpdyAgentOptions {
  const { http1, timeoutMs, tls, version, windowSize } = options;
  const window =
    windowSize === null
      ? {}
      : { initialWindowSize: windowSize, sessionWindowSize: Math.max(windowSize, 65536) };
  const only =
    version === null
      ? {}
      : { version: version.name, protocols: [version.name], defaultVersion: version.name };
  return {
    ...only,
    ...(http1 ? { protocols: ['http/1.1'] } : {}),
    har,
    tls: { ...tls, ...(servername === null ? {} : { servername }) },
    session: { ...window, lingerTimeoutMs: LINGER_MS },
    ...(timeoutMs === null ? {} : { connectTimeoutMs: timeoutMs }),
    ...connecting(options, proxy, tls),
  };
}

function connecting(
  { places }: SpdycatOptions,
  proxy: ProxyPlace | null,
  tls: TlsFiles,
): SpdyAgentOptions {
  if (proxy !== null && 'url' in proxy) return { proxy: { url: proxy.url, tls } };
  return {
    createConnection: ({ hostname, port }) =>
      net.connect({ ...(proxy ?? places.locate(hostname, port)), noDelay: true }),
  };
}
