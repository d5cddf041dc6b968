import type { DumpSink } from './events.ts';

/** The parts of an entry that are read. */
interface Entry {
  readonly startedDateTime?: unknown;
  readonly time?: unknown;
  readonly connection?: unknown;
  readonly request?: { readonly method?: unknown; readonly url?: unknown };
  readonly response?: {
    readonly status?: unknown;
    readonly httpVersion?: unknown;
    readonly content?: { readonly size?: unknown };
  };
}

/**
 * Tells the entries of a HAR, of this library or another one, as exchanges.
 *
 * @throws Error for what is no HAR
 */
export function readHar(text: string, sink: DumpSink): void {
  const connections = new Map<string, number>();
  for (const entry of entriesOf(text)) {
    const { startedDateTime, time, connection, request, response } = entry;
    const name = String(connection ?? '');
    const number = connections.get(name) ?? connections.size + 1;
    connections.set(name, number);
    const begun = Date.parse(String(startedDateTime));
    sink.event({
      event: 'exchange',
      connection: number,
      time: Number.isNaN(begun) ? null : begun,
      method: String(request?.method ?? ''),
      url: String(request?.url ?? ''),
      version: String(response?.httpVersion ?? '').toLowerCase(),
      status: numberOf(response?.status, 0),
      duration: numberOf(time, 0),
      bytes: numberOf(response?.content?.size, -1),
    });
  }
}

function entriesOf(text: string): Entry[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new Error(`this is no HAR: ${(error as Error).message}`);
  }
  const { log } = (parsed ?? {}) as { readonly log?: { readonly entries?: unknown } };
  const entries = log?.entries;
  if (!Array.isArray(entries)) throw new Error('this is no HAR: it has no log.entries');
  return entries.filter((entry): entry is Entry => typeof entry === 'object' && entry !== null);
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}
