/** What a kubeconfig says about one cluster. */
export interface KubeConfigFacts {
  /** URL of the server. */
  readonly server: string;
  /** Certificate (PEM) to trust, null without TLS. */
  readonly ca: string | null;
  readonly token: string | null;
  /** Key and certificate (PEM) of the client; null for none. */
  readonly client: { readonly key: string; readonly cert: string } | null;
}

/** How such a kubeconfig begins: what does not is not overwritten. */
export const FAKE_KUBECONFIG_MARK = '# Of a fake API server: may be overwritten by the next one.';

/** A kubeconfig with one context, `fake`. */
export function formatKubeConfig({ server, ca, token, client }: KubeConfigFacts): string {
  // Some clients refuse http: unless told that nothing is to be verified.
  const authority =
    ca === null
      ? '\n    insecure-skip-tls-verify: true'
      : `\n    certificate-authority-data: ${Buffer.from(ca).toString('base64')}`;
  const credentials = [
    ...(token === null ? [] : [`token: ${JSON.stringify(token)}`]),
    ...(client === null
      ? []
      : [
          `client-certificate-data: ${Buffer.from(client.cert).toString('base64')}`,
          `client-key-data: ${Buffer.from(client.key).toString('base64')}`,
        ]),
  ];
  const user = credentials.length === 0 ? '{}' : `\n    ${credentials.join('\n    ')}`;
  return `${FAKE_KUBECONFIG_MARK}
apiVersion: v1
kind: Config
current-context: fake
contexts:
- name: fake
  context:
    cluster: fake
    user: fake
    namespace: default
clusters:
- name: fake
  cluster:
    server: ${JSON.stringify(server)}${authority}
users:
- name: fake
  user: ${user}
`;
}
