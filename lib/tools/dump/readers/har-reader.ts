import { harEntries } from '../../../common/har-entries.ts';
import type { DumpSink } from '../events.ts';

/** The parts of an entry that are read. */
interface Entry {
  readonly startedDateTime?: unknown;
  readonly time?: unknown;
  readonly connection?: unknown;
  readonly request?: { readonly method?: unknown; readonly url?: unknown } | null | undefined;
  readonly response?:
    | {
        readonly status?: unknown;
        readonly httpVersion?: unknown;
        readonly content?: { readonly size?: unknown } | null | undefined;
      }
    | null
    | undefined;
}

/**
 * Tells the entries of a HAR, of this library or another one, as exchanges.
 *
 * @throws Error for what is no HAR
 */
export function readHar(text: string, sink: DumpSink): void {
  const connections = new Map<string, number>();
  for (const entry of harEntries(text)) {
    if (typeof entry !== 'object' || entry === null) continue;
    const { startedDateTime, time, connection, request, response } = entry as Entry;
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
      // Browsers write 0 or -1 where there was no answer.
      status: Math.max(numberOf(response?.status, 0), 0),
      duration: Math.max(numberOf(time, 0), 0),
      bytes: numberOf(response?.content?.size, -1),
    });
  }
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}
