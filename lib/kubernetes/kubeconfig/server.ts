import { KubeConfigError } from '../errors.ts';
import type { ClusterOptions } from './cluster.ts';
import { dataOrFile, rereadingAuthority, together } from './credential-files.ts';
import type { Fields } from './fields.ts';
import type { ConfigEntry } from './files.ts';
import { proxyAgent } from './proxy-agent.ts';

/** Where the API server is and how it proves itself. */
export async function serverOf(entry: ConfigEntry): Promise<ClusterOptions> {
  const { fields } = entry;
  const ca = await dataOrFile(entry, 'certificate-authority');
  const insecure = fields.flag('insecure-skip-tls-verify');
  if (insecure && ca !== null)
    throw fields.wrong('insecure-skip-tls-verify', 'and certificate-authority exclude each other');
  const server = serverUrl(fields, ca !== null || insecure);
  const servername = fields.text('tls-server-name');
  const proxy = fields.text('proxy-url');
  return {
    server: server.href.replace(/\/+$/, ''),
    ...(ca === null ? {} : { ca: ca.bytes }),
    ...together(rereadingAuthority(ca)),
    ...(insecure ? { rejectUnauthorized: false } : {}),
    ...(servername === null ? {} : { servername }),
    ...(proxy === null ? {} : { agent: proxyAgent(proxyUrl(fields, proxy), server) }),
  };
}

function serverUrl(fields: Fields, secure: boolean): URL {
  const text = fields.text('server');
  if (text === null) throw new KubeConfigError(`${fields.where}: there is no server`);
  // Without a scheme kubectl takes https where something tells of TLS.
  const full = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http${secure ? 's' : ''}://${text}`;
  const url = URL.canParse(full) ? new URL(full) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw fields.wrong('server', `is no http or https URL: ${text}`);
  return url;
}

function proxyUrl(fields: Fields, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw fields.wrong('proxy-url', 'must be a http or https URL (SOCKS is not supported)');
  try {
    for (const part of [url.username, url.password]) decodeURIComponent(part);
  } catch (cause) {
    throw fields.wrong('proxy-url', 'has a name or password that is not percent-encoded', {
      cause,
    });
  }
  return url;
}
