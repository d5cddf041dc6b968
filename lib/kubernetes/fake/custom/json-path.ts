import { isFields } from '../objects/object.ts';

/** One step of a path: a field, an index, all items (`null`), or those of which a field has a value. */
type Step = string | number | null | { readonly field: readonly string[]; readonly is: string };

const STEP =
  /\.((?:\\.|[^\s.,[\]$@{}*\\])+)|\[(\d{1,6})\]|\[\*\]|\['([^']+)'\]|\[\?\(@((?:\.[\w-]+)+)\s*==\s*(?:"([^"]*)"|'([^']*)')\)\]/gy;

/** Reads a JSON path as columns of definitions have them: `.spec.replicas`, `.a['b']`, `.a[0]`, `.a[?(@.type=="Ready")].status`; null for any other. */
export function readJsonPath(path: string): readonly Step[] | null {
  const steps: Step[] = [];
  let end = 0;
  for (const match of path.matchAll(STEP)) {
    const [whole, name, index, quoted, field, double, single] = match;
    end = match.index + whole.length;
    if (name !== undefined) steps.push(name.replaceAll(/\\(.)/g, '$1'));
    else if (index !== undefined) steps.push(Number(index));
    else if (field !== undefined)
      steps.push({ field: field.slice(1).split('.'), is: double ?? single ?? '' });
    else steps.push(quoted ?? null);
  }
  return end === path.length && steps.length > 0 ? steps : null;
}

/** What is found there: nothing where there is none. */
export function valuesAt(value: unknown, [step, ...rest]: readonly Step[]): readonly unknown[] {
  if (step === undefined) return [value];
  const below = (next: unknown): readonly unknown[] =>
    next === undefined ? [] : valuesAt(next, rest);
  if (typeof step === 'string')
    return isFields(value) && Object.hasOwn(value, step) ? below(value[step]) : [];
  if (!Array.isArray(value)) return [];
  if (typeof step === 'number') return below(value[step]);
  const items = step === null ? value : value.filter((item) => isMet(item, step));
  return items.flatMap(below);
}

/** The names of a path that is nothing but names, as `.spec.replicas`; null for any other. */
export function namesOf(path: string): readonly string[] | null {
  const steps = readJsonPath(path);
  return steps?.every((step) => typeof step === 'string') ? (steps as string[]) : null;
}

function isMet(
  item: unknown,
  { field, is }: { readonly field: readonly string[]; readonly is: string },
): boolean {
  const [value] = valuesAt(item, field);
  return value === is;
}
