import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Duplex, type Readable, type Writable } from 'node:stream';
import { freePort, listening } from './fixed-port.ts';
import { certificate, peerPath } from './peers.ts';
import { PeerProcess } from './process.ts';

/** An haproxy that speaks TLS with NPN and ALPN, and hands connections on with a PROXY header. */
export class Haproxy {
  readonly port: number;
  readonly #process: PeerProcess;
  readonly #folder: string;

  private constructor(port: number, process: PeerProcess, folder: string) {
    this.port = port;
    this.#process = process;
    this.#folder = folder;
  }

  /** Starts it in front of a loopback port. */
  static async start(backendPort: number): Promise<Haproxy> {
    const folder = mkdtempSync(path.join(tmpdir(), 'spdylay-haproxy-'));
    const { key, cert } = certificate();
    writeFileSync(path.join(folder, 'both.pem'), Buffer.concat([cert, key]), { mode: 0o600 });
    // It takes no port 0.
    const port = await freePort();
    const file = path.join(folder, 'haproxy.cfg');
    writeFileSync(file, configuration(port, backendPort, folder));
    const haproxy = new Haproxy(
      port,
      new PeerProcess([peerPath('haproxy'), '-db', '-f', file]),
      folder,
    );
    await listening('haproxy', haproxy.#process, port);
    return haproxy;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    rmSync(this.#folder, { recursive: true });
  }
}

/** NPN is no part of TLS 1.3. */
function configuration(port: number, backendPort: number, folder: string): string {
  const protocols = 'spdy/3.1,spdy/3,spdy/2,http/1.1';
  return `global
    maxconn 200
    ssl-default-bind-options ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.2
defaults
    mode tcp
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend door
    bind 127.0.0.1:${port} ssl crt ${folder}/both.pem npn ${protocols} alpn ${protocols}
    default_backend node
backend node
    server s 127.0.0.1:${backendPort} send-proxy-v2 proxy-v2-options ssl
`;
}

/** A connection of `openssl s_client`: what is written to it goes into TLS, what comes out of TLS is read from it. */
export class SClient {
  /** The bytes inside TLS. */
  readonly stream: Duplex;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #stderr = '';

  constructor(port: number, ...options: string[]) {
    const args = ['s_client', '-quiet', '-connect', `127.0.0.1:${port}`, '-tls1_2', ...options];
    this.#child = spawn(peerPath('openssl'), args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdin, stdout, stderr } = this.#child;
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    stdin.on('error', () => {});
    this.stream = Duplex.from({ readable: stdout, writable: stdin });
    this.stream.on('error', () => {});
  }

  /** What it said of the handshake and of errors. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Ends the program. */
  async stop(): Promise<void> {
    this.stream.destroy();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}
