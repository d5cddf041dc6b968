/** The outcome of a request as Kubernetes writes it (`metav1.Status`), with the fields that matter here. */
export interface KubernetesStatus {
  /** `Status`, where it is told. */
  readonly kind?: string | undefined;
  /** `v1`, where it is told. */
  readonly apiVersion?: string | undefined;
  /** An empty object: a Status is stored nowhere. */
  readonly metadata?: object | undefined;
  /** Whether it went well. */
  readonly status: 'Success' | 'Failure';
  /** What went wrong, in words for people. */
  readonly message?: string | undefined;
  /** A word for programs, as `NotFound` or `NonZeroExitCode`. */
  readonly reason?: string | undefined;
  /** The exit code is one of its causes. */
  readonly details?: { readonly causes?: readonly StatusCause[] } | undefined;
  /** HTTP status code. */
  readonly code?: number | undefined;
}

/** One cause in the details of a failure. */
export interface StatusCause {
  /** A word for programs, as `ExitCode`. */
  readonly reason?: string | undefined;
  /** For people; the number of an `ExitCode`. */
  readonly message?: string | undefined;
}

/** Most bytes of a status on an error stream: no client waits for more. */
export const MAX_STATUS_BYTES = 65536;

/** The status of a command that went well. */
export const SUCCESS: KubernetesStatus = { metadata: {}, status: 'Success' };

/** The status of a command that ended with an exit code. */
export function exitStatus(exitCode: number): KubernetesStatus {
  if (exitCode === 0) return SUCCESS;
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

/** The status of a command that could not be run, or a request that failed here. */
export function internalError(message: string): KubernetesStatus {
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${message}`,
    reason: 'InternalError',
    details: { causes: [{ message }] },
    code: 500,
  };
}

/** The body of an HTTP answer that refuses a request. */
export function httpFailure(code: number, reason: string, message: string): KubernetesStatus {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code,
  };
}

/** The exit code of a status: 0 for success, null for a failure that has none. */
export function exitCodeOf(status: KubernetesStatus): number | null {
  if (status.status === 'Success') return 0;
  if (status.reason !== 'NonZeroExitCode') return null;
  const causes = status.details?.causes;
  const text = causes?.find((cause) => cause.reason === 'ExitCode')?.message ?? '';
  return /^\d{1,3}$/.test(text) && Number(text) <= 255 ? Number(text) : null;
}

/** A status from its JSON, null when it is none. */
export function parseStatus(text: string): KubernetesStatus | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isStatus(value) ? value : null;
}

function isStatus(value: unknown): value is KubernetesStatus {
  if (typeof value !== 'object' || value === null) return false;
  const { status, message, reason, details, code } = value as Record<string, unknown>;
  return (
    (status === 'Success' || status === 'Failure') &&
    isOptional(message, 'string') &&
    isOptional(reason, 'string') &&
    isOptional(code, 'number') &&
    hasCauses(details)
  );
}

function hasCauses(details: unknown): boolean {
  // Whatever stands there beside the causes is of no interest.
  if (details === undefined || details === null) return true;
  if (typeof details !== 'object') return false;
  const { causes } = details as Record<string, unknown>;
  if (causes === undefined || causes === null) return true;
  return (
    Array.isArray(causes) &&
    causes.every(
      (cause: unknown) =>
        typeof cause === 'object' &&
        cause !== null &&
        isOptional((cause as StatusCause).reason, 'string') &&
        isOptional((cause as StatusCause).message, 'string'),
    )
  );
}

function isOptional(value: unknown, type: string): boolean {
  return value === undefined || typeof value === type;
}
