// Routing, redirects, negotiation, proxies in front.

export const routing = {
  'the root': [{ status: 200, body: 'home' }, ({ client }) => client.get('/')],
  'a parameter of the path is decoded': [
    { status: 200, body: 'user Jürgen Müller/x' },
    ({ client }) => client.get('/users/J%C3%BCrgen%20M%C3%BCller%2Fx'),
  ],
  'a parameter that is no UTF-8': [{}, ({ client }) => client.get('/users/%ff')],
  'a wildcard takes the rest of the path': [
    { status: 200, body: 'a|b|c.txt' },
    ({ client }) => client.get('/files/a/b/c.txt'),
  ],
  'a query with repeated, empty and encoded values': [
    { status: 200 },
    ({ client }) => client.get('/search?a=1&a=2&b=&c&d=%20%26&e=%E2%82%AC'),
  ],
  ...Object.fromEntries(
    ['PUT', 'PATCH', 'DELETE', 'POST'].map((method) => [
      `${method} reaches its route`,
      [{ status: 200, body: `${method} 7` }, ({ client }) => client.ask(method, '/items/7')],
    ]),
  ),
  'a method that a route does not have': [{}, ({ client }) => client.ask('DELETE', '/json')],
  'OPTIONS of a route': [{}, ({ client }) => client.ask('OPTIONS', '/items/7')],
  'a path that is not there': [{ status: 404 }, ({ client }) => client.get('/nowhere')],
  'a status without a body': [{ status: 204 }, ({ client }) => client.get('/none')],
  'fields of a request and of its response': [
    { status: 200, headers: { vary: /x-a/i } },
    ({ client }) => client.get('/echo-headers', { 'x-a': 'b, c', 'user-agent': 'judge' }),
  ],
  'text is chosen by Accept': [
    { status: 200, body: 'plain' },
    ({ client }) => client.get('/negotiate', { accept: 'text/plain' }),
  ],
  'JSON is chosen by Accept': [
    { status: 200, body: '{"json":true}' },
    ({ client }) => client.get('/negotiate', { accept: 'application/json' }),
  ],
  'what cannot be given is not acceptable': [
    { status: 406 },
    ({ client }) => client.get('/negotiate', { accept: 'image/png' }),
  ],
};

/** A request of which redirects are followed. */
const followed =
  (method, path, redirects) =>
  ({ client }) =>
    client.ask(method, path, { prepare: (test) => test.redirects(redirects) });

export const redirects = {
  'found: as it is sent': [
    { status: 302, headers: { location: '/users/new' } },
    ({ client }) => client.get('/redirect/found'),
  ],
  'found: followed': [{ status: 200, body: 'user new' }, followed('GET', '/redirect/found', 1)],
  'moved, with a query': [{ status: 200, body: /"q":"1"/ }, followed('GET', '/redirect/moved', 1)],
  'a relative target': [{ status: 200, body: 'user up' }, followed('GET', '/redirect/relative', 1)],
  'an absolute target has scheme and port of the request': [
    { status: 200, body: 'user absolute' },
    followed('GET', '/redirect/absolute', 1),
  ],
  'see other: POST becomes GET': [
    { status: 200, body: 'user seen' },
    followed('POST', '/redirect/other', 1),
  ],
  'POST with 307 is sent again as it is': [
    { status: 200, body: '{"kept":true}' },
    ({ client }) =>
      client.ask('POST', '/redirect/kept', {
        body: { kept: true },
        prepare: (test) => test.redirects(1),
      }),
  ],
  'a loop ends when the client has enough': [{ status: 302 }, followed('GET', '/redirect/loop', 5)],
};

const FORWARDED = {
  'x-forwarded-for': '203.0.113.7, 198.51.100.2',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'shop.example',
};

export const proxies = {
  'address, protocol and host of the connection': [
    { status: 200, body: /127\.0\.0\.1/ },
    ({ client }) => client.get('/client'),
  ],
  'the host that the client names': [
    { status: 200, body: /"hostname":"localhost/ },
    ({ client }) => client.get('/client', { host: 'localhost:81' }),
  ],
  'what a proxy says does not count unless it is trusted': [
    { status: 200, body: /127\.0\.0\.1/ },
    ({ client }) => client.get('/client', FORWARDED),
  ],
};

/** With an application that trusts the proxy in front of it. */
export const trusted = {
  'address, protocol and host of the client behind the proxy': [
    { status: 200, body: /203\.0\.113\.7/ },
    ({ client }) => client.get('/client', FORWARDED),
  ],
  'a redirect to the scheme that the client has used': [
    { status: 302, headers: { location: /^https:/ } },
    ({ client }) => client.get('/redirect/absolute', FORWARDED),
  ],
};
