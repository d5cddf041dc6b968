#!/usr/bin/env node
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { resolve } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { hostAndPort } from '../../common/network/host-and-port.ts';
import { PACKAGE_VERSION } from '../../common/package-version.ts';
import { type Certificate, makeCertificate } from '../../http/server/connection/certificate.ts';
import { createServer, type SpdyServer } from '../../http/server/server.ts';
import { getNpnProtocols, type SessionOptions } from '../../session/public.ts';
import { type StaticFilesHandler, serveFiles } from '../../tools/files/static-files.ts';
import { UsageError } from '../arguments.ts';
import { FrameLog } from '../frame-log.ts';
import { HeldSignals } from '../held-signals.ts';
import { runProgram } from '../run-program.ts';
import { painter } from '../terminal.ts';
import { TraceFile } from '../trace-file.ts';
import { clearSocket, showSocketPath, withPrivateFiles } from '../unix-socket.ts';
import { AccessLog } from './access-log.ts';
import { echo } from './echo.ts';
import { parseSpdydOptions, type SpdydOptions } from './options.ts';

/** How long requests may take to finish at the end. */
const CLOSE_TIMEOUT_MS = 10_000;
/** Bytes of receive window that a session has at least: other uploads go on while one is not read. */
const SESSION_WINDOW = 1 << 20;

await runProgram('spdyd', main);

async function main(argv: readonly string[]): Promise<number> {
  const options = parseSpdydOptions(argv);
  if (typeof options === 'string') {
    process.stdout.write(options);
    return 0;
  }
  const signals = new HeldSignals('SIGUSR1', 'SIGTERM', 'SIGINT');
  const accessLog = await openAccessLog(options);
  const server = makeServer(options, accessLog);
  const trace = options.trace === null ? null : new TraceFile(options.trace);
  if (trace !== null) server.on('session', trace.watch);
  const { port, host, path } = options;
  if (path !== null) await clearSocket(path);
  if (path === null) server.listen({ port, host });
  else withPrivateFiles(() => server.listen({ path }));
  await once(server, 'listening');
  const end = ended(server, signals);
  signals.on('SIGUSR1', () => accessLog?.reopen());
  // Whoever reads this may send a signal at once: the listeners for it are there.
  announce(options, server);
  await end;
  await accessLog?.close();
  await trace?.end();
  return 0;
}

/** A server with its handler, and with a log if there shall be one. */
function makeServer(options: SpdydOptions, accessLog: AccessLog | null): SpdyServer {
  const { version, verifyClient } = options;
  const handler = makeHandler(options, accessLog);
  const settings = {
    closeTimeoutMs: CLOSE_TIMEOUT_MS,
    allowHttp1: options.tls && version === null,
    session: sessionOptions(options),
  };
  const only = version === null ? {} : { version: version.name, versions: [version.name] };
  const secure = options.tls
    ? { ...certificateFor(options), requestCert: verifyClient, rejectUnauthorized: false }
    : { tls: false };
  const server = createServer({ ...settings, ...only, ...secure }, handler);
  for (const { names, key, cert } of options.certificates.slice(1)) {
    for (const name of names) server.addContext(name, { key, cert });
  }
  if (options.verbose) logConnections(server, options);
  if (verifyClient) server.on('connection', (socket) => demandCertificate(socket as TLSSocket));
  return server;
}

/** What is different from the defaults. */
function sessionOptions({ maxStreams, windowSize }: SpdydOptions): SessionOptions {
  const streams = maxStreams === null ? {} : { maxConcurrentStreams: maxStreams };
  if (windowSize === null) return streams;
  const sessionWindowSize = Math.max(SESSION_WINDOW, windowSize);
  return { ...streams, initialWindowSize: windowSize, sessionWindowSize };
}

function makeHandler(options: SpdydOptions, accessLog: AccessLog | null): StaticFilesHandler {
  const { delayMs } = options;
  const files = fileHandler(options);
  const answer: StaticFilesHandler = (request, response) => {
    const { method } = request;
    if (options.echo && (method === 'POST' || method === 'PUT')) echo(request, response);
    else files(request, response);
  };
  if (accessLog === null && delayMs === 0) return answer;
  return (request, response) => {
    accessLog?.watch(request, response);
    if (delayMs === 0) answer(request, response);
    else delay(delayMs, response, () => answer(request, response));
  };
}

/** Goes on after some time, unless the client has given up. */
function delay(milliseconds: number, response: ServerResponse, then: () => void): void {
  const timer = setTimeout(then, milliseconds);
  response.once('close', () => clearTimeout(timer));
}

