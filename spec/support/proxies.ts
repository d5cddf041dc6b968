import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A proxy on a loopback port, for specs. It connects to 127.0.0.1 whatever name it is given. */
export interface SpecProxy {
  readonly port: number;
  /** What it was asked to connect to, with the credentials that came with it. */
  readonly asked: string[];
  /** Closes it with all connections. */
  stop(): Promise<void>;
}

const VARIABLES = [
  'HTTPS_PROXY',
  'https_proxy',
  'HTTP_PROXY',
  'http_proxy',
  'NO_PROXY',
  'no_proxy',
];

/** Use in a suite: its specs see no proxies of the environment but those that they name themselves. */
export function hideProxyVariables(): void {
  const formerly = VARIABLES.map((name) => [name, process.env[name]] as const);
  beforeEach(() => {
    for (const name of VARIABLES) Reflect.deleteProperty(process.env, name);
  });
  afterEach(() => {
    for (const [name, value] of formerly) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else Object.assign(process.env, { [name]: value });
    }
  });
}

/** A proxy that knows CONNECT; with a certificate one that is spoken to over TLS. */
export async function startConnectProxy(
  certificate: { readonly key: string; readonly cert: string } | null = null,
): Promise<SpecProxy> {
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const server = certificate === null ? http.createServer() : https.createServer(certificate);
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    const { url = '', headers } = request;
    const [, text = ''] = headers['proxy-authorization']?.split(' ') ?? [];
    asked.push([url, Buffer.from(text, 'base64').toString()].join(' ').trim());
    const target = net.connect(Number(url.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
    });
    join(socket, target, sockets);
  });
  return await listening(server, asked, sockets);
}

/** A SOCKS5 proxy (RFC 1928) that wants name and password (RFC 1929), if `login` has them as `name:password`. */
export async function startSocksProxy(login: string | null = null): Promise<SpecProxy> {
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    serveSocks(socket, login, asked, sockets).catch(() => socket.destroy());
  });
  return await listening(server, asked, sockets);
}

async function serveSocks(
  socket: Socket,
  login: string | null,
  asked: string[],
  sockets: Set<Duplex>,
): Promise<void> {
  const bytes = reader(socket);
  const [, count = 0] = await bytes(2);
  await bytes(count);
  socket.write(Buffer.of(5, login === null ? 0 : 2));
  let who = '';
  if (login !== null) {
    await bytes(1);
    const name = await bytes((await bytes(1))[0] as number);
    const password = await bytes((await bytes(1))[0] as number);
    who = ` ${name}:${password}`;
    const isRight = who === ` ${login}`;
    socket.write(Buffer.of(1, isRight ? 0 : 1));
    if (!isRight) throw new Error('wrong password');
  }
  const [, , , type] = await bytes(4);
  const length = type === 1 ? 4 : type === 4 ? 16 : ((await bytes(1))[0] as number);
  const host = await bytes(length);
  const port = (await bytes(2)).readUInt16BE();
  const name = type === 3 ? host.toString() : [...host].join('.');
  asked.push(`${name}:${port}${who}`);
  const target = net.connect(port, '127.0.0.1', () => {
    socket.write(Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
  });
  target.once('error', () => socket.end(Buffer.of(5, 5, 0, 1, 0, 0, 0, 0, 0, 0)));
  join(socket, target, sockets);
}

/** Takes so many bytes at a time. */
function reader(socket: Socket): (length: number) => Promise<Buffer> {
  return async (length) => {
    if (length === 0) return Buffer.alloc(0);
    for (;;) {
      const chunk = socket.read(length) as Buffer | null;
      if (chunk !== null) return chunk;
      if (socket.readableEnded || socket.destroyed) throw new Error('it has ended');
      await once(socket, 'readable');
    }
  };
}

function join(one: Duplex, other: Duplex, sockets: Set<Duplex>): void {
  for (const socket of [one, other]) {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  }
  one.once('close', () => other.destroy());
  other.once('close', () => one.destroy());
  one.pipe(other).pipe(one);
}

async function listening(
  server: net.Server,
  asked: string[],
  sockets: ReadonlySet<Duplex>,
): Promise<SpecProxy> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    server.close();
    for (const socket of sockets) socket.destroy();
    if (server instanceof http.Server || server instanceof https.Server)
      server.closeAllConnections();
    await once(server, 'close');
  };
  return { port: (server.address() as AddressInfo).port, asked, stop };
}
