import { checkBoolean } from '../../common/check.ts';
import { checkOptions, optionNames } from '../../common/option-names.ts';
import { InvalidArgumentError } from '../../errors.ts';
import type { Certificate } from '../../http/server/connection/certificate.ts';
import type { StreamingServerOptions } from '../server/options.ts';
import type { FakeClusterOptions } from './cluster.ts';
import { checkFault, type FakeFault } from './faults/fault.ts';
import type { FakeRequest } from './requests/request.ts';

/** Options of a fake API server. */
export interface FakeApiServerOptions extends FakeClusterOptions {
  /** `https:` with this key and certificate (PEM), or with ones that are made. Default false: `http:`. */
  readonly tls?: boolean | Certificate | undefined;
  /** Bearer token to demand. Needs `tls`: without it no client sends one. Default none. */
  readonly token?: string | undefined;
  /** Whether clients may show a certificate instead of a token, one that is made and stands in the kubeconfig. Needs `tls`. Default false. */
  readonly clientCertificate?: boolean | undefined;
  /** What goes wrong: always at exec, attach and portforward, or what the function says for each request. Default nothing. */
  readonly fault?:
    | (FakeFault | ((request: FakeRequest) => FakeFault | null | undefined))
    | undefined;
  /** Options of the streaming server, as its times and limits. */
  readonly streaming?: StreamingServerOptions | undefined;
  /** Whether there is a control API under `/_fake/`: who may use the server may then change it, too. Default false. */
  readonly control?: boolean | undefined;
}

const OPTION_NAMES = optionNames<FakeApiServerOptions>({
  pods: true,
  objects: true,
  watchList: true,
  rules: true,
  control: true,
  tls: true,
  token: true,
  clientCertificate: true,
  fault: true,
  streaming: true,
});

/**
 * Checks what no other part checks.
 *
 * @throws InvalidArgumentError
 */
export function checkFakeOptions(options: FakeApiServerOptions): void {
  checkOptions('createFakeApiServer()', options, OPTION_NAMES);
  const { token, tls = false, fault, control = false, clientCertificate = false } = options;
  if (token !== undefined && tls === false)
    throw new InvalidArgumentError('token needs tls: without it clients send none');
  if (checkBoolean('clientCertificate', clientCertificate) && tls === false)
    throw new InvalidArgumentError('clientCertificate needs tls');
  if (token === '') throw new InvalidArgumentError('token must not be empty');
  if (typeof fault === 'object') checkFault(fault);
  checkBoolean('control', control);
}
