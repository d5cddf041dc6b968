import type http from 'node:http';
import type { ConnectionOptions } from 'node:tls';

/** What proves who we are, or who the server is: PEM. */
export type Certificates = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'passphrase'>;

/** Where an API server, a kubelet or the streaming server of a container runtime is, and who we are there. */
export interface ClusterOptions
  extends Pick<
    ConnectionOptions,
    'ca' | 'cert' | 'key' | 'passphrase' | 'servername' | 'rejectUnauthorized'
  > {
  /** `https://host[:port][/prefix]`; `http:` too, where neither token nor certificate is sent. */
  readonly server: string;
  /** Bearer token, or what gives one for each request; called with the token that was refused (401) when another one is wanted. */
  readonly token?: (string | ((refused?: string) => string | Promise<string>)) | undefined;
  /**
   * Gives certificates for each connection, over those that stand here, because they change; called with those that were refused (401) when others are
   * wanted. Not asked for `http:`.
   */
  readonly certificates?:
    | ((refused?: Certificates) => Certificates | Promise<Certificates>)
    | undefined;
  /** Further fields of the request, as `Impersonate-User`; a list makes a field several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Makes the connection instead, as through a proxy. TLS is its matter then. Default: a new connection, no pool. */
  readonly agent?: http.Agent | undefined;
}
