import { isIP } from 'node:net';
import { type Arguments, UsageError } from '../../arguments.ts';

/** Where to connect. */
export interface Place {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

interface Rule {
  /** Empty for all. */
  readonly host: string;
  /** 0 for all. */
  readonly port: number;
  /** What changes; an empty host, and port 0, change nothing. */
  readonly to: Place;
}

/** What `--connect-to` and `--resolve` say: other places for some hosts and ports. */
export class Places {
  readonly #redirections: readonly Rule[];
  readonly #addresses: readonly Rule[];

  /** @throws UsageError */
  constructor(args: Arguments) {
    this.#redirections = args.values('connect-to').map(redirection);
    this.#addresses = args.values('resolve').map(address);
  }

  /** Where to connect for a server. */
  locate(host: string, port: number): Place {
    const place = moved(this.#redirections, { host, port });
    return moved(this.#addresses, place);
  }
}

function moved(rules: readonly Rule[], { host, port }: Place): Place {
  const rule = rules.find(
    (one) => (one.host === '' || one.host === host) && (one.port === 0 || one.port === port),
  );
  if (rule === undefined) return { host, port };
  return { host: rule.to.host || host, port: rule.to.port || port };
}

/** `HOST:PORT:HOST2:PORT2`, each of them empty for any, and for the same. */
function redirection(text: string): Rule {
  const parts = partsOf(text);
  if (parts.length !== 4) throw wrong('connect-to', 'HOST:PORT:HOST2:PORT2', text);
  const [host = '', port = '', toHost = '', toPort = ''] = parts;
  const [from, to] = [portOf(port), portOf(toPort)];
  if (from === null || to === null) throw wrong('connect-to', 'HOST:PORT:HOST2:PORT2', text);
  return { host: host.toLowerCase(), port: from, to: { host: toHost, port: to } };
}

/** `HOST:PORT:ADDRESS`; the host may be `*`. Of several addresses, with commas, the first is taken. */
function address(text: string): Rule {
  const [host = '', port = '', ...rest] = partsOf(text);
  const to = (rest.join(':').split(',')[0] ?? '').replace(/^\[(.*)\]$/, '$1');
  const from = portOf(port);
  if (from === null || from === 0 || host === '' || isIP(to) === 0)
    throw wrong('resolve', 'HOST:PORT:ADDRESS', text);
  return { host: host === '*' ? '' : host.toLowerCase(), port: from, to: { host: to, port: 0 } };
}

/** The parts between colons; what stands in brackets is one, without them. */
function partsOf(text: string): string[] {
  return text.split(/:(?![^[]*\])/).map((part) => part.replace(/^\[(.*)\]$/, '$1'));
}

/** 0 for none, null for what is no port. */
function portOf(text: string): number | null {
  if (text === '') return 0;
  const port = Number(text);
  return /^\d+$/.test(text) && port >= 1 && port <= 65535 ? port : null;
}

function wrong(option: string, form: string, text: string): UsageError {
  return new UsageError(`--${option} takes ${form}, got '${text}'`);
}
