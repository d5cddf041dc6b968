/** Specs of the HTTP suite that cannot hold where a proxy stands between client and server. */
export interface ProxyLimit {
  /** Where they are, below spec/http. */
  readonly file: string;
  /** What their titles have, those of their groups before their own; all of the file without it. */
  readonly title: string;
  readonly why: string;
  /** What the proxy speaks behind itself, if the specs hold with the other; see `THROUGH_PROXY`. */
  readonly way?: 'spdy' | 'http/1.1';
  /** True where time decides whether they hold. All others are proved not to. */
  readonly varies?: true;
}

const CONNECTION =
  'connections are those of each hop: what is seen of one end is not that of the other';
const END = 'connections of clients end when the proxy ends them, not when the server does';
const ANSWERED = 'what the server does not answer is answered by the proxy, 502 or 503';
const STATUS = 'resets are those of the proxy: CANCEL to servers, INTERNAL_ERROR to clients';
const RESET = 'a connection that the client resets is a stream that the proxy resets';
const STRICT = 'a message of which two readers could make two things is not passed on';
const FRONT = 'that is settled before the request is passed on';
const NO_PROXY = 'a server is taken for a proxy or not: none takes CONNECT beside other requests';
const NO_HTTP = 'what is no HTTP is not passed on';
const NO_UPGRADE = 'the protocol can be changed only between HTTP/1.1 and HTTP/1.1';
const NO_BODY = 'an expectation without a body is none by SPDY';
const PUSH_FORM =
  'pushes are told by the proxy: joined with their reply, and of the origin of the request';

