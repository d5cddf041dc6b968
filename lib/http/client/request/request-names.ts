import { nearestName, unknownOption } from '../../../common/option-names.ts';
import { isTlsOption } from '../../../session/public.ts';
import { isOfConnections } from '../connection/request-connection.ts';

/** Options about connections that stand beside the others. */
interface ConnectionNames {
  tls: Record<string, unknown> | null;
  connection: Record<string, unknown> | null;
}

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

/** Names of libraries' own that were found to be like none of ours. */
const HARMLESS = new Set<string>();
const MAX_HARMLESS = 1000;

/**
 * Checks the names of a request's options against the known ones. Libraries hand down options of their own, so only a name that is like one of ours is refused.
 * Returns those about connections, null if there are none.
 *
 * @throws InvalidArgumentError for a name that is most likely mistaken
 */
export function checkRequestNames(
  options: object,
  known: ReadonlySet<string>,
): ConnectionNames | null {
  const given = options as Readonly<Record<string, unknown>>;
  let found: ConnectionNames | null = null;
  for (const name in given) {
    if (known.has(name) || HANDED_DOWN.has(name) || HARMLESS.has(name)) continue;
    const value = given[name];
    if (value === undefined) continue;
    if (isTlsOption(name)) {
      found ??= { tls: null, connection: null };
      found.tls ??= {};
      found.tls[name] = value;
    } else if (isOfConnections(name)) {
      // As libraries hand down what their users have not set.
      if (value === null || value === 0) continue;
      found ??= { tls: null, connection: null };
      found.connection ??= {};
      found.connection[name] = value;
    } else {
      refuseMistake(name, known);
    }
  }
  return found;
}

function refuseMistake(name: string, known: ReadonlySet<string>): void {
  if (nearestName(name, known) !== null) throw unknownOption('request()', name, known);
  if (HARMLESS.size < MAX_HARMLESS) HARMLESS.add(name);
}
