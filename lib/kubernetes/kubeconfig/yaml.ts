import type { Document, LineCounter, Node } from 'yaml';
import { loadPackage } from '../../common/packages.ts';
import { KubeConfigError } from '../errors.ts';

/** A document, and where its parts stand. */
export interface YamlText {
  readonly value: unknown;
  /** The line, from 1 on, of what these keys and indexes lead to, or of as much of the way as there is; null in an empty document. */
  lineOf(path: readonly (string | number)[]): number | null;
}

type Yaml = typeof import('yaml');

/** Most aliases that a kubeconfig may resolve to (a "billion laughs" document has few bytes). */
const MAX_ALIASES = 100;

/** The first document. Rejects with KubeConfigError, which has `name` and the line, but nothing of the text. */
export async function parseYaml(text: string, name: string): Promise<YamlText> {
  const yaml = await loadPackage('yaml', 'a kubeconfig', () => import('yaml'));
  const lineCounter = new yaml.LineCounter();
  try {
    // Everything but null, true and false stays text: a token or name of digits is no number.
    const documents = yaml.parseAllDocuments(text, {
      schema: 'failsafe',
      customTags: ['null', 'bool'],
      merge: true,
      logLevel: 'error',
      prettyErrors: false,
      lineCounter,
    });
    // As kubectl does, which does not look at further documents.
    const [document = null] = [documents].flat() as Document[];
    const [error] = document?.errors ?? [];
    if (error !== undefined) throw error;
    const value: unknown = document?.toJS({ maxAliasCount: MAX_ALIASES });
    return { value, lineOf: (path) => lineOf(yaml, document, lineCounter, path) };
  } catch (cause) {
    // Without the lines of the document, which may hold secrets.
    const { message, pos } = cause as Error & { readonly pos?: readonly [number, number] };
    const place = pos === undefined ? '' : `, line ${lineCounter.linePos(pos[0]).line},`;
    throw new KubeConfigError(`${name}${place} is no YAML: ${message}`, { cause });
  }
}

function lineOf(
  yaml: Yaml,
  document: Document | null,
  lines: LineCounter,
  path: readonly (string | number)[],
): number | null {
  let node: unknown = document?.contents ?? null;
  let at = (node as Node | null)?.range?.[0] ?? null;
  for (const step of path) {
    if (yaml.isAlias(node) && document !== null) node = node.resolve(document);
    const pairs = yaml.isMap(node) ? node.items : [];
    const pair = pairs.find(({ key }) => yaml.isScalar(key) && key.value === step);
    const item = yaml.isSeq(node) ? node.items[Number(step)] : undefined;
    // Of a field its name, which stands before a value of many lines.
    const place = (pair?.key ?? item) as Node | undefined;
    if (place === undefined) break;
    at = place.range?.[0] ?? at;
    node = pair === undefined ? item : pair.value;
  }
  return at === null ? null : lines.linePos(at).line;
}
