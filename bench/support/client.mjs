// The client of a pair, in a host process: connections of one kind, and the work to do on them.
import { loadKind } from './kinds.mjs';

let open;
let connections = [];
let held = [];
let index = 0;

/** Says what to connect to. */
export async function setUp(kind, port, options) {
  const module = await loadKind(kind);
  open = () => module.connect(port, { ...options, kind });
}

/** Opens connections until there are `count`. */
export async function connect(count) {
  while (connections.length < count) connections.push(await open());
}

/** Closes all connections. */
export function disconnect() {
  for (const connection of connections) connection.close();
  connections = [];
}

/**
 * Small requests for `ms` milliseconds, always `atOnce` under way, spread over `over` connections.
 *
 * @returns {Promise<{ count: number, seconds: number }>}
 */
export async function requests(work) {
  const { method = 'GET', path = '/empty', expect = 0, atOnce, over = 1, ms } = work;
  await connect(over);
  const length = method === 'POST' ? 1024 : 0;
  const started = performance.now();
  const until = started + ms;
  let count = 0;
  const one = async (connection) => {
    do {
      await exchange(connection, { method, path, expect, upload: length });
      count++;
    } while (performance.now() < until);
  };
  await Promise.all(Array.from({ length: atOnce }, (_, at) => one(connections[at % over])));
  return { count, seconds: (performance.now() - started) / 1000 };
}

/** `count` empty requests on one connection, the opening of which is part of it. */
export async function first({ count, atOnce }) {
  const started = performance.now();
  await connect(1);
  let left = count;
  const one = async () => {
    while (left-- > 0) await exchange(connections[0], {});
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return { count, seconds: (performance.now() - started) / 1000 };
}

/** Each of `count` files once, 100 at once: `/0/0.txt` to `/0/999.txt` with 1000 per folder, and so on. */
export async function each({ count, perFolder, expect }) {
  await connect(1);
  let next = 0;
  const one = async () => {
    while (next < count) {
      const at = next++;
      const path = `/${Math.floor(at / perFolder)}/${at % perFolder}.txt`;
      await exchange(connections[0], { path, expect });
    }
  };
  await Promise.all(Array.from({ length: 100 }, one));
}

/** Bodies of `down` and `up` bytes, at the same time if both are given. */
export function transfer({ down = 0, up = 0, tiny = false }) {
  return timed(async ([connection]) => {
    if (connection.duplex) return connection.duplex({ down, up, tiny });
    const path = `/${tiny ? 'tiny' : 'bytes'}/${down}`;
    await Promise.all([
      down > 0 && exchange(connection, { path, expect: down }),
      up > 0 && exchange(connection, { method: 'POST', path: '/empty', upload: up }),
    ]);
  });
}

/** `streams` bodies of `length` bytes at once, in all priorities. */
export function many({ streams, length }) {
  return timed(([connection]) =>
    Promise.all(
      Array.from({ length: streams }, (_, at) =>
        exchange(connection, { path: `/bytes/${length}`, priority: at % 8, expect: length }),
      ),
    ),
  );
}

/** Opens streams that stay open, up to `count`: POST requests whose bodies do not come. */
export async function hold(count) {
  await connect(1);
  while (held.length < count) {
    held.push(connections[0].hold(index++));
    if (held.length % 100 === 0) await exchange(connections[0], {});
  }
  await exchange(connections[0], {});
}

/** Ends those bodies and waits for the answers. */
export async function release() {
  await Promise.all(held.map((end) => end()));
  held = [];
  await exchange(connections[0], {});
}

/** Opens `count` connections with one exchange on each. */
export async function fill(count) {
  await connect(count);
  for (const connection of connections) await exchange(connection, {});
}

async function timed(work) {
  await connect(1);
  const started = performance.now();
  await work(connections);
  return { seconds: (performance.now() - started) / 1000 };
}

function request({ method = 'GET', path = '/empty', upload = 0, priority = 0 }) {
  return { index: index++, method, path, upload, priority };
}

async function exchange(connection, { expect = 0, ...wanted }) {
  const length = await connection.exchange(request(wanted));
  if (length !== expect) throw new Error(`${length} bytes instead of ${expect}`);
}
