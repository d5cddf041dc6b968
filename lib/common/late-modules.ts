import type * as childProcess from 'node:child_process';
import type * as crypto from 'node:crypto';
import type * as https from 'node:https';
import type * as tls from 'node:tls';

// Modules of Node that take milliseconds of each start to load, and that many programs do not need: the first call loads them.

/** `node:child_process`. */
export function lateChildProcess(): typeof childProcess {
  return process.getBuiltinModule('node:child_process');
}

/** `node:crypto`. */
export function lateCrypto(): typeof crypto {
  return process.getBuiltinModule('node:crypto');
}

/** `node:https`. */
export function lateHttps(): typeof https {
  return process.getBuiltinModule('node:https');
}

/** `node:tls`. */
export function lateTls(): typeof tls {
  return process.getBuiltinModule('node:tls');
}
