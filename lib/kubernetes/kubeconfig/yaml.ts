import { loadPackage } from '../../common/packages.ts';
import { KubeConfigError } from '../errors.ts';

/** Most aliases that a kubeconfig may resolve to (a "billion laughs" document has few bytes). */
const MAX_ALIASES = 100;

/** The value of the first document. Rejects with KubeConfigError, which has `name` and the line, but nothing of the text. */
export async function parseYaml(text: string, name: string): Promise<unknown> {
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
    const [document] = [documents].flat();
    const [error] = document?.errors ?? [];
    if (error !== undefined) throw error;
    return document?.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    // Without the lines of the document, which may hold secrets.
    const { message, pos } = cause as Error & { readonly pos?: readonly [number, number] };
    const place = pos === undefined ? '' : `, line ${lineCounter.linePos(pos[0]).line},`;
    throw new KubeConfigError(`${name}${place} is no YAML: ${message}`, { cause });
  }
}
