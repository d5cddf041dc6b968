import { InvalidArgumentError } from '../../errors.ts';

/**
 * The name and the password that a URL has, as `name:password`; null if it has neither.
 *
 * @throws InvalidArgumentError for those that cannot be decoded, without showing them
 */
export function urlCredentials({ username, password, host }: URL): string | null {
  if (username === '' && password === '') return null;
  try {
    return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    const rule = "a '%' in them is written as %25";
    throw new InvalidArgumentError(
      `the user and password in a URL of ${host} cannot be decoded: ${rule}`,
    );
  }
}
