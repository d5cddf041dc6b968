/** An error of the kind that `http` throws: its class and its `code`, which frameworks look at. */
export function httpError(
  kind: ErrorConstructor | TypeErrorConstructor | RangeErrorConstructor,
  code: string,
  message: string,
  options?: ErrorOptions,
): Error & { readonly code: string } {
  return Object.assign(new kind(message, options), { code });
}
