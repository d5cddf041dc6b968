// Programs of a user of the package, as text.

/** A request over SPDY, and a command in a pod: prints 'hello' and 'pod'. */
export const ROUND_TRIP = `
import { once } from 'node:events';
import { createServer, fetch, SpdyAgent } from 'spdylay';
import { createFakeApiServer, run } from 'spdylay/kubernetes';

const version = 'spdy/3.1';
const server = createServer({ tls: false, version }, (request, response) => response.end('hello'));
await once(server.listen(0, '127.0.0.1'), 'listening');
const agent = new SpdyAgent({ version });
const response = await fetch('http://127.0.0.1:' + server.address().port + '/', { agent });
console.log(await response.text());
await agent.close();
server.close();

const fake = createFakeApiServer({ pods: ['shell'] });
await fake.listen();
const { stdout } = await run({ cluster: fake.cluster, pod: 'shell', command: ['echo', 'pod'] });
console.log(String(stdout).trim());
await fake.close();
`;

/** Uses the tools, without `await` outside of functions, which CommonJS has not. */
export const TOOLS_IN_COMMONJS = `
import { once } from 'node:events';
import { createServer } from 'spdylay';
import { createProxy, readDump, runLoad, testServer } from 'spdylay/tools';

async function main() {
  const server = createServer({ tls: false }, (request, response) => response.end('hello'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const urls = 'http://127.0.0.1:' + server.address().port + '/';
  const { requests } = await runLoad({ urls, requests: [createProxy, readDump, testServer].length });
  console.log(requests.succeeded, 'of', requests.total);
  server.close();
}
main();
`;

/** Prints which errors of one door are no errors of the other, and what has another name than it is exported by. */
export const ONE_OF_EACH = `
import { SpdyError } from 'spdylay';
import * as kubernetes from 'spdylay/kubernetes';
import * as client from 'spdylay/kubernetes/client';

const apart = [];
for (const [name, value] of Object.entries(client)) if (kubernetes[name] !== value) apart.push(name);
for (const [name, value] of Object.entries(kubernetes)) {
  if (/Error$/.test(name) && !(value.prototype instanceof SpdyError)) apart.push(name);
  if (typeof value === 'function' && value.name !== name) apart.push(name + ' is called ' + value.name);
}
console.log(JSON.stringify(apart));
`;

/** Prints the stack of an error that the package throws. */
export const STACK = `
import { Engine } from 'spdylay';
try {
  new Engine('nobody', 3, {}, {});
} catch (error) {
  console.log(error.stack);
}
`;

/** Uses what the declarations say of both doors. */
export const TYPED = `
import type http from 'node:http';
import type net from 'node:net';
import { connect, createServer, fetch, request, SpdyAgent, type Session, type SpdyStream, SpdyError } from 'spdylay';
import { exec, type RemoteCommand } from 'spdylay/kubernetes';

const server = createServer((request, response) => {
  response.end(request.url);
});
server.on('session', (session: Session) => session.on('stream', (stream: SpdyStream) => stream.resume()));
const command: Promise<RemoteCommand> = exec({ cluster: { server: 'https://a' }, pod: 'p', command: ['true'] });
command.catch((error: SpdyError) => console.log(error.code));
fetch('https://a', { method: 'POST', body: new ReadableStream(), duplex: 'half' }).catch(() => {});
const agent = new SpdyAgent({ tls: { minVersion: 'TLSv1.3' } });
connect({ host: 'a', noDelay: true }).then((session) => session.close());
const transport = (options: http.RequestOptions): http.ClientRequest => request({ ...options, agent });
transport({ hostname: 'a' }).on('socket', (socket: net.Socket) => socket.setKeepAlive(true));
// @ts-expect-error: no such option
createServer({ noSuchOption: 1 });
`;
