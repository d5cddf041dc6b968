import type { Tags } from 'yaml';
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

/** Reads the first document of a body, with the values that Kubernetes reads in it (YAML 1.1: `yes` is true, `0777` octal); resolves with why it is none. */
export async function readYaml(text: string): Promise<{ readonly value: unknown } | Refusal> {
  try {
    const yaml = await loadPackage('yaml', 'a body of YAML', () => import('yaml'));
    const [document] = [
      yaml.parseAllDocuments(text, { version: '1.1', merge: true, logLevel: 'silent', customTags }),
    ].flat();
    const [error] = document?.errors ?? [];
    if (error !== undefined) throw error;
    const value: unknown = document?.toJS({ maxAliasCount: MAX_ALIASES }) ?? null;
    // What JSON has not is none of the API.
    return { value: JSON.parse(JSON.stringify(value)) };
  } catch (exception) {
    const { message } = exception as Error;
    const [line = ''] = message.split('\n');
    if (exception instanceof MissingPackageError) return failure(415, line);
    return failure(400, `error converting YAML to JSON: ${line.replace(/:$/, '')}`);
  }
}

function customTags(tags: Tags): Tags {
  return tags.filter((tag) => {
    if (typeof tag === 'string') return !TEXTS.includes(tag);
    return !(tag.format === 'TIME' || TEXTS.some((name) => tag.tag.endsWith(`:${name}`)));
  });
}