function fileHandler(options: SpdydOptions): StaticFilesHandler {
  const { root, push, listing, dotfiles, spa, cors, compress } = options;
  const server = `spdyd spdylay/${PACKAGE_VERSION}`;
  try {
    return serveFiles({ root, push, listing, dotfiles, spa, cors, compress, server });
  } catch (error) {
    throw new UsageError(`--htdocs: ${(error as Error).message}`);
  }
}

async function openAccessLog(options: SpdydOptions): Promise<AccessLog | null> {
  const { accessLog, json, version } = options;
  if (accessLog === null) return null;
  const complain = (text: string): void => {
    process.stderr.write(`spdyd: --access-log: ${text}\n`);
  };
  try {
    return await AccessLog.open(accessLog, { json, spdy: version?.name ?? 'spdy' }, complain);
  } catch (error) {
    throw new UsageError(`--access-log: ${(error as Error).message}`);
  }
}

/** The certificate that was given, or one that is made and told of. */
function certificateFor({ certificates, host, json }: SpdydOptions): Certificate {
  const [first] = certificates;
  if (first !== undefined) return { key: first.key, cert: first.cert };
  const names = new Set(['localhost', '127.0.0.1', '::1']);
  if (host !== '::' && host !== '0.0.0.0') names.add(host);
  const made = makeCertificate([...names]);
  if (!json) {
    const { fingerprint256 } = new X509Certificate(made.cert);
    process.stdout.write(
      `Made a certificate for a day (clients need -k), SHA-256 ${fingerprint256}\n`,
    );
  }
  return made;
}

function announce(options: SpdydOptions, server: SpdyServer): void {
  const url = urlOf(options, server);
  const { version } = options;
  const protocols = version === null ? [...getNpnProtocols(), 'http/1.1'] : [version.name];
  const text = options.json
    ? JSON.stringify({ listening: url, ...portOf(server), protocols })
    : `Serving ${resolve(options.root)} at ${url} (${protocols.join(', ')})`;
  for (const { warning } of options.certificates) {
    if (warning !== null) process.stderr.write(`spdyd: ${warning}\n`);
  }
  process.stdout.write(`${text}\n`);
}

/** Where clients find it. */
function urlOf({ tls, path }: SpdydOptions, server: SpdyServer): string {
  const scheme = tls ? 'https' : 'http';
  if (path !== null) return `${scheme}+unix:${showSocketPath(path)}`;
  const { address, port } = server.address() as AddressInfo;
  return `${scheme}://${hostAndPort(address, port)}/`;
}

function portOf(server: SpdyServer): { readonly port?: number } {
  const address = server.address();
  return typeof address === 'object' && address !== null ? { port: address.port } : {};
}

/** Resolves when a signal has ended the server. */
async function ended(server: SpdyServer, signals: HeldSignals): Promise<void> {
  let heard = 0;
  const end = (): void => {
    heard++;
    if (heard === 1) server.close();
    else server.closeAllConnections();
  };
  const closed = once(server, 'close');
  signals.on('SIGTERM', end);
  signals.on('SIGINT', end);
  await closed;
}

function demandCertificate(socket: TLSSocket): void {
  const certificate = socket.getPeerCertificate() as object | null;
  if (certificate === null || Object.keys(certificate).length === 0) socket.destroy();
}

function logConnections(server: SpdyServer, options: SpdydOptions): void {
  const begun = performance.now();
  const log = new FrameLog({
    write: (text) => process.stdout.write(text),
    paint: painter(process.stdout, options.color),
    json: options.json,
    now: () => performance.now() - begun,
  });
  const logs = new WeakMap<object, FrameLog>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections++;
    const own = log.forConnection(connections);
    logs.set(socket, own);
    const { alpnProtocol } = socket as TLSSocket;
    const protocol = alpnProtocol || options.version?.name || 'http/1.1';
    own.note(`connection of ${socket.remoteAddress} port ${socket.remotePort}: ${protocol}`);
    socket.once('close', () => own.note('closed'));
  });
  server.on('session', (session) => {
    const own = logs.get(session.socket as object) ?? log;
    own.watch(session);
    session.on('streamClose', (streamId) => own.note(`stream_id=${streamId} closed`));
  });
  server.on('sessionError', (error, session) => {
    (logs.get(session.socket as object) ?? log).note(`session failed: ${error.message}`);
  });
  server.on('tlsClientError', (error) => log.note(`TLS handshake failed: ${error.message}`));
  server.http1?.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { method, url, socket } = request;
    response.once('close', () => {
      (logs.get(socket) ?? log).note(`http/1.1 ${method} ${url} ${response.statusCode}`);
    });
  });
}
