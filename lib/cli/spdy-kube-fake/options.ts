import type { FakeFault } from '../../kubernetes/fake/faults/fault.ts';
import type { FakePod } from '../../kubernetes/fake/pods/pod-options.ts';
import {
  type Arguments,
  numberOption,
  type OptionTable,
  readCommandLine,
  UsageError,
} from '../arguments.ts';

/** What `spdy-kube-fake` was told. */
export interface KubeFakeOptions {
  readonly pods: readonly FakePod[];
  readonly port: number;
  readonly host: string;
  /** Where to write the kubeconfig; null for a file that is there as long as the program runs. */
  readonly kubeconfig: string | null;
  readonly tls: boolean;
  readonly token: string | null;
  readonly fault: FakeFault | null;
  /** Whether there is a control API. */
  readonly control: boolean;
  readonly verbose: boolean;
}

/** Shown by `--help`; fits a screen of 80 by 24. */
export const KUBE_FAKE_HELP = `Usage: spdy-kube-fake [OPTION]...
A fake Kubernetes API server, for tests. Commands of its pods run here, as you.
  -p, --pod [NAMESPACE/]NAME[:PORT=LOCAL,...]
                        a pod, and where its ports lead; repeatable; default p1.
                        Other ports lead to the same number
      --port N          port to listen at, 0 for a free one; default 8001
      --host ADDRESS    address to listen at; default 127.0.0.1
      --kubeconfig FILE write the kubeconfig there; default a temporary file
  -d, --directory DIR   where commands run; default a temporary one for each pod
      --main COMMAND    what attach reaches, for the shell; default cat
      --tty             run that on a terminal
      --tls             HTTPS, with a certificate made for a day
      --token T         demand this bearer token; needs --tls
      --delay MS        wait before exec, attach and port-forward are answered
      --refuse STATUS   answer them with this HTTP status, 400 to 599
      --drop-after N    break their connections off after N bytes of output
      --control         a control API for tests, under /_fake/
  -v, --verbose         log requests
      --version         print the version
  -h, --help            print this text
`;

const OPTIONS: OptionTable = {
  pod: { type: 'string', short: 'p', multiple: true },
  port: { type: 'string' },
  host: { type: 'string' },
  kubeconfig: { type: 'string' },
  directory: { type: 'string', short: 'd' },
  main: { type: 'string' },
  tty: { type: 'boolean' },
  tls: { type: 'boolean' },
  token: { type: 'string' },
  delay: { type: 'string' },
  refuse: { type: 'string' },
  'drop-after': { type: 'string' },
  control: { type: 'boolean' },
  verbose: { type: 'boolean', short: 'v' },
};

/**
 * Reads the command line of `spdy-kube-fake`. A text is an answer: it is to be printed, and nothing else done.
 *
 * @throws UsageError
 */
export function parseKubeFakeOptions(argv: readonly string[]): KubeFakeOptions | string {
  const usage = { name: 'spdy-kube-fake', help: KUBE_FAKE_HELP, options: OPTIONS };
  const args = readCommandLine(usage, argv);
  if (typeof args === 'string') return args;
  if (args.positionals.length > 0)
    throw new UsageError(`too many arguments: ${args.positionals.join(' ')}`);
  const tls = args.has('tls');
  const token = args.value('token');
  if (token === '') throw new UsageError('--token must not be empty');
  if (token !== null && !tls)
    throw new UsageError('--token needs --tls: kubectl sends none without it');
  const pods = args.values('pod');
  const directory = args.value('directory');
  const main = args.value('main');
  const container = {
    ...(directory === null ? {} : { directory }),
    ...(main === null ? {} : { command: ['sh', '-c', main] }),
    tty: args.has('tty'),
  };
  return {
    pods: (pods.length === 0 ? ['p1'] : pods).map((text) => ({
      ...parsePod(text),
      containers: { main: container },
    })),
    port: numberOption(args, 'port', 0, 65535) ?? 8001,
    host: args.value('host') ?? '127.0.0.1',
    kubeconfig: args.value('kubeconfig'),
    tls,
    token,
    fault: faultOf(args),
    control: args.has('control'),
    verbose: args.has('verbose'),
  };
}

/** `[NAMESPACE/]NAME[:PORT=LOCAL,PORT=LOCAL]`. */
function parsePod(text: string): FakePod {
  const parts = /^(?:([^/:]+)\/)?([^/:]+)(?::(\d+=\d+(?:,\d+=\d+)*))?$/.exec(text);
  if (parts === null)
    throw new UsageError(`--pod takes [NAMESPACE/]NAME[:PORT=LOCAL,...], got '${text}'`);
  const [, namespace, name = '', ports = ''] = parts;
  const pairs = ports.split(',').filter((pair) => pair !== '');
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ports: Object.fromEntries(pairs.map((pair) => pair.split('=').map(Number))),
  };
}

function faultOf(args: Arguments): FakeFault | null {
  const delayMs = numberOption(args, 'delay', 0, 3_600_000);
  const refuseWith = numberOption(args, 'refuse', 400, 599);
  const dropAfterBytes = numberOption(args, 'drop-after', 0, Number.MAX_SAFE_INTEGER);
  if (delayMs === null && refuseWith === null && dropAfterBytes === null) return null;
  return {
    ...(delayMs === null ? {} : { delayMs }),
    ...(refuseWith === null ? {} : { refuseWith }),
    ...(dropAfterBytes === null ? {} : { dropAfterBytes }),
  };
}
