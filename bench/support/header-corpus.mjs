/*
 * Header blocks as they follow each other on one connection, in both directions: what stays and what changes (path,
 * date, etag, length, cookie, id) does so as in life. The same at each call.
 */

const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = [
  ['Jan', 31],
  ['Feb', 28],
  ['Mar', 31],
  ['Apr', 30],
];

/** Each kind of connection with its blocks: lists of [name, value], in the names of SPDY/3. */
export function headerCorpus() {
  return {
    'page requests': pages().map(({ request }) => request),
    'page replies': pages().map(({ response }) => response),
    'API requests': calls().map(({ request }) => request),
    'API replies': calls().map(({ response }) => response),
    'proxy requests': proxied(),
    'pod streams': podStreams(),
  };
}

/** The name/value block of a list in the layout of SPDY/3. */
export function plainBlock(headers) {
  const parts = [uint32(headers.length)];
  for (const [name, value] of headers) {
    parts.push(uint32(name.length), Buffer.from(name, 'latin1'));
    parts.push(uint32(value.length), Buffer.from(value, 'latin1'));
  }
  return Buffer.concat(parts);
}

/** A browser that reads 20 pages of a shop: a document, styles, scripts and images each, and later visits from its cache. */
function pages() {
  const random = createRandom(1);
  const exchanges = [];
  let session = '';
  let second = 40_000;
  for (let page = 0; page < 20; page++) {
    const category = pick(random, ['garden', 'kitchen', 'books', 'outdoor/tents', 'lighting']);
    const document = `/${category}/item-${1000 + random(9000)}`;
    const referer = `https://shop.example.com${page === 0 ? '/' : document}`;
    const paths = [document, '/static/app.5f3a91.css', '/static/app.90b1ce.js'];
    if (page % 3 === 0) paths.push('/static/vendor.0c77d2.js', '/static/fonts/inter-latin.woff2');
    for (let i = 3 + random(9); i > 0; i--) {
      paths.push(`/images/products/${1000 + random(9000)}/${pick(random, ['small', 'large'])}.jpg`);
    }
    paths.push(`/api/basket?page=${page}&t=${1_764_000_000 + second}`);
    if (page === 1) session = `sid=${hex(random, 32)}; `;
    for (const path of paths) {
      second += random(3);
      const kind = kindOf(path);
      const cached = page > 2 && path.startsWith('/static/');
      const etag = `"${path.startsWith('/static/') ? path.replace(/\W/g, '').slice(-12) : hex(random, 16)}"`;
      const cookie = `${session}consent=analytics%3D0%26ads%3D0; currency=EUR; visit=${1 + (page >> 3)}`;
      exchanges.push({
        request: pageRequest(path, kind, referer, cookie, cached ? etag : null),
        response: pageResponse(random, kind, second, etag, cached, page === 1 ? session : ''),
      });
    }
  }
  return exchanges;
}

const ACCEPTS = {
  document: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  style: 'text/css,*/*;q=0.1',
  script: '*/*',
  font: 'application/font-woff2;q=1.0,*/*;q=0.8',
  image: 'image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5',
  data: 'application/json',
};
const TYPES = {
  document: 'text/html; charset=utf-8',
  style: 'text/css',
  script: 'application/javascript',
  font: 'font/woff2',
  image: 'image/jpeg',
  data: 'application/json; charset=utf-8',
};

function kindOf(path) {
  if (path.endsWith('.css')) return 'style';
  if (path.endsWith('.js')) return 'script';
  if (path.endsWith('.woff2')) return 'font';
  if (path.endsWith('.jpg')) return 'image';
  return path.startsWith('/api/') ? 'data' : 'document';
}

function pageRequest(path, kind, referer, cookie, etag) {
  const headers = [
    [':method', 'GET'],
    [':path', path],
    [':version', 'HTTP/1.1'],
    [':host', 'shop.example.com'],
    [':scheme', 'https'],
    ['user-agent', AGENT],
    ['accept', ACCEPTS[kind]],
    ['accept-language', 'en-GB,en;q=0.7,de;q=0.3'],
    ['accept-encoding', 'gzip, deflate, br'],
    ['referer', referer],
    ['cookie', cookie],
  ];
  if (kind === 'document') headers.push(['upgrade-insecure-requests', '1']);
  if (etag !== null) headers.push(['if-none-match', etag], ['cache-control', 'max-age=0']);
  return headers;
}

