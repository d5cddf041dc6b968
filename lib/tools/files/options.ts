import { realpathSync, statSync } from 'node:fs';
import { checkBoolean, checkRange } from '../../common/check.ts';
import { checkOptions, optionNames, type Settled } from '../../common/option-names.ts';

/** How files are served. */
export interface StaticFilesOptions {
  /** The directory; nothing outside of it is ever served. */
  readonly root: string;
  /** Seconds for `cache-control: max-age`, from 0 on. Default 3600. */
  readonly maxAge?: number | undefined;
  /** Value of the field `server`, also shown on error pages. Default `spdylay`. */
  readonly server?: string | undefined;
  /** Whether names that begin with a dot are served. Default false: they are not found (but `.well-known`). */
  readonly dotfiles?: boolean | undefined;
  /** Whether a directory without index.html is shown as a list. Default false: it is not found. */
  readonly listing?: boolean | undefined;
  /** What is pushed along with a path (SPDY only): paths by path. Default: nothing. */
  readonly push?: ReadonlyMap<string, readonly string[]> | undefined;
  /** Whether a GET for a path that has no file and no dot in its last name gets `/index.html`, as applications want it that route by themselves. Default false. */
  readonly spa?: boolean | undefined;
  /** Whether scripts of any origin may read the responses (CORS): then OPTIONS is answered too. Default false. */
  readonly cors?: boolean | undefined;
  /** Whether files that are kept in memory, and gain by it, are compressed where no compressed ones lie beside them. Default false. */
  readonly compress?: boolean | undefined;
  /** Bytes of memory for files of up to 1 MiB, so that they are not read for each request; 0 keeps none. Default 32 MiB. */
  readonly cacheBytes?: number | undefined;
  /** Milliseconds after which a file that is kept in memory is looked at again before it is sent, from 0 on. Default 1000. */
  readonly cacheCheckMs?: number | undefined;
}

/** The options with their defaults. */
export type StaticFilesSettings = Settled<StaticFilesOptions>;

const NAMES = optionNames<StaticFilesOptions>({
  root: true,
  maxAge: true,
  server: true,
  dotfiles: true,
  listing: true,
  push: true,
  spa: true,
  cors: true,
  compress: true,
  cacheBytes: true,
  cacheCheckMs: true,
});

const SWITCHES = ['dotfiles', 'listing', 'spa', 'cors', 'compress'] as const;

/**
 * Checks the options and fills in the defaults; the root becomes absolute and free of symbolic links.
 *
 * @throws InvalidArgumentError for a name that is none, and for a value that is out of range
 * @throws Error when the directory cannot be found
 */
export function resolveStaticFiles(options: StaticFilesOptions): StaticFilesSettings {
  checkOptions('serveFiles()', options, NAMES);
  const settings = {
    maxAge: options.maxAge ?? 3600,
    server: options.server ?? 'spdylay',
    dotfiles: options.dotfiles ?? false,
    listing: options.listing ?? false,
    push: options.push ?? new Map(),
    spa: options.spa ?? false,
    cors: options.cors ?? false,
    compress: options.compress ?? false,
    cacheBytes: options.cacheBytes ?? 32 << 20,
    cacheCheckMs: options.cacheCheckMs ?? 1000,
    root: folderOf(options.root),
  };
  for (const name of SWITCHES) checkBoolean(name, settings[name]);
  checkRange('maxAge', settings.maxAge, 0, 0x7fffffff);
  checkRange('cacheBytes', settings.cacheBytes, 0, Number.MAX_SAFE_INTEGER);
  checkRange('cacheCheckMs', settings.cacheCheckMs, 0, 0x7fffffff);
  return settings;
}

function folderOf(path: string): string {
  const root = realpathSync(path);
  if (statSync(root).isDirectory()) return root;
  throw Object.assign(new Error(`ENOTDIR: not a directory, '${path}'`), { code: 'ENOTDIR' });
}
