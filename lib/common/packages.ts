import { SpdyError } from '../errors.ts';

/** An optional package that the call needs is not installed (`ERR_SPDY_MISSING_PACKAGE`). */
export class MissingPackageError extends SpdyError {
  constructor(name: string, purpose: string, options?: ErrorOptions) {
    const message = `${purpose} needs the package ${name}: npm install ${name}`;
    super('ERR_SPDY_MISSING_PACKAGE', message, 'local', options);
  }
}

/**
 * Loads an optional package when it is needed: `await loadPackage('yaml', 'a kubeconfig', () => import('yaml'))`. Without `load`
 * it is imported by its name, which bundlers don't see.
 *
 * @throws MissingPackageError if it is not installed
 */
export async function loadPackage<T>(
  name: string,
  purpose: string,
  load: () => Promise<T> = () => importByName<T>(name),
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

/**
 * Imports a package whose absence is no fault of a program that does without it: a bundler leaves this to the time when the
 * program runs, and says nothing of a package that it cannot find.
 */
export function importByName<T>(name: string): Promise<T> {
  return import(/* webpackIgnore: true */ name);
}
