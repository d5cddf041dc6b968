import { httpError } from '../../http-error.ts';

/** What `writeEarlyHints()` is given: `link`, one or several, and other fields. */
export interface EarlyHints {
  /** `<target>` with parameters behind semicolons. */
  readonly link?: unknown;
}

/** `<target>; name=value; ...` */
const LINK = /^<[^<>]*>(?:\s*;\s*[^\s;"=]+(?:=(?:"[^"]*"|[^\s;"]*))?)*$/;

/**
 * Refuses hints that `http` refuses.
 *
 * @throws TypeError (`ERR_INVALID_ARG_TYPE`) for what is no object, or (`ERR_INVALID_ARG_VALUE`) has no links in `link`
 */
export function checkEarlyHints(hints: EarlyHints): void {
  if (typeof hints !== 'object' || hints === null || Array.isArray(hints)) {
    const text = 'The "hints" argument must be of type object';
    throw httpError(TypeError, 'ERR_INVALID_ARG_TYPE', text);
  }
  const { link } = hints;
  if (link === undefined || link === null) return;
  for (const one of Array.isArray(link) ? (link as unknown[]) : [link]) {
    if (typeof one === 'string' && LINK.test(one)) continue;
    const text = `The argument 'hints' must have links as "</style.css>; rel=preload; as=style". Received ${String(one)}`;
    throw httpError(TypeError, 'ERR_INVALID_ARG_VALUE', text);
  }
}
