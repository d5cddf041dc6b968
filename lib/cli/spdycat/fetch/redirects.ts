/** What is asked for next. */
export interface Step {
  readonly url: URL;
  readonly method: string;
  /** Whether the body is sent. */
  readonly body: boolean;
  /** Whether the server is one that the command line names: only it gets what is secret. */
  readonly trusted: boolean;
}

const STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Where a response sends to; null if it does not. `keepMethod`: the method was named. */
export function redirection(
  step: Step,
  status: number,
  location: string | undefined,
  keepMethod: boolean,
): Step | null {
  if (!STATUSES.has(status) || location === undefined) return null;
  // Header text is bytes to the library, and people write UTF-8.
  const text = Buffer.from(location, 'latin1').toString();
  if (!URL.canParse(text, step.url.href)) throw new Error(`a redirect leads nowhere: '${text}'`);
  const url = new URL(text, step.url);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new Error(`a redirect leads to ${url.protocol}, which is not followed`);
  url.hash = '';
  const trusted = step.trusted && url.origin === step.url.origin;
  const same = status === 307 || status === 308;
  if (same) return { ...step, url, trusted };
  const turned = status === 303 ? step.method !== 'HEAD' : step.method === 'POST';
  if (!turned) return { ...step, url, trusted };
  return { url, method: keepMethod ? step.method : 'GET', body: false, trusted };
}
