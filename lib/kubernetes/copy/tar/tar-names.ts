/** Characters that have a meaning of their own in file names of Windows. */
const WINDOWS_SPECIAL = /[\\:*?"<>|]/;

/**
 * The segments of a name in an archive, below the member that was asked for ('': the directory itself). Null for a name that is
 * absolute, has `..`, or is somewhere else.
 */
export function segmentsOf(name: string, member: string): string[] | null {
  if (name.startsWith('/') || name.includes('\0')) return null;
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) return null;
  if (process.platform === 'win32' && segments.some((segment) => WINDOWS_SPECIAL.test(segment)))
    return null;
  if (member === '') return segments;
  return segments[0] === member ? segments.slice(1) : null;
}

/**
 * Whether a symbolic link, `depth` directories below the root, surely leads to something below the root. `..` counts only in front: behind
 * a name, which may be a link itself, it leads from there to who knows where.
 */
export function linkStaysInside(target: string, depth: number): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return false;
  if (process.platform === 'win32' && WINDOWS_SPECIAL.test(target)) return false;
  const segments = target.split('/').filter((segment) => segment !== '' && segment !== '.');
  const up = segments.findIndex((segment) => segment !== '..');
  const ups = up < 0 ? segments.length : up;
  return ups <= depth && !segments.slice(ups).includes('..');
}
