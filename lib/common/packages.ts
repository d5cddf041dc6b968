import { MissingPackageError } from '../errors.ts';

/**
 * Loads an optional package when it is needed: `await loadPackage('yaml', 'a kubeconfig', () => import('yaml'))`.
 *
 * @throws MissingPackageError if it is not installed
 */
export async function loadPackage<T>(
  name: string,
  purpose: string,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    // A package that is there, but misses a part of its own, has another problem.
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes(`'${name}'`)) throw cause;
    throw new MissingPackageError(name, purpose, { cause });
  }
}
