import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** What `.ci/peers` prepared; this file runs as build/spec/interop/support/peers.js. */
const folder = fileURLToPath(new URL('../../../../.peers/', import.meta.url));

/** Sources of our small programs: they need no building when they are scripts. */
const programs = fileURLToPath(new URL('../../../../spec/interop/peers/', import.meta.url));

/** The files that show that a peer is prepared. */
const PEERS = {
  netty: [
    'netty/classpath',
    'netty/NettySpdyServer.class',
    'netty/NettySpdyClient.class',
    'certificates/server.p12',
  ],
  spdystream: ['gostream'],
  kubestream: ['kubestream'],
  'spdy-transport': ['spdy-transport/ready', 'certificates/cert.pem'],
  qt5: ['python3-qt5', 'certificates/cert.pem'],
  'client-node-2': ['client-node-2/ready', 'node-22/node_modules/node/bin/node'],
  haproxy: ['haproxy', 'openssl', 'certificates/cert.pem'],
  curl: ['curl', 'certificates/cert.pem'],
  h2load: ['h2load'],
  nghttp: ['nghttp', 'h2load', 'certificates/cert.pem'],
  nghttpx: ['nghttpx'],
  tshark: ['tshark'],
  'systemd-socket-activate': ['systemd-socket-activate'],
  'systemd-analyze': ['systemd-analyze'],
  kubectl: ['kubectl-debian/usr/bin/kubectl'],
  'kubectl-31': ['kubectl-31/kubectl'],
  'kubectl-34': ['kubectl-34/kubectl'],
  'kubectl-36': ['kubectl-36/kubectl'],
  'client-node': ['client-node/ready'],
  'python3-kubernetes': ['python3-kubernetes'],
} as const;

/** A program that nobody here wrote. */
export type PeerName = keyof typeof PEERS;

/** A path inside the folder of prepared peers. */
export function peerPath(name: string): string {
  return path.join(folder, name);
}

/** Use in `before`: without the peer the suite is skipped with a message, and fails where peers are required (CI). */
export function requirePeer(context: Mocha.Context, name: PeerName): void {
  const missing = PEERS[name].filter((file) => !existsSync(peerPath(file)));
  if (missing.length === 0) return;
  const message = `${name} is not prepared (no .peers/${missing.join(', no .peers/')}): run .ci/peers`;
  const { CI, SPDYLAY_REQUIRE_PEERS } = process.env;
  if (CI || SPDYLAY_REQUIRE_PEERS) throw new Error(message);
  console.warn(`    skipped: ${message}`);
  context.skip();
}

/** Key and certificate for `localhost`, PEM. */
export function certificate(): { key: Buffer; cert: Buffer } {
  return {
    key: readFileSync(peerPath('certificates/key.pem')),
    cert: readFileSync(peerPath('certificates/cert.pem')),
  };
}

/** Command line of one of our Netty programs. */
export function nettyCommand(
  program: 'NettySpdyServer' | 'NettySpdyClient',
  ...args: string[]
): string[] {
  const classpath = readFileSync(peerPath('netty/classpath'), 'utf8');
  return ['java', '-XX:TieredStopAtLevel=1', '-cp', classpath, program, ...args];
}

/** Path of a script of our own that plays a peer. */
export function peerProgram(name: string): string {
  return path.join(programs, name);
}

/** Command line of our program on Qt 5. */
export function qtCommand(...args: string[]): string[] {
  return [peerPath('python3-qt5'), path.join(programs, 'qt5/qtspdy.py'), ...args];
}
