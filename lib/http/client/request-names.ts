import { nearestName, unknownOption } from '../../common/option-names.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { isTlsOption } from '../../session/public.ts';

/** What libraries hand down to `http.request()`, parts of a URL and options of an agent, and what has no meaning here. */
const HANDED_DOWN: ReadonlySet<string> = new Set([
  'agent',
  'agents',
  'defaultPort',
  'hash',
  'href',
  'insecureHTTPParser',
  'joinDuplicateHeaders',
  'keepAlive',
  'maxHeaderSize',
  'pathname',
  'query',
  'search',
  'setHost',
  'slashes',
  'uniqueHeaders',
]);

/** What says how to connect, which is a matter of the agent: who asks for it must not believe that it counts. */
const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  'createConnection',
  'family',
  'hints',
  'localAddress',
  'localPort',
  'lookup',
  'socketPath',
]);

/** Names of libraries' own that were found to be like none of ours. */
const HARMLESS = new Set<string>();
const MAX_HARMLESS = 1000;

/**
 * Checks the names of a request's options against the known ones. Libraries hand down options of their own, so only a name that is like one of ours is refused.
 * Returns those of TLS that stand beside the others, null if there are none.
 *
 * @throws InvalidArgumentError for a name that is most likely mistaken, and for one that says how to connect (`lookup`, `socketPath`...)
 */
export function checkRequestNames(
  options: object,
  known: ReadonlySet<string>,
): Record<string, unknown> | null {
  const given = options as Readonly<Record<string, unknown>>;
  let tls: Record<string, unknown> | null = null;
  for (const name in given) {
    if (known.has(name) || HANDED_DOWN.has(name) || HARMLESS.has(name)) continue;
    const value = given[name];
    if (value === undefined) continue;
    if (isTlsOption(name)) {
      tls ??= {};
      tls[name] = value;
    } else {
      refuseMistake(name, value, known);
    }
  }
  return tls;
}

function refuseMistake(name: string, value: unknown, known: ReadonlySet<string>): void {
  if (OF_CONNECTIONS.has(name)) {
    if (value === null || value === 0) return;
    throw new InvalidArgumentError(
      `request(): ${name} leads nowhere here, use createConnection of the SpdyAgent`,
    );
  }
  if (nearestName(name, known) !== null) throw unknownOption('request()', name, known);
  if (HARMLESS.size < MAX_HARMLESS) HARMLESS.add(name);
}
