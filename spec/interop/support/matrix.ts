import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import type { ClusterOptions } from '../../../lib/kubernetes/kubeconfig/cluster.ts';
import { sha256 } from './bytes.ts';
import type { PeerName } from './peers.ts';

/** What every client is to do with every server. */
export const OPERATIONS = [
  'exec with the exit codes 0, 3 and 137',
  '10 MB to a command and back',
  'a terminal: two sizes, Ctrl-C',
  'attach',
  'cp to the pod',
  'cp from the pod',
  'port-forward with 40 connections',
  'port-forward to a port that is refused',
  '6 MB and exit code 9 for a reader that sleeps',
] as const;

/** One of them. */
export type Operation = (typeof OPERATIONS)[number];

/** Why one of them is not done. */
export type Reasons = Partial<Record<Operation, string>>;

/** An output, and how the command that wrote it ended. */
export interface Seen {
  /** Null where nobody tells. */
  readonly code: number | null;
  readonly bytes: number;
  readonly sha256: string;
  /** How it begins. */
  readonly head: string;
  readonly stderr: string;
}

/** What came of connections that are forwarded to a server that sends back what it gets. */
export interface Forwarded {
  /** How many have brought back all. */
  readonly ok: number;
  /** What was told of the others. */
  readonly faults: readonly string[];
}

/** A server that a client is used with. */
export interface MatrixServer {
  readonly name: string;
  readonly cluster: ClusterOptions;
  /** The same over `http:`, where that exists. */
  readonly plain: ClusterOptions;
  /** Where a container has its files. */
  readonly folder: string;
  /** Ports of the pod `web`: one sends back what it gets, nobody listens at the other. */
  readonly ports: { readonly echo: number; readonly refused: number };
}

/** A client that is used with a server. Pods are `p`, `web`, `reader` and `counter`, their container `main`. */
export interface MatrixSession {
  exec(command: readonly string[], sleepMs?: number): Promise<Seen>;
  /** Sends so much to a command that sends it back; `sent` is the SHA-256 of that. */
  echo(size: number): Promise<Seen & { readonly sent: string }>;
  /** Runs a script on a terminal that is told the sizes 80x24 and 120x45, each when the last was shown, and then types Ctrl-C. */
  terminal(script: string): Promise<{ readonly screen: string; readonly code: number | null }>;
  /** Sends the lines `one` and `two`; what came. */
  attach(pod: string): Promise<string>;
  copyTo(local: string, remote: string): Promise<void>;
  copyFrom(remote: string, local: string): Promise<void>;
  forward(port: number, count: number, size: number): Promise<Forwarded>;
  close(): Promise<void>;
}

/** A client, or one way of it. */
export interface MatrixClient {
  readonly name: string;
  readonly peers: readonly PeerName[];
  readonly cannot: Reasons;
  open(server: MatrixServer): Promise<MatrixSession>;
}

/** What a script of `terminal()` is: it shows each size, and ends with 42 at Ctrl-C. */
export const TERMINAL_SCRIPT =
  "trap 'stty size' WINCH; trap 'echo interrupted; exit 42' INT; stty size; while :; do sleep 0.1; done";

/** A terminal as somebody uses it. */
export interface UsedTerminal {
  shows(text: string): Promise<void>;
  resize(columns: number, rows: number): void;
  type(text: string): void;
  readonly ended: Promise<number | null>;
  readonly screen: string;
}

/** Does with a terminal what `terminal()` says; it has its first size. */
export async function useTerminal(
  terminal: UsedTerminal,
): Promise<{ readonly screen: string; readonly code: number | null }> {
  await terminal.shows('24 80');
  terminal.resize(120, 45);
  await terminal.shows('45 120');
  terminal.type('\x03');
  const code = await terminal.ended;
  return { screen: terminal.screen, code };
}

/** Text as long as that, so that clients that take output for text take this as well. */
export function longText(length: number): Buffer {
  return Buffer.alloc(length, 'abcdefghijklmnopqrstuvwxyz012345');
}

/** Collects an output. */
export class Collected {
  readonly #chunks: Buffer[] = [];

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  seen(code: number | null, stderr: string): Seen {
    const all = Buffer.concat(this.#chunks);
    return {
      code,
      bytes: all.length,
      sha256: sha256(all),
      head: all.subarray(0, 200).toString(),
      stderr,
    };
  }
}

/** Sends bytes over a local connection, and reads as many. True when they are the same. */
async function exchange(port: number, size: number): Promise<boolean> {
  const body = longText(size);
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const chunks: Buffer[] = [];
  let length = 0;
  await new Promise<void>((done) => {
    socket.on('error', () => {});
    socket.once('close', () => done());
    socket.once('end', () => done());
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= size) done();
    });
    socket.write(body);
  });
  const isClosed = socket.closed;
  const closed = new Promise<void>((done) => {
    if (isClosed) done();
    else socket.once('close', () => done());
  });
  socket.end();
  socket.resume();
  // Clients that cannot end one direction end both.
  const ok = Buffer.concat(chunks).equals(body);
  if (!ok) socket.destroy();
  await closed;
  return ok;
}

/** Many of these at once; `faults` tells what was said of the others. */
export async function exchangeMany(
  port: number,
  count: number,
  size: number,
  faults: () => readonly string[],
): Promise<Forwarded> {
  const all = await Promise.all(Array.from({ length: count }, () => exchange(port, size)));
  return { ok: all.filter((ok) => ok).length, faults: faults() };
}

/** A TCP server that sends back what it gets, and a port that nobody listens at. */
export async function echoTargets(): Promise<{
  readonly echo: number;
  readonly refused: number;
  close(): void;
}> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  const none = net.createServer();
  for (const one of [server, none]) await once(one.listen(0, '127.0.0.1'), 'listening');
  const { port: refused } = none.address() as AddressInfo;
  none.close();
  await once(none, 'close');
  return {
    echo: (server.address() as AddressInfo).port,
    refused,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A kubeconfig for a cluster. */
export function writeConfig(file: string, { server, ca, token }: ClusterOptions): void {
  const cluster = {
    server,
    ...(ca === undefined
      ? {}
      : { 'certificate-authority-data': Buffer.from(String(ca)).toString('base64') }),
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'c', cluster }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    users: [{ name: 'u', user: typeof token === 'string' ? { token } : {} }],
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
}

/** Hands requests that ask for no upgrade to an API server, with its own token. */
export function passOn(server: https.Server, cluster: ClusterOptions): void {
  server.on('request', (request, response) => {
    const { server: url, ca, token } = cluster;
    const send = url.startsWith('https:') ? https : http;
    const { accept } = request.headers;
    const headers = {
      ...(accept === undefined ? {} : { accept }),
      ...(typeof token === 'string' ? { authorization: `Bearer ${token}` } : {}),
    };
    const asked = send.request(
      url + request.url,
      {
        method: request.method ?? 'GET',
        headers,
        agent: false,
        ...(ca === undefined ? {} : { ca }),
      },
      (answer) => {
        const { 'content-type': type = 'application/json' } = answer.headers;
        response.writeHead(answer.statusCode ?? 502, { 'content-type': type });
        answer.pipe(response);
      },
    );
    asked.on('error', () => response.destroy());
    request.pipe(asked);
  });
}
