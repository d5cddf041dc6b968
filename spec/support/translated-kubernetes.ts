import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import {
  createStreamTranslator,
  type KubernetesTransport,
  type StreamingHandlers,
  type StreamingRequest,
  type StreamTranslator,
  type StreamTranslatorOptions,
  type TargetChooser,
  type TranslatorTarget,
} from '../../lib/kubernetes/index.ts';
import type { ClusterOptions } from '../../lib/kubernetes/kubeconfig/cluster.ts';
import { type ServedStreams, serveStreams } from './kubernetes-peer.ts';

/** A stream translator on a port of its own. */
export interface Translated {
  readonly translator: StreamTranslator;
  readonly port: number;
  /** For clients in front. */
  readonly cluster: ClusterOptions;
  /** What went wrong behind. */
  readonly errors: unknown[];
  /** Requests of clients. */
  readonly requests: IncomingMessage[];
  stop(): Promise<void>;
}

/** Starts a stream translator. */
export async function translate(
  target: TargetChooser,
  options: StreamTranslatorOptions = {},
): Promise<Translated> {
  const translator = createStreamTranslator(target, options);
  const errors: unknown[] = [];
  translator.on('targetError', (error) => errors.push(error));
  translator.on('sessionError', (error) => errors.push(error));
  const requests: IncomingMessage[] = [];
  const server = http.createServer();
  server.on('upgrade', (request) => requests.push(request));
  translator.attach(server);
  // The one that looks on is none that serves.
  server.on('upgrade', (request, socket) => {
    if (!/\/(?:exec|attach|portforward)\b/i.test(request.url ?? '')) socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    await translator.close();
    server.close();
    await once(server, 'close');
  };
  const cluster = { server: `http://127.0.0.1:${port}` };
  return { translator, port, cluster, errors, requests, stop };
}

/** A streaming server, and a translator in front of it. */
export interface Chain extends Translated {
  readonly back: ServedStreams;
  /** What clients have asked for, as the function that chooses the target was told. */
  readonly asked: StreamingRequest[];
}

/** Starts both; `transport` is what the translator speaks to the server. */
export async function chain(
  transport: KubernetesTransport,
  handlers: StreamingHandlers,
  options: StreamTranslatorOptions = {},
  more: Partial<TranslatorTarget> = {},
): Promise<Chain> {
  const back = await serveStreams(handlers);
  const asked: StreamingRequest[] = [];
  const cluster = { server: `http://127.0.0.1:${back.port}` };
  const translated = await translate((request) => {
    asked.push(request);
    return { cluster, transport, ...more } as TranslatorTarget;
  }, options);
  const stop = async (): Promise<void> => {
    await translated.stop();
    await back.stop();
  };
  return { ...translated, back, asked, stop };
}

/** A TCP server on a free port that ends with its `close()`. */
export async function tcpServer(
  listener: (socket: net.Socket) => void,
): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    listener(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, close };
}
