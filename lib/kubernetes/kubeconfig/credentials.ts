import path from 'node:path';
import { KubeConfigError } from '../errors.ts';
import type { Certificates, ClusterOptions } from './cluster.ts';
import {
  CredentialFile,
  dataOrFile,
  rereading,
  rereadingPair,
  together,
} from './credential-files.ts';
import { CredentialPlugin, type PluginCredential } from './credential-plugin.ts';
import type { Fields } from './fields.ts';
import type { ConfigEntry } from './files.ts';

/** A bearer token, or what gives one for each request; called with the token that was refused (401) when another one is wanted. */
export type TokenSource = string | ((refused?: string) => string | Promise<string>);

/** Who we are. A password is not sent without TLS; the same is seen to for tokens where they are sent. */
export async function credentialsOf(
  entry: ConfigEntry,
  token: TokenSource | undefined,
  cluster: ConfigEntry,
  server: ClusterOptions,
): Promise<Partial<ClusterOptions>> {
  const { fields } = entry;
  const cert = await dataOrFile(entry, 'client-certificate');
  const key = await dataOrFile(entry, 'client-key');
  if ((cert === null) !== (key === null))
    throw fields.wrong(
      cert === null ? 'client-key' : 'client-certificate',
      'needs the other one of client-certificate and client-key, which is missing',
    );
  const headers = impersonation(fields);
  const certificate =
    cert === null || key === null
      ? {}
      : { cert: cert.bytes, key: key.bytes, ...together(rereadingPair(cert, key)) };
  if (token !== undefined) return { ...certificate, ...tokenOf(token), headers };
  const bearer = await bearerOf(entry);
  const basic = basicOf(fields);
  if (bearer !== null && basic !== null)
    throw fields.wrong('username', 'and a token exclude each other');
  // A token goes before a program, as with kubectl.
  if (bearer === null && basic === null && fields.has('exec'))
    return { ...certificate, ...(await pluginOf(entry, cluster, server)), headers };
  const idToken = bearer ?? idTokenOf(fields);
  return {
    ...certificate,
    ...(idToken === null ? {} : { token: idToken }),
    headers: {
      ...(basic !== null && isSecure(server) ? { Authorization: basic } : {}),
      ...headers,
    },
  };
}

function isSecure({ server }: ClusterOptions): boolean {
  return server.startsWith('https:');
}

/** The credential of a program, which is run now, and again for a request behind its end. */
async function pluginOf(
  entry: ConfigEntry,
  cluster: ConfigEntry,
  server: ClusterOptions,
): Promise<Partial<ClusterOptions>> {
  // kubectl sends nothing, and says nothing.
  if (!isSecure(server))
    throw entry.fields.wrong('exec', 'gives credentials, which are only sent to https servers');
  const plugin = new CredentialPlugin(entry, cluster, server);
  const { token, cert, key } = await plugin.credential();
  // A token is asked for first, and brings its certificate along.
  const certificates: ClusterOptions['certificates'] = async (refused) =>
    certificateOf(await plugin.credential(token === null ? refused?.cert?.toString() : undefined));
  return {
    ...(cert === null || key === null ? {} : { cert, key, certificates }),
    ...(token === null
      ? {}
      : { token: async (refused) => (await plugin.credential(refused)).token ?? token }),
  };
}

function certificateOf({ cert, key }: PluginCredential): Certificates {
  return cert === null || key === null ? {} : { cert, key };
}

export function tokenOf(token: TokenSource | undefined): Partial<ClusterOptions> {
  return token === undefined ? {} : { token };
}

/** The token of OpenID Connect that kubectl has stored, as long as it is valid: nobody renews it here. */
function idTokenOf(fields: Fields): string | null {
  if (!fields.has('auth-provider')) return null;
  const provider = fields.fields('auth-provider');
  const name = provider.text('name') ?? 'unknown';
  const token = name === 'oidc' ? provider.fields('config').text('id-token') : null;
  if (token !== null && expiryOf(token) > Date.now()) return token;
  const why = token === null ? 'is not supported here' : 'has expired';
  const advice = 'get a token yourself and give it, as in loadKubeConfig({ token })';
  throw fields.wrong('auth-provider', `(${name}) ${why}: ${advice}`);
}

/** When a JSON Web Token ends, in milliseconds since 1970; 0 for none. */
function expiryOf(token: string): number {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return Number((claims as { readonly exp?: number }).exp) * 1000 || 0;
  } catch {
    return 0;
  }
}

/** A token, where a file goes before the one in the kubeconfig. */
async function bearerOf(entry: ConfigEntry): Promise<TokenSource | null> {
  const { fields, directory } = entry;
  const token = fields.text('token');
  const file = fields.text('tokenFile');
  if (file === null) return token;
  const source = rereading(
    new CredentialFile(path.resolve(directory, file), fields.at('tokenFile')),
    token,
  );
  // What cannot be read now is told now.
  if ((await source()) === '') throw fields.wrong('tokenFile', `is empty: ${file}`);
  return source;
}

function basicOf(fields: Fields): string | null {
  const name = fields.text('username');
  const password = fields.text('password');
  if (name === null && password === null) return null;
  if (name === null || name.includes(':'))
    throw fields.wrong(
      name === null ? 'password' : 'username',
      'is not all: a password needs a username, without a colon',
    );
  return `Basic ${Buffer.from(`${name}:${password ?? ''}`).toString('base64')}`;
}

/** The fields that ask to act as another user. */
function impersonation(fields: Fields): Record<string, string | readonly string[]> {
  const name = fields.text('as');
  const uid = fields.text('as-uid');
  const groups = fields.texts('as-groups');
  const extra = fields.fields('as-user-extra');
  if (name === null) {
    if (uid === null && groups.length === 0 && extra.names.length === 0) return {};
    throw new KubeConfigError(`${fields.where}: as-uid, as-groups and as-user-extra need as`);
  }
  const headers: Record<string, string | readonly string[]> = { 'Impersonate-User': name };
  if (uid !== null) headers['Impersonate-Uid'] = uid;
  if (groups.length > 0) headers['Impersonate-Group'] = groups;
  for (const key of extra.names) headers[`Impersonate-Extra-${escapeKey(key)}`] = extra.texts(key);
  return headers;
}

/** A key becomes a part of a field name: what may not stand there is percent-encoded. */
function escapeKey(key: string): string {
  return [...Buffer.from(key)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[\w!#$&'*+.^`|~-]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