/** All of them, by file. */
export const LIMITS: readonly ProxyLimit[] = [
  { file: 'client/agent', title: 'closes at the end of its scope', why: END },
  { file: 'client/agent', title: 'that have no connection yet, spdy/3.1', why: END },
  { file: 'client/agent', title: 'closes what was not used for a while', why: END },
  { file: 'client/agent', title: 'closes at once without keepAlive', why: END },
  { file: 'client/agent', title: 'closes its connections when they are not used', why: END },
  { file: 'client/agent', title: 'sessions of their own for other TLS options', why: CONNECTION },
  { file: 'client/agent', title: 'makes a new session after GOAWAY', why: CONNECTION },
  { file: 'client/agent', title: 'the connection that ALPN gave to it', why: CONNECTION },
  { file: 'client/agent', title: 'again that GOAWAY leaves unprocessed', why: CONNECTION },
  { file: 'client/agent', title: 'tells errors as http does', why: ANSWERED },
  { file: 'client/connection/connect-channels', title: 'in the words of undici', why: CONNECTION },
  { file: 'client/connection/connect-channels', title: 'are told of HTTP/1.1', why: CONNECTION },
  {
    file: 'client/exchange/delivery',
    title: 'repeats what was refused, but not once',
    why: ANSWERED,
  },
  {
    file: 'client/exchange/delivery',
    title: 'that FIN of the connection has cut off',
    why: CONNECTION,
  },
  {
    file: 'client/exchange/delivery',
    title: 'that a reset of the connection has cut off',
    why: CONNECTION,
  },
  {
    file: 'client/exchange/delivery',
    title: 'when the stream ids of one are used up',
    why: CONNECTION,
  },
  { file: 'client/dispatch/calls', title: 'connect() yields a tunnel', why: NO_PROXY },
  { file: 'client/dispatch/compose', title: 'passes everything on through', why: NO_PROXY },
  {
    file: 'client/dispatcher',
    title: 'redirects of fetch() and tells its failures',
    why: ANSWERED,
  },
  { file: 'client/dispatcher', title: 'goes over to another protocol', why: NO_UPGRADE },
  {
    file: 'client/fetch/fetch',
    title: 'rejects with a TypeError that has the cause',
    why: ANSWERED,
  },
  { file: 'client/request/push', title: 'refuses pushes that nobody listens for', why: STATUS },
  { file: 'client/request/push', title: 'resets a push whose HEADERS repeat a name', why: STATUS },
  {
    file: 'client/request/request',
    title: 'behind the reply and before the body',
    why: 'they go behind the body',
  },
  {
    file: 'client/request/request',
    title: 'gives out nothing of the body once it was destroyed',
    why: 'pieces may come joined',
    varies: true,
  },
  {
    file: 'client/request/request',
    title: 'limits the headers that come behind the reply',
    why: STATUS,
  },
  {
    file: 'client/request/request',
    title: 'resets a reply without status or version',
    why: ANSWERED,
  },
  { file: 'client/request/request', title: 'overlooks a wrong content-length', why: STRICT },
  {
    file: 'client/request/request',
    title: 'when the peer resets before the response',
    why: ANSWERED,
  },
  { file: 'client/request/request', title: 'tries again what the server refused', why: ANSWERED },
  { file: 'client/request/request', title: 'does not try again for ever', why: ANSWERED },
  {
    file: 'client/connection/request-connection',
    title: 'another family or local address',
    why: CONNECTION,
  },
  {
    file: 'client/connection/request-connection',
    title: 'TLS socket of createConnection as it is',
    why: CONNECTION,
  },
  {
    file: 'client/connection/tunnel',
    title: 'through a stream of a proxy that speaks SPDY',
    why: END,
  },
  {
    file: 'client/connection/tunnel',
    title: 'tells why the proxy does not connect',
    why: ANSWERED,
  },
  { file: 'client/fetch/urlfetch', title: 'when the session fails', why: ANSWERED },
  {
    file: 'client/fetch/urlfetch',
    title: 'consecutive URLs of an origin in one session',
    why: CONNECTION,
  },
  { file: 'client/fetch/urlfetch', title: 'tells how each stream ended', why: ANSWERED },
  {
    file: 'server/exchange/body',
    title: 'end for the handler when the client resets',
    why: 'the client has gone before the request is passed on',
    varies: true,
  },
  {
    file: 'server/exchange/body',
    title: 'resets the stream alone when the request',
    why: ANSWERED,
  },
  { file: 'server/exchange/body', title: '408, or a reset behind a reply', why: STATUS },
  { file: 'server/exchange/body', title: 'tells of idle streams, and resets them', why: ANSWERED },
  { file: 'server/connection/connections', title: 'speak spdy/3 when', why: CONNECTION },
  { file: 'server/connection/connections', title: 'speak spdy/2 when', why: CONNECTION },
  {
    file: 'server/connection/connections',
    title: 'speak spdy/3.1 when',
    why: CONNECTION,
    way: 'http/1.1',
  },
  {
    file: 'server/connection/connections',
    title: 'speak HTTP/1.1 with',
    why: CONNECTION,
    way: 'spdy',
  },
  { file: 'server/connection/connections', title: 'when nothing is negotiated', why: FRONT },
  { file: 'server/connection/connections', title: 'hand h2 to a server of the user', why: FRONT },
  { file: 'server/connection/connections', title: 'explain themselves to clients', why: FRONT },
  {
    file: 'server/connection/connections',
    title: 'show the certificate of the client',
    why: CONNECTION,
  },
  { file: 'server/connection/connections', title: 'report failed handshakes', why: CONNECTION },
  { file: 'server/connection/connections', title: 'count like those of net', why: CONNECTION },
  {
    file: 'server/connection/connections',
    title: 'waits for open requests, and refuses',
    why: END,
  },
  { file: 'server/connection/connections', title: 'end() on its socket waits', why: END },
  { file: 'server/connection/connections', title: 'is no word of the session', why: END },
  {
    file: 'server/connection/connections',
    title: 'checkContinue finish over HTTP/1.1',
    why: NO_BODY,
    way: 'spdy',
  },
  {
    file: 'server/connection/connections',
    title: 'connection that was upgraded',
    why: NO_UPGRADE,
    way: 'spdy',
  },
  {
    file: 'server/connection/connections',
    title: 'sessions that work alone when idle ones',
    why: END,
  },
  { file: 'server/faults', title: 'closes a session that', why: END },
  { file: 'server/faults', title: 'when its handler throws, /at-once', why: ANSWERED },
  { file: 'server/faults', title: "when a listener for 'stream' throws", why: ANSWERED },
  { file: 'server/faults', title: 'reports sessions that fail', why: CONNECTION },
  {
    file: 'server/framework-endings',
    title: 'Koa: reset before the head',
    why: RESET,
  },
  { file: 'server/framework-endings', title: 'Koa: reset in a stream', why: RESET },
  { file: 'server/framework-endings', title: 'Koa: reset in a file', why: RESET },
  { file: 'server/connection/http1', title: 'WebSocket and SPDY', why: NO_UPGRADE, way: 'spdy' },
  { file: 'server/connection/http1', title: 'upgrade only while', why: NO_UPGRADE },
  { file: 'server/connection/http1', title: 'connect with the connection', why: NO_PROXY },
  {
    file: 'server/connection/http1',
    title: 'checkContinue and checkExpectation',
    why: NO_BODY,
    way: 'spdy',
  },
  { file: 'server/connection/http1', title: 'clientError, and answers 400', why: FRONT },
  { file: 'server/connection/http1', title: 'dropRequest', why: CONNECTION },
  { file: 'server/exchange/push', title: 'leaves before the reply that could', why: PUSH_FORM },
  { file: 'server/exchange/push', title: 'sends the reply apart', why: PUSH_FORM },
  { file: 'server/exchange/push', title: 'that the client refuses', why: STATUS },
  { file: 'server/exchange/push', title: 'can never leave ends with its request', why: CONNECTION },
  { file: 'server/exchange/push', title: 'is limited while it waits', why: CONNECTION },
  {
    file: 'server/exchange/response',
    title: 'a method of http that was replaced',
    why: 'the proxy of these specs is in the same process: its responses are told twice',
  },
  { file: 'server/exchange/response', title: 'has a status text that http has', why: STRICT },
  { file: 'server/exchange/response', title: 'as the reply, without a body', why: STRICT },
  {
    file: 'server/exchange/response',
    title: 'keeps the error that it is destroyed with',
    why: ANSWERED,
  },
  {
    file: 'server/server',
    title: 'ends a reply without body with its SYN_REPLY',
    why: 'the end may come in a frame of its own',
    varies: true,
  },
  {
    file: 'server/server',
    title: 'TCP gives handlers an http.IncomingMessage',
    why: 'the scheme is that of the connection to the server',
  },
  {
    file: 'server/server',
    title: 'TLS gives handlers an http.IncomingMessage',
    why: 'priority and connection are fields by HTTP/1.1',
    way: 'http/1.1',
  },
  {
    file: 'server/server',
    title: 'sends no body for 204',
    why: '204 tells no length (RFC 9110 8.6)',
  },
  {
    file: 'server/server',
    title: 'takes limits while it runs',
    why: 'node:http looks at its times every 30 seconds only',
    way: 'http/1.1',
    varies: true,
  },
  {
    file: 'server/server',
    title: 'spdy/3 over TLS says the size of the certificate vector',
    why: CONNECTION,
  },
  {
    file: 'server/server',
    title: 'spdy/3 over TCP says the size of the certificate vector',
    why: CONNECTION,
  },
  { file: 'server/server', title: 'takes CONNECT as a tunnel', why: NO_PROXY },
  { file: 'server/server', title: 'expectations that it does not know', why: NO_BODY },
  { file: 'server/server', title: 'hands streams over as they are', why: NO_HTTP },
  {
    file: 'server/exchange/socket',
    title: 'lets a complete reply leave',
    why: 'the reply ends first',
    varies: true,
  },
  {
    file: 'server/exchange/socket',
    title: 'emits the error that it is destroyed with',
    why: ANSWERED,
  },
  { file: 'server/exchange/socket', title: 'hurts nobody who does not listen', why: ANSWERED },
  { file: 'server/exchange/socket', title: 'tells what TLS knows', why: CONNECTION },
];

/** The entry of the table that a spec has, null if it has none. */
export function limitOf(file: string, fullTitle: string, way: string): ProxyLimit | null {
  for (const limit of LIMITS) {
    if (!file.endsWith(`/spec/http/${limit.file}.spec.js`)) continue;
    if (limit.way !== undefined && limit.way !== way) continue;
    if (fullTitle.includes(limit.title)) return limit;
  }
  return null;
}
