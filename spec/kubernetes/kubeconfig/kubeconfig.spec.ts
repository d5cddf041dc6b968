import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { expect } from 'chai';
import { makeCertificate } from '../../../lib/http/server/connection/certificate.ts';
import { acceptUpgrade } from '../../../lib/http/server/connection/upgrade.ts';
import { portForward } from '../../../lib/kubernetes/client/forward/port-forward.ts';
import { upgradeToSpdy } from '../../../lib/kubernetes/client/upgrade.ts';
import { KubeConfigError } from '../../../lib/kubernetes/errors.ts';
import type { KubeConfig } from '../../../lib/kubernetes/kubeconfig/context.ts';
import {
  type KubeConfigOptions,
  loadKubeConfig,
} from '../../../lib/kubernetes/kubeconfig/kubeconfig.ts';
import { loadServiceAccount } from '../../../lib/kubernetes/kubeconfig/service-account.ts';
import { hideProxyVariables } from '../../support/proxies.ts';
import { sharedCertificate } from '../../support/session-pair.ts';

describe('kubeconfig', () => {
  hideProxyVariables();
  let folder = '';
  const { KUBECONFIG: formerly } = process.env;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-kubeconfig-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
    setVariable(formerly);
  });

  /** Writes a file and returns its path. */
  const write = (name: string, text: string | Buffer): string => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };

  /** A config with one context, whose cluster and user have these fields. */
  const writeConfig = (cluster: object, user: object | null, context: object = {}): string =>
    write('config', JSON.stringify(configOf('main', cluster, user, context)));

  /** The message of the KubeConfigError that something fails with. */
  const failure = async (loading: Promise<unknown>): Promise<string> => {
    const error = await loading.then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(KubeConfigError);
    expect(error).to.include({ code: 'ERR_SPDY_KUBECONFIG', by: 'local' });
    return (error as Error).message;
  };

  it('gives server, certificate authority, token, namespace and names of the current context', async () => {
    const ca = Buffer.from('-----BEGIN CERTIFICATE-----');
    const file = write(
      'config',
      `
apiVersion: v1
kind: Config
current-context: second
contexts:
- name: first
  context: {cluster: c1, user: u1}
- name: second
  context: {cluster: c2, user: u2, namespace: prod}
clusters:
- name: c1
  cluster: {server: 'http://127.0.0.1:8001'}
- name: c2
  cluster:
    server: https://api.example.org:6443/prefix/
    certificate-authority-data: ${ca.toString('base64')}
    tls-server-name: inner.example.org
users:
- name: u1
- name: u2
  user: {token: secret}
`,
    );
    const config = await loadKubeConfig(file);
    expect(config).to.deep.equal({
      cluster: {
        server: 'https://api.example.org:6443/prefix',
        ca,
        servername: 'inner.example.org',
        token: 'secret',
        headers: {},
      },
      namespace: 'prod',
      contextName: 'second',
      clusterName: 'c2',
      userName: 'u2',
      contextNames: ['first', 'second'],
      files: [file],
    });
    const first = await loadKubeConfig({ path: file, context: 'first' });
    expect(first.cluster).to.deep.equal({ server: 'http://127.0.0.1:8001', headers: {} });
    expect(first.namespace).to.equal('default');
  });

  it('takes tokens and names of digits as text', async () => {
    const file = write(
      'config',
      `
current-context: 007
contexts: [{name: 007, context: {cluster: 1e3, user: 0x10, namespace: 1.50}}]
clusters: [{name: 1e3, cluster: {server: 'https://h', insecure-skip-tls-verify: yes}}]
users: [{name: 0x10, user: {token: 0123}}]
`,
    );
    const config = await loadKubeConfig(file);
    expect(config.namespace).to.equal('1.50');
    expect(config.userName).to.equal('0x10');
    expect(config.cluster).to.include({ token: '0123', rejectUnauthorized: false });
  });

  it('asks for https where a server without a scheme has a certificate authority', async () => {
    const data = Buffer.from('x').toString('base64');
    const secure = { server: '10.0.0.1:6443', 'certificate-authority-data': data };
    expect((await loadKubeConfig(writeConfig(secure, null))).cluster.server).to.equal(
      'https://10.0.0.1:6443',
    );
    const plain = writeConfig({ server: 'localhost:8080' }, null);
    expect((await loadKubeConfig(plain)).cluster.server).to.equal('http://localhost:8080');
  });

  describe('files', () => {
    it('are those of the variable KUBECONFIG; the first one that has a value wins, missing ones are skipped', async () => {
      const one = write(
        'one/config',
        JSON.stringify({
          ...configOf('a', { server: 'https://a1' }, { token: 'one' }),
          'current-context': '',
        }),
      );
      const two = write(
        'two/config',
        JSON.stringify({
          ...configOf('a', { server: 'https://a2', 'tls-server-name': 'late' }, { username: 'n' }),
          'current-context': 'a',
        }),
      );
      const three = write(
        'three/config',
        JSON.stringify(configOf('b', { server: 'https://b' }, {})),
      );
      const missing = path.join(folder, 'missing');
      setVariable(['', one, missing, two, three, one].join(path.delimiter));
      const config = await loadKubeConfig();
      // No field of the second file's entries of the same name is mixed in.
      expect(config.cluster).to.deep.equal({ server: 'https://a1', token: 'one', headers: {} });
      expect(config.contextName).to.equal('a');
      expect(config.contextNames).to.deep.equal(['a', 'b']);
      expect(config.files).to.deep.equal([one, two, three]);
      const other = await loadKubeConfig({ context: 'b' });
      expect(other.cluster.server).to.equal('https://b');
    });

    it('have paths that are relative to their own file', async () => {
      write('one/ca.pem', 'ca of one');
      write('two/cert.pem', 'cert of two');
      write('two/sub/key.pem', 'key of two');
      const absolute = write('elsewhere/token', ' of two\n');
      const cluster = { server: 'https://h', 'certificate-authority': 'ca.pem' };
      const user = {
        'client-certificate': 'cert.pem',
        'client-key': 'sub/key.pem',
        tokenFile: absolute,
      };
      const { users, ...rest } = configOf('a', cluster, user);
      const one = write('one/config', JSON.stringify(rest));
      const two = write('two/config', JSON.stringify({ users }));
      const { cluster: found } = await loadKubeConfig({ path: [one, two] });
      expect(String(found.ca)).to.equal('ca of one');
      expect(String(found.cert)).to.equal('cert of two');
      expect(String(found.key)).to.equal('key of two');
      expect(await (found.token as () => Promise<string>)()).to.equal('of two');
    });

    it('that are named alone must exist', async () => {
      const missing = path.join(folder, 'missing');
      expect(await failure(loadKubeConfig(missing))).to.match(/cannot be read: ENOENT/);
      setVariable(missing);
      expect(await failure(loadKubeConfig())).to.match(/there is no kubeconfig: none of .*missing/);
      const config = writeConfig({ server: 'https://h', 'certificate-authority': 'no.pem' }, null);
      expect(await failure(loadKubeConfig(config))).to.match(/credentials cannot be read: ENOENT/);
    });

    it('are bounded in size, and in what their aliases become', async () => {
      const large = write('large', Buffer.alloc((4 << 20) + 1, '#'));
      expect(await failure(loadKubeConfig(large))).to.match(/more than 4194304 bytes/);
      const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
      for (let i = 1; i < 9; i++) {
        const alias = `*a${i - 1}`;
        lines.push(`a${i}: &a${i} [${Array(10).fill(alias).join(', ')}]`);
      }
      const bomb = write('bomb', lines.join('\n'));
      expect(await failure(loadKubeConfig(bomb))).to.match(/is no YAML: .*alias/);
    });

    it('may merge mappings of an anchor (<<), as kubectl has it: own fields go before merged ones', async () => {
      const lines = [
        'x-tls: &tls {server: "https://merged", tls-server-name: name}',
        'clusters: [{name: c, cluster: {<<: *tls, server: "https://own"}}]',
        'users: [{name: u, user: {<<: {token: secret}}}]',
        'contexts: [{name: x, context: {cluster: c, user: u}}]',
        'current-context: x',
      ];
      const { cluster } = await loadKubeConfig(write('merged', lines.join('\n')));
      expect(cluster).to.include({ server: 'https://own', servername: 'name', token: 'secret' });
    });

    it('may not multiply by merging', async () => {
      const lines = ['a0: &a0 {k0: v}'];
      for (let i = 1; i < 30; i++)
        lines.push(`a${i}: &a${i} {<<: [*a${i - 1}, *a${i - 1}, *a${i - 1}], k${i}: v}`);
      const failed = await failure(loadKubeConfig(write('merges', lines.join('\n'))));
      expect(failed).to.match(/is no YAML: .*alias/);
    });

    it('may be UTF-16 with a mark, and have further documents, which do not count', async () => {
      const text =
        'contexts: [{name: é, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: h}}]';
      const little = Buffer.from(`\ufeff${text}`, 'utf16le');
      const forms: [string, Buffer][] = [
        ['UTF-8', Buffer.from(`\ufeff${text}`)],
        ['UTF-16LE', little],
        ['UTF-16BE', Buffer.from(little).swap16()],
        ['two', Buffer.from(`${text}\n---\ncontexts: 1\n`)],
        ['broken', Buffer.from(`---\n${text}\n---\n"`)],
      ];
      for (const [name, bytes] of forms) {
        const { cluster } = await loadKubeConfig({ path: write(name, bytes), context: 'é' });
        expect(cluster.server, name).to.equal('http://h');
      }
    });

    it('that are malformed are refused with the place, and without their content', async () => {
      const cases: [string, RegExp][] = [
        ['{', /is no YAML/],
        ['a: b\ntoken: "hidden', /bad, line 2, is no YAML/],
        ['[]', /must be a mapping/],
        ['text', /must be a mapping/],
        ['', /no current-context .* none at all/],
        ['kind: Pod', /is no kubeconfig but a Pod/],
        ['clusters: {}', /clusters must be a list/],
        ['clusters: [{}]', /clusters: an entry has no name/],
        ['clusters: [x]', /clusters must be a mapping/],
        ['users: [{name: a}, {name: a}]', /users: "a" is there twice/],
        ['current-context: [a]', /current-context must be a string/],
        ['current-context: a', /no context "a", only none at all/],
        ['current-context: a\ncontexts: [{name: a}]', /names no cluster/],
        ['current-context: a\ncontexts: [{name: a, context: {cluster: c}}]', /no cluster "c"/],
      ];
      for (const [text, message] of cases) {
        const told = await failure(loadKubeConfig(write('bad', text)));
        expect(told, text).to.match(message);
        expect(told).not.to.include('hidden');
      }
    });
  });

  describe('clusters and users', () => {
    it('with contradictions are refused', async () => {
      const server = { server: 'https://h' };
      const cases: [object, object, RegExp][] = [
        [{}, {}, /there is no server/],
        [{ server: 'ftp://h' }, {}, /no http or https URL/],
        [{ server: 'https://' }, {}, /no http or https URL/],
        [{ ...server, 'certificate-authority-data': '***' }, {}, /must be base64/],
        [{ ...server, 'insecure-skip-tls-verify': 'perhaps' }, {}, /must be true or false/],
        [
          { ...server, 'insecure-skip-tls-verify': true, 'certificate-authority-data': 'eA==' },
          {},
          /exclude each other/,
        ],
        [{ ...server, 'proxy-url': 'http://u:p%ss@p' }, {}, /clusters? ".*": .*percent-encoded/],
        [server, { 'client-key-data': 'eA==' }, /client-key needs the other one/],
        [server, { 'client-certificate-data': 'eA==' }, /client-certificate needs the other one/],
        [server, { token: 't', username: 'u' }, /exclude each other/],
        [server, { password: 'p' }, /needs a username/],
        [server, { username: 'a:b', password: 'p' }, /needs a username/],
        [server, { token: ['t'] }, /token must be a string/],
        [server, { 'as-groups': ['g'] }, /need as/],
        [server, { as: 'a', 'as-groups': 'g' }, /as-groups must be a list/],
        [server, { as: 'a', 'as-groups': [[]] }, /as-groups must be a list of strings/],
      ];
      for (const [cluster, user, message] of cases)
        expect(await failure(loadKubeConfig(writeConfig(cluster, user)))).to.match(message);
    });

    it('with faults are told of with file, line and name', async () => {
      const lines = [
        'current-context: x',
        'contexts: [{name: x, context: {cluster: c, user: u}}]',
        'clusters:',
        '- name: c',
        '  cluster:',
        '    server: https://h',
        'users:',
        '- &joe',
        '  name: u',
        '  user:',
        '    tokenFile: missing',
        '- *joe',
      ];
      const message = async (line: number, text: string): Promise<string> => {
        const changed = lines.with(line - 1, text);
        return (await failure(loadKubeConfig(write('lines', changed.join('\n'))))).replace(
          folder,
          '.',
        );
      };
      const twice = './lines, line 12: users: "u" is there twice';
      expect(await message(1, 'current-context: x')).to.equal(twice);
      lines.pop();
      expect(await message(1, 'current-context: x')).to.match(
        /^\.\/lines, line 11: user "u": tokenFile: a file of credentials cannot be read: ENOENT/,
      );
      expect(await message(1, 'current-context: []')).to.equal(
        './lines, line 1: current-context must be a string',
      );
      expect(await message(6, '    server: ftp://h')).to.equal(
        './lines, line 6: cluster "c": server is no http or https URL: ftp://h',
      );
      expect(await message(6, '    # none')).to.equal(
        './lines, line 5: cluster "c": there is no server',
      );
      expect(await message(11, '    exec: {command: []}')).to.equal(
        './lines, line 11: user "u": exec: command must be a string',
      );
      const merged = '    server: https://h\n    <<: {insecure-skip-tls-verify: perhaps}';
      expect(await message(6, merged)).to.equal(
        './lines, line 5: cluster "c": insecure-skip-tls-verify must be true or false',
      );
    });

    it('send a username and a password as Basic credentials, with TLS only', async () => {
      const file = writeConfig({ server: 'https://h' }, { username: 'joe', password: 'p:w' });
      const { cluster } = await loadKubeConfig(file);
      const text = Buffer.from('joe:p:w').toString('base64');
      expect(cluster.headers).to.deep.equal({ Authorization: `Basic ${text}` });
      expect(cluster.token).to.equal(undefined);
      const plain = writeConfig({ server: 'http://h' }, { username: 'joe', password: 'p:w' });
      expect((await loadKubeConfig(plain)).cluster.headers).to.deep.equal({});
    });

    it('act as another user where they say so', async () => {
      const user = {
        token: 't',
        as: 'jane',
        'as-uid': 'u1',
        'as-groups': ['dev', 'ops'],
        'as-user-extra': { 'example.org/Ünit': ['a', 'b'] },
      };
      const { cluster } = await loadKubeConfig(writeConfig({ server: 'https://h' }, user));
      expect(cluster.headers).to.deep.equal({
        'Impersonate-User': 'jane',
        'Impersonate-Uid': 'u1',
        'Impersonate-Group': ['dev', 'ops'],
        'Impersonate-Extra-example.org%2F%C3%9Cnit': ['a', 'b'],
      });
    });

    it('read a tokenFile again for each request, and keep the last good token', async () => {
      const file = write('token', 'first\n');
      const user = { token: 'old', tokenFile: 'token' };
      const { cluster } = await loadKubeConfig(writeConfig({ server: 'https://h' }, user));
      const token = cluster.token as () => Promise<string>;
      expect(await token()).to.equal('first');
      write('token', 'second\n');
      expect(await token()).to.equal('second');
      write('token', '');
      expect(await token()).to.equal('second');
      rmSync(file);
      expect(await token()).to.equal('second');
      const config = writeConfig({ server: 'https://h' }, { tokenFile: 'token' });
      expect(await failure(loadKubeConfig(config))).to.match(/cannot be read/);
      write('token', ' \n');
      expect(await failure(loadKubeConfig(config))).to.match(/tokenFile is empty/);
    });

    it('read certificates again that have changed, and keep a pair until both have', async () => {
      const [one, two] = [sharedCertificate(), makeCertificate()];
      write('ca.pem', 'ca one');
      write('cert.pem', one.cert);
      write('key.pem', one.key);
      const server = { server: 'https://h', 'certificate-authority': 'ca.pem' };
      const user = { 'client-certificate': 'cert.pem', 'client-key': 'key.pem' };
      const { cluster } = await loadKubeConfig(writeConfig(server, user));
      const now = async (): Promise<string[]> => {
        const { ca, cert, key } = (await cluster.certificates?.()) ?? {};
        return [ca, cert, key].map(String);
      };
      expect(await now()).to.deep.equal(['ca one', one.cert, one.key]);
      write('ca.pem', 'another ca');
      write('cert.pem', two.cert);
      expect(await now()).to.deep.equal(['another ca', one.cert, one.key]);
      write('key.pem', two.key);
      expect(await now()).to.deep.equal(['another ca', two.cert, two.key]);
      for (const name of ['ca.pem', 'cert.pem', 'key.pem']) rmSync(path.join(folder, name));
      expect(await now()).to.deep.equal(['another ca', two.cert, two.key]);
    });

    it('have certificates that do not change where they stand in the kubeconfig', async () => {
      const server = { server: 'https://h', 'certificate-authority-data': 'eA==' };
      const user = { 'client-certificate-data': 'eA==', 'client-key-data': 'eQ==' };
      const { cluster } = await loadKubeConfig(writeConfig(server, user));
      expect(cluster).not.to.have.property('certificates');
    });

    it('that get credentials from a provider are refused, unless a token is given or stored', async () => {
      const server = { server: 'https://h' };
      const exec = writeConfig(server, { exec: { command: 'aws', args: ['eks'] } });
      const token = (): string => 'mine';
      const { cluster } = await loadKubeConfig({ path: exec, token });
      expect(cluster.token).to.equal(token);
      const provider = writeConfig(server, { 'auth-provider': { name: 'gcp' } });
      expect(await failure(loadKubeConfig(provider))).to.match(
        /auth-provider \(gcp\) is not supported.*loadKubeConfig\(\{ token \}\)/,
      );
      const jwt = (claims: string): string =>
        ['e30', Buffer.from(claims).toString('base64url'), 'x'].join('.');
      const oidc = (claims: string): string =>
        writeConfig(server, {
          'auth-provider': { name: 'oidc', config: { 'id-token': jwt(claims) } },
        });
      const valid = JSON.stringify({ exp: Date.now() / 1000 + 1000 });
      const stored = await loadKubeConfig(oidc(valid));
      expect(stored.cluster.token).to.equal(jwt(valid));
      for (const old of ['{"exp":1}', '{}', 'no JSON'])
        expect(await failure(loadKubeConfig(oidc(old))), old).to.match(/\(oidc\) has expired/);
      const none = await loadKubeConfig({ path: writeConfig(server, null), token: 'mine' });
      expect(none.cluster).to.deep.equal({ ...server, token: 'mine' });
    });

    it('keep the certificate of the user beside a given token', async () => {
      const user = { 'client-certificate-data': 'eA==', 'client-key-data': 'eQ==', token: 'other' };
      const path = writeConfig({ server: 'https://h' }, user);
      const { cluster } = await loadKubeConfig({ path, token: 'mine' });
      expect([String(cluster.cert), String(cluster.key), cluster.token]).to.deep.equal([
        'x',
        'y',
        'mine',
      ]);
    });
  });

  it('is checked as an argument', async () => {
    for (const bad of ['', [], 7]) {
      const error = await loadKubeConfig({ path: bad as string }).catch(
        (reason: unknown) => reason,
      );
      expect(error).to.include({ code: 'ERR_SPDY_INVALID_ARGUMENT' });
    }
  });

  describe('over TLS', () => {
    const { key, cert } = sharedCertificate();
    let server: https.Server;
    const requests: http.IncomingMessage[] = [];
    const authorized: boolean[] = [];

    before(async () => {
      server = https.createServer({
        key,
        cert,
        ca: cert,
        requestCert: true,
        rejectUnauthorized: false,
      });
      server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
        requests.push(request);
        authorized.push((request.socket as import('node:tls').TLSSocket).authorized);
        acceptUpgrade(request, socket, head).on('error', () => {});
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    });

    after(() => {
      server.close();
    });

    const clusterFields = (): object => ({
      server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      'certificate-authority-data': Buffer.from(cert).toString('base64'),
      'tls-server-name': 'localhost',
    });

    it('leads to the server, with certificate, token and impersonation', async () => {
      write('cert.pem', cert);
      write('key.pem', key);
      const user = {
        'client-certificate': 'cert.pem',
        'client-key': 'key.pem',
        token: 'secret',
        as: 'jane',
        'as-groups': ['a', 'b'],
      };
      const { cluster } = await loadKubeConfig(writeConfig(clusterFields(), user));
      const { session } = await upgradeToSpdy({ cluster, path: '/x', protocols: ['p'] });
      const request = requests.at(-1) as http.IncomingMessage;
      const { headersDistinct } = request;
      expect(request.headers.authorization).to.equal('Bearer secret');
      expect(headersDistinct['impersonate-user']).to.deep.equal(['jane']);
      expect(headersDistinct['impersonate-group']).to.deep.equal(['a', 'b']);
      expect(authorized.at(-1)).to.equal(true);
      await session.close();
    });

    it('leads to the server with certificates that have changed since', async () => {
      write('ca.pem', makeCertificate().cert);
      const fields = { ...clusterFields(), 'certificate-authority': 'ca.pem' };
      Reflect.deleteProperty(fields, 'certificate-authority-data');
      const { cluster } = await loadKubeConfig(writeConfig(fields, null));
      const asked = { cluster, path: '/x', protocols: ['p'] };
      const error = await upgradeToSpdy(asked).catch((reason: unknown) => reason);
      expect(error)
        .to.have.property('code')
        .that.match(/SELF_SIGNED|UNABLE_TO/);
      write('ca.pem', cert);
      const { session } = await upgradeToSpdy(asked);
      await session.close();
    });

    it('says that a server does not speak TLS', async () => {
      const plain = http.createServer();
      plain.listen(0, '127.0.0.1');
      await once(plain, 'listening');
      const { port } = plain.address() as AddressInfo;
      const cluster = { server: `https://127.0.0.1:${port}` };
      for (const transport of ['spdy', 'websocket'] as const) {
        const error = await portForward({ cluster, pod: 'p', transport }).catch(
          (reason: unknown) => reason,
        );
        expect(String(error)).to.match(/TLS: the other side does not speak TLS/);
      }
      plain.close();
    });

    it('goes through a proxy with CONNECT', async () => {
      const asked: string[] = [];
      const proxy = http.createServer();
      proxy.on('connect', (request: http.IncomingMessage, socket: Duplex) => {
        asked.push(`${request.url} ${request.headers['proxy-authorization']}`);
        const [host, port] = (request.url ?? '').split(':');
        const target = net.connect(Number(port), host, () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          target.pipe(socket).pipe(target);
        });
        for (const one of [target, socket]) one.on('error', () => {});
      });
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      const { port } = proxy.address() as AddressInfo;
      const fields = { ...clusterFields(), 'proxy-url': `http://me:pw@127.0.0.1:${port}` };
      const { cluster } = await loadKubeConfig(writeConfig(fields, { token: 't' }));
      const { session } = await upgradeToSpdy({ cluster, path: '/x', protocols: ['p'] });
      await session.close();
      const { port: target } = server.address() as AddressInfo;
      const basic = Buffer.from('me:pw').toString('base64');
      expect(asked).to.deep.equal([`127.0.0.1:${target} Basic ${basic}`]);
      proxy.close();
    });

    it('does not wait on for a proxy when it is given up', async () => {
      const proxy = net.createServer();
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      const { port } = proxy.address() as AddressInfo;
      const fields = { ...clusterFields(), 'proxy-url': `http://127.0.0.1:${port}` };
      const { cluster } = await loadKubeConfig(writeConfig(fields, null));
      for (const transport of ['spdy', 'websocket'] as const) {
        const abort = new AbortController();
        const { signal } = abort;
        const forwarding = portForward({ cluster, pod: 'p', transport, signal });
        const failed = forwarding.catch((reason: unknown) => reason);
        const [socket] = (await once(proxy, 'connection')) as [net.Socket];
        socket.on('error', () => {}).resume();
        abort.abort();
        expect(await failed).to.include({ code: 'ERR_SPDY_ABORTED' });
        await once(socket, 'close');
      }
      proxy.close();
    });

    it('says that a proxy refuses', async () => {
      const proxy = http.createServer();
      proxy.on('connect', (_request, socket: Duplex) => {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      });
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      const { port } = proxy.address() as AddressInfo;
      for (const cluster of [clusterFields(), { server: 'http://127.0.0.1:1' }]) {
        const fields = { ...cluster, 'proxy-url': `http://127.0.0.1:${port}` };
        const config = await loadKubeConfig(writeConfig(fields, null));
        const error = await upgradeToSpdy({
          cluster: config.cluster,
          path: '/x',
          protocols: ['p'],
        }).catch((reason: unknown) => reason);
        expect(error).to.include({ code: 'ERR_SPDY_NEGOTIATION', by: 'peer' });
        expect(String(error)).to.match(/does not connect to .*: 407/);
      }
      proxy.close();
    });
  });

  describe('of a pod', () => {
    const names = ['KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT', 'HOME', 'POD_NAMESPACE'];
    const before = names.map((name) => [name, process.env[name]] as const);

    beforeEach(() => {
      setVariable('');
      Object.assign(process.env, {
        HOME: folder,
        KUBERNETES_SERVICE_HOST: '10.96.0.1',
        KUBERNETES_SERVICE_PORT: '443',
      });
      for (const name of ['ca.crt', 'namespace', 'token']) write(`account/${name}`, `the ${name}`);
    });

    afterEach(() => {
      for (const [name, value] of before) setVariable(value, name);
    });

    const load = (options: KubeConfigOptions = {}): Promise<KubeConfig> =>
      loadKubeConfig({ serviceAccountDirectory: path.join(folder, 'account'), ...options });

    it('is its service account where there is no kubeconfig, with another token if one is given', async () => {
      const { cluster, namespace, contextName } = await load();
      expect([cluster.server, namespace, contextName]).to.deep.equal([
        'https://10.96.0.1:443',
        'the namespace',
        null,
      ]);
      expect(await (cluster.token as () => Promise<string>)()).to.equal('the token');
      setVariable(path.join(folder, 'missing'));
      expect((await load({ token: 'mine' })).cluster.token).to.equal('mine');
      Object.assign(process.env, { POD_NAMESPACE: 'given' });
      expect((await load()).namespace).to.equal('given');
    });

    it('is the kubeconfig where there is one, and nothing where one is asked for', async () => {
      const file = path.join(folder, '.kube/config');
      await expectNone(load({ context: 'x' }), file);
      await expectNone(load({ path: [path.join(folder, 'other')] }), path.join(folder, 'other'));
      write('.kube/config', JSON.stringify(configOf('a', { server: 'https://h' }, null)));
      expect((await load()).contextName).to.equal('a');
    });

    it('is nothing without a token, or outside of a pod', async () => {
      const file = path.join(folder, '.kube/config');
      await expectNone(load({ serviceAccountDirectory: folder }), file);
      for (const name of ['KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT']) {
        const value = process.env[name];
        setVariable(undefined, name);
        await expectNone(load(), file);
        setVariable(value, name);
      }
    });

    async function expectNone(loading: Promise<KubeConfig>, file: string): Promise<void> {
      expect(await failure(loading)).to.equal(`there is no kubeconfig: none of ${file} exists`);
    }
  });

  describe('of a service account', () => {
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };

    it('is read from the files of the pod, the token again for each request', async () => {
      write('ca.crt', 'the ca');
      write('namespace', 'mine\n');
      write('token', 'first');
      const config = await loadServiceAccount({ directory: folder, env });
      expect(config.cluster.server).to.equal('https://[fd00::1]:443');
      expect(String(config.cluster.ca)).to.equal('the ca');
      expect(config.namespace).to.equal('mine');
      write('token', 'second');
      write('ca.crt', 'another ca');
      expect(await (config.cluster.token as () => Promise<string>)()).to.equal('second');
      expect(String((await config.cluster.certificates?.())?.ca)).to.equal('another ca');
      write('token', ' ');
      expect(await failure(loadServiceAccount({ directory: folder, env }))).to.match(/is empty/);
    });

    it('is an error outside of a pod', async () => {
      expect(await failure(loadServiceAccount({ directory: folder, env: {} }))).to.match(/no pod/);
      expect(await failure(loadServiceAccount({ directory: folder, env }))).to.match(
        /cannot be read: ENOENT/,
      );
    });
  });
});

function setVariable(value: string | undefined, name = 'KUBECONFIG'): void {
  if (value === undefined) Reflect.deleteProperty(process.env, name);
  else Object.assign(process.env, { [name]: value });
}

/** A config with one context of this name. */
function configOf(
  name: string,
  cluster: object,
  user: object | null,
  context: object = {},
): Record<string, unknown> {
  return {
    'current-context': name,
    contexts: [
      {
        name,
        context: {
          cluster: `cluster-${name}`,
          ...(user === null ? {} : { user: `user-${name}` }),
          ...context,
        },
      },
    ],
    clusters: [{ name: `cluster-${name}`, cluster }],
    users: user === null ? [] : [{ name: `user-${name}`, user }],
  };
}
