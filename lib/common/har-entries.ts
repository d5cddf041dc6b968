/**
 * The entries of a HAR (`log.entries`), none of which is checked. A mark of the byte order, which some write, is overlooked.
 *
 * @throws Error for what is no HAR
 */
export function harEntries(text: string): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new Error(`this is no HAR: ${(error as Error).message}`);
  }
  const { log } = (parsed ?? {}) as { readonly log?: { readonly entries?: unknown } | null };
  const entries = log?.entries;
  if (!Array.isArray(entries)) throw new Error('this is no HAR: it has no log.entries');
  return entries;
}