function pageResponse(random, kind, second, etag, cached, session) {
  const headers = [
    [':status', cached ? '304 Not Modified' : '200 OK'],
    [':version', 'HTTP/1.1'],
    ['server', 'nginx/1.28.0'],
    ['date', date(90, second)],
  ];
  if (!cached)
    headers.push(['content-type', TYPES[kind]], ['content-length', String(200 + random(90_000))]);
  if (kind !== 'document' && kind !== 'data') {
    headers.push(['last-modified', date(random(90), random(86_400))], ['etag', etag]);
    headers.push(['cache-control', 'public, max-age=31536000, immutable']);
  } else {
    headers.push(['cache-control', 'private, no-cache'], ['vary', 'Accept-Encoding, Cookie']);
    if (session) headers.push(['set-cookie', `${session}Path=/; Secure; HttpOnly; SameSite=Lax`]);
  }
  headers.push(['strict-transport-security', 'max-age=63072000; includeSubDomains']);
  headers.push(['x-content-type-options', 'nosniff']);
  return headers;
}

/** A program that talks to a JSON interface: 200 calls, one bearer token that is renewed once. */
function calls() {
  const random = createRandom(2);
  const exchanges = [];
  let token = hex(random, 180);
  let second = 30_000;
  for (let call = 0; call < 200; call++) {
    second += random(5);
    if (call === 120) token = hex(random, 180);
    const id = `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}`;
    const item = 10_000 + random(90_000);
    const post = call % 4 === 3;
    const path = pick(random, [
      `/v2/customers/${item}/orders?limit=50&offset=${50 * random(9)}`,
      `/v2/orders/${item}`,
      `/v2/orders/${item}/lines`,
      '/v2/stock?warehouse=north',
    ]);
    const request = [
      [':method', post ? 'POST' : 'GET'],
      [':path', path],
      [':version', 'HTTP/1.1'],
      [':host', 'api.example.net:8443'],
      [':scheme', 'https'],
      ['accept', 'application/json'],
      ['authorization', `Bearer ${token}`],
      ['user-agent', 'orders-sync/4.2.1 node/24'],
      ['x-request-id', id],
    ];
    if (post)
      request.push(
        ['content-type', 'application/json'],
        ['content-length', String(80 + random(900))],
      );
    const response = [
      [':status', post ? '201 Created' : '200 OK'],
      [':version', 'HTTP/1.1'],
      ['content-type', 'application/json; charset=utf-8'],
      ['date', date(91, second)],
      ['etag', `W/"${hex(random, 27)}"`],
      ['x-request-id', id],
      ['x-ratelimit-limit', '5000'],
      ['x-ratelimit-remaining', String(4999 - call)],
      ['x-response-time', `${3 + random(40)}ms`],
      ['content-length', String(120 + random(20_000))],
    ];
    exchanges.push({ request, response });
  }
  return exchanges;
}

/** A proxy in front of many users: their cookies and addresses change with every request. */
function proxied() {
  const random = createRandom(3);
  const agents = [
    AGENT,
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36',
  ];
  const users = Array.from({ length: 12 }, () => ({
    agent: pick(random, agents),
    cookie: `sid=${hex(random, 32)}; lang=${pick(random, ['en', 'de', 'fr'])}`,
    address: `203.0.113.${random(256)}`,
  }));
  return Array.from({ length: 150 }, () => {
    const user = pick(random, users);
    return [
      [':method', 'GET'],
      [':path', `/news/${pick(random, ['world', 'sport', 'local'])}/${20_000 + random(300)}`],
      [':version', 'HTTP/1.1'],
      [':host', 'news.example.org'],
      [':scheme', 'https'],
      ['user-agent', user.agent],
      ['accept', ACCEPTS.document],
      ['accept-encoding', 'gzip, deflate, br'],
      ['cookie', user.cookie],
      ['x-forwarded-for', user.address],
      ['x-forwarded-proto', 'https'],
      ['via', '2.0 edge-7.example.org'],
    ];
  });
}

/** The streams of port forwarding into a Kubernetes pod: two for each connection. */
function podStreams() {
  const lists = [];
  for (let request = 0; request < 100; request++) {
    for (const type of ['error', 'data']) {
      lists.push([
        ['streamtype', type],
        ['port', '8080'],
        ['requestid', String(request)],
      ]);
    }
  }
  return lists;
}

/** A date as HTTP writes it: days and seconds since the start of 2026 (a Thursday). */
function date(day, second) {
  let rest = day;
  let month = 0;
  while (rest >= MONTHS[month][1]) rest -= MONTHS[month++][1];
  const time = [second / 3600, (second / 60) % 60, second % 60].map(two).join(':');
  return `${DAYS[(day + 4) % 7]}, ${two(rest + 1)} ${MONTHS[month][0]} 2026 ${time} GMT`;
}

function two(value) {
  return String(Math.floor(value)).padStart(2, '0');
}

function hex(random, digits) {
  let text = '';
  while (text.length < digits) text += random(16).toString(16);
  return text;
}

function pick(random, items) {
  return items[random(items.length)];
}

/** Numbers from 0 to below a bound, always the same for a seed (xorshift). */
function createRandom(seed) {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
