import { failure, type Refusal } from '../requests/refusals.ts';
import type { FakeWrite } from './write.ts';
import { APPLY_TYPE } from './yaml-body.ts';

/** Longest name of one who writes, in bytes. */
export const LONGEST_MANAGER = 128;

/** What is done about fields that a kind has not. */
const VALIDATIONS = ['Ignore', 'Strict', 'Warn'];

/** Why something cannot be written as a query says; null if it can. */
export function optionsProblem({ method, query, mediaType }: FakeWrite): Refusal | null {
  const isPatch = method === 'PATCH';
  const problem =
    unsupported('dryRun', query.getAll('dryRun'), ['All']) ??
    unsupported('fieldValidation', query.getAll('fieldValidation').filter(Boolean), VALIDATIONS) ??
    managerProblem(query.get('fieldManager') ?? '') ??
    (isPatch && mediaType === APPLY_TYPE ? applyProblem(query) : forceProblem(isPatch, query));
  const kind = OPTIONS[method] ?? 'DeleteOptions';
  return problem === null ? null : failure(422, `${kind}.meta.k8s.io "" is invalid: ${problem}`);
}

const OPTIONS: Readonly<Record<string, string>> = {
  POST: 'CreateOptions',
  PUT: 'UpdateOptions',
  PATCH: 'PatchOptions',
};

function unsupported(
  name: string,
  values: readonly string[],
  known: readonly string[],
): string | null {
  const other = values.find((value) => !known.includes(value));
  if (other === undefined) return null;
  const words = known.map((one) => `"${one}"`).join(', ');
  return `${name}: Unsupported value: "${other}": supported values: ${words}`;
}

function managerProblem(manager: string): string | null {
  if (Buffer.byteLength(manager) > LONGEST_MANAGER)
    return `fieldManager: Too long: may not be more than ${LONGEST_MANAGER} bytes`;
  return /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(manager)
    ? `fieldManager: Invalid value: ${JSON.stringify(manager)}: should only contain printable characters`
    : null;
}

/** Whoever applies says who that is. */
function applyProblem(query: URLSearchParams): string | null {
  return query.get('fieldManager')
    ? null
    : 'fieldManager: Required value: is required for apply patch';
}

function forceProblem(isPatch: boolean, query: URLSearchParams): string | null {
  return isPatch && query.has('force')
    ? 'force: Forbidden: may not be specified for non-apply patch'
    : null;
}
