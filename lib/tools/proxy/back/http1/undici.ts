import nodeModule from 'node:module';

/** What a request by undici is told of: the handler of its dispatchers that gets fields as they came. */
export interface DispatchHandler {
  /** It is written to a connection; `abort` ends both. */
  onConnect(abort: (cause?: Error) => void): void;
  /** A head, interim ones too; false: the body is to wait for `resume()`. */
  onHeaders(status: number, fields: Buffer[], resume: () => void, message: string): boolean;
  /** A piece of the body; false: the next one is to wait. */
  onData(piece: Buffer): boolean;
  /** The end, with the fields behind the body. */
  onComplete(trailers: Buffer[] | null): void;
  /** There is no answer, or no end of it. */
  onError(error: Error): void;
}

/** What is needed of a `Client` of undici. */
export interface DispatchClient {
  dispatch(request: object, handler: DispatchHandler): boolean;
  destroy(error: Error | null): Promise<void>;
}

/** The class of it. */
export type DispatchClientClass = new (origin: string, options: object) => DispatchClient;

/** Versions that tell a body in chunks that is cut off from one that is whole, and have handlers of this kind. */
const VERSION = /^7\.(?:[3-9]\d|\d{3,})\./;

let found: DispatchClientClass | null | undefined;

/** The class `Client` of the package undici; null if that is not there, or of another version. */
export function clientClass(): DispatchClientClass | null {
  if (found === undefined) found = lookUp();
  return found;
}

function lookUp(): DispatchClientClass | null {
  try {
    // By this name: programs put an import of `createRequire` in front of their bundles.
    const require = nodeModule.createRequire(import.meta.url);
    const { version } = require('undici/package.json') as { version: string };
    if (!VERSION.test(version)) return null;
    return (require('undici') as { Client: DispatchClientClass }).Client;
  } catch {
    return null;
  }
}
