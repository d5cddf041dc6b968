import { KubeConfigError } from '../errors.ts';
import type { ClusterOptions } from './cluster.ts';
import { dataOrFile, rereadingAuthority, together } from './credential-files.ts';
import type { Fields } from './fields.ts';
import type { ConfigEntry } from './files.ts';
import { agentFor } from './proxy.ts';

/** Where the API server is and how it proves itself. */
export async function serverOf(entry: ConfigEntry): Promise<ClusterOptions> {
  const { fields } = entry;
  const ca = await dataOrFile(entry, 'certificate-authority');
  const insecure = fields.flag('insecure-skip-tls-verify');
  if (insecure && ca !== null)
    throw fields.wrong('insecure-skip-tls-verify', 'and certificate-authority exclude each other');
  const server = serverUrl(fields, ca !== null || insecure);
  const servername = fields.text('tls-server-name');
  return {
    server: server.href.replace(/\/+$/, ''),
    ...(ca === null ? {} : { ca: ca.bytes }),
    ...together(rereadingAuthority(ca)),
    ...(insecure ? { rejectUnauthorized: false } : {}),
    ...(servername === null ? {} : { servername }),
    ...(await agentFor(server, ca?.bytes, fields)),
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
