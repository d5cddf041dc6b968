import type { Document, Tags } from 'yaml';
import { loadPackage, MissingPackageError } from '../../../common/packages.ts';
import { failure, type Refusal } from '../requests/refusals.ts';

/** A body of YAML. */
export const YAML_TYPE = 'application/yaml';

/** What somebody applies (server-side apply), which may be JSON too. */
export const APPLY_TYPE = 'application/apply-patch+yaml';

/** Most aliases that one may resolve to. */
const MAX_ALIASES = 100;

/** Values that only YAML 1.1 has, and Kubernetes reads as texts: times, and numbers as `22:22`. */
const TEXTS = ['binary', 'omap', 'pairs', 'set', 'timestamp'];

/** Options of the reader. It would compare each key of an object with all others; `doubleKey()` does not. */
const READING = { version: '1.1', merge: true, uniqueKeys: false, logLevel: 'silent' } as const;

/**
 * Reads the first document of a body, with the values that Kubernetes reads in it (YAML 1.1: `yes` is true, `0777` octal); resolves with why it is none, or
 * is longer than `maxLength` characters as JSON.
 */
export async function readYaml(
  text: string,
  maxLength: number,
): Promise<{ readonly value: unknown } | Refusal> {
  try {
    const yaml = await loadPackage('yaml', 'a body of YAML', () => import('yaml'));
    const [document] = [yaml.parseAllDocuments(text, { ...READING, customTags })].flat();
    const [error] = document?.errors ?? [];
    if (error !== undefined) throw error;
    const key = document === undefined ? null : doubleKey(yaml, document);
    if (key !== null) throw new Error(`key ${JSON.stringify(key)} already set in map`);
    const value: unknown = document?.toJS({ maxAliasCount: MAX_ALIASES }) ?? null;
    // What JSON has not is none of the API.
    const json = JSON.stringify(value);
    // What is told once may stand there for as much many times.
    if (json.length > maxLength) return tooLarge(maxLength);
    return { value: JSON.parse(json) };
  } catch (exception) {
    const { message } = exception as Error;
    const [line = ''] = message.split('\n');
    if (exception instanceof MissingPackageError) return failure(415, line);
    return failure(400, `error converting YAML to JSON: ${line.replace(/:$/, '')}`);
  }
}

/** Why a body is not read. */
export function tooLarge(maxLength: number): Refusal {
  return failure(413, `Request entity too large: limit is ${maxLength}`);
}

/** A key that an object has twice; null if there is none. */
function doubleKey(yaml: typeof import('yaml'), document: Document): unknown {
  let found: unknown = null;
  yaml.visit(document as Document.Parsed, {
    Map(_, { items }) {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        if (!yaml.isScalar(key) || key.value === '<<') continue;
        if (keys.has(key.value)) {
          found = key.value;
          return yaml.visit.BREAK;
        }
        keys.add(key.value);
      }
      return undefined;
    },
  });
  return found;
}

function customTags(tags: Tags): Tags {
  return tags.filter((tag) => {
    if (typeof tag === 'string') return !TEXTS.includes(tag);
    return !(tag.format === 'TIME' || TEXTS.some((name) => tag.tag.endsWith(`:${name}`)));
  });
}
