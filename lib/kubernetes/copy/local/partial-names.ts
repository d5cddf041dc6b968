import { lateCrypto } from '../../../common/late-modules.ts';
import type { ByteName } from '../tar/tar-header.ts';
import { asPath } from './byte-names.ts';

/** Names that files of a copy have until they are complete. Nobody else has them, by chance that is as good as none. */
export class PartialNames {
  readonly #mark = lateCrypto().randomBytes(8).toString('hex');
  #count = 0;

  /** One more, in the directory of a file. */
  next(target: ByteName): Buffer {
    const folder = target.slice(0, target.lastIndexOf('/') + 1);
    return asPath(`${folder}.${this.#mark}-${this.#count++}.part`);
  }
}
