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
    if (isMissing(name, cause)) throw new MissingPackageError(name, purpose, { cause });
    throw cause;
  }
}

/** Whether a package is not there: one that is, but misses a part of its own, has another problem. */
function isMissing(name: string, cause: unknown): boolean {
  // `import()` says the one, `require()`, which bundles that are CommonJS and test runners make of it, the other.
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return false;
  // The others are those of Plug'n'Play of Yarn: "spdylay tried to access ws (a peer dependency) but it isn't provided".
  const words = [`'${name}'`, `tried to access ${name},`, `tried to access ${name} (`];
  return words.some((text) => message.includes(text));
}

/**
 * Imports a package whose absence is no fault of a program that does without it: a bundler leaves this to the time when the
 * program runs, and says nothing of a package that it cannot find.
 */
export function importByName<T>(name: string): Promise<T> {
  return import(/* webpackIgnore: true */ name);
}
