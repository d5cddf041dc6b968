import type { ResolvedPod } from './pods.ts';

/** Fields of pods that can be selected by. */
const FIELDS: Readonly<Record<string, (pod: ResolvedPod) => string>> = {
  'metadata.name': ({ name }) => name,
  'metadata.namespace': ({ namespace }) => namespace,
  'status.phase': ({ phase }) => phase,
};

/** Which pods a list is asked for, or why that is not to be had. */
export type PodSelection = (pod: ResolvedPod) => boolean;

/** Reads `fieldSelector` and `labelSelector` of a query; a text is why it cannot be served. */
export function readSelectors(query: URLSearchParams): PodSelection | string {
  if (/^(?:1|true)$/i.test(query.get('watch') ?? '')) return 'watch is not served here';
  const fields = split(query.get('fieldSelector'));
  const tests: PodSelection[] = [];
  for (const field of fields) {
    const [, name = '', operator = '', value = ''] =
      /^([\w.]+)\s*(!=|==?)\s*(\S*)$/.exec(field) ?? [];
    const read = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (read === undefined) return `fieldSelector is not served here: ${field}`;
    tests.push((pod) => (read(pod) === value) === (operator !== '!='));
  }
  // No pod has a label: what asks for one has no answer, what excludes one has all.
  const labelled = split(query.get('labelSelector')).some(
    (label) => !/^!|!=|\snotin\s/.test(label),
  );
  return (pod) => !labelled && tests.every((test) => test(pod));
}

/** The parts between commas, but for those in parentheses. */
function split(selector: string | null): string[] {
  const parts = selector?.split(/,(?![^(]*\))/) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
