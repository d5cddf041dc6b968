import { UpgradeRefusedError } from '../../errors.ts';
import { httpFailure, type KubernetesStatus, type StatusCause } from '../../wire/status.ts';
import { type FakeResource, qualified } from '../objects/resources.ts';

/** An answer that refuses. */
export type Refusal = KubernetesStatus & { readonly code: number };

/** What reasons a code has unless told otherwise. */
const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** A refusal; the reason is that of the code. */
export function failure(
  code: number,
  message: string,
  causes: readonly StatusCause[] = [],
): Refusal {
  const status = httpFailure(code, REASONS[code] ?? 'InternalError', message);
  return { ...status, ...(causes.length === 0 ? {} : { details: { causes } }), code };
}

/** With another reason than that of its code. */
export function failureBecause(code: number, reason: string, message: string): Refusal {
  return { ...httpFailure(code, reason, message), code };
}

/** An object that cannot be: each problem begins with its field. kubectl shows the causes. */
export function invalidObject(
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
  name: string,
  problems: readonly string[],
): Refusal {
  const [group = ''] = apiVersion.includes('/') ? apiVersion.split('/') : [];
  const causes = problems.map((problem) => {
    const [, field = '', message = problem] = /^(.*?): (.*)$/s.exec(problem) ?? [];
    return { reason: 'FieldValueInvalid', message, field };
  });
  const words = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`;
  const whole = group === '' ? kind : `${kind}.${group}`;
  const status = failure(422, `${whole} "${name}" is invalid: ${words}`);
  return { ...status, details: { name, group, kind, causes } } as Refusal;
}

/** Nothing is served there. */
export function nothingAt(path: string): Refusal {
  const status = failure(404, `the server could not find the requested resource ${path}`);
  // There is no object in them, but kubectl looks.
  return { ...status, details: {} };
}

/** There is no object of that name. */
export function objectNotFound(resource: FakeResource, name: string | null): Refusal {
  const { group, plural } = resource;
  const status = failure(404, `${qualified(resource)} "${name}" not found`);
  return { ...status, details: { name, group, kind: plural } } as Refusal;
}

/** Whether an answer is a refusal. */
export function isRefusal(answer: object): answer is Refusal {
  return 'kind' in answer && answer.kind === 'Status' && 'code' in answer;
}

/** For `refuse()`. */
export function asError(refusal: Refusal): UpgradeRefusedError {
  return new UpgradeRefusedError(refusal.message ?? '', refusal.code, refusal);
}
