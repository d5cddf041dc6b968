import { performance } from 'node:perf_hooks';
import type { ProtocolVersion } from '../../protocol/version.ts';
import type { ConformanceCase } from './case.ts';
import { Mismatch, Skip } from './mismatch.ts';
import type { Peer } from './peer.ts';
import type { ConformanceResult } from './result.ts';

/** Makes one test on a connection that `open` makes. Never rejects. */
export async function runCase(
  test: ConformanceCase,
  version: ProtocolVersion,
  open: () => Promise<Peer>,
): Promise<ConformanceResult> {
  const begun = performance.now();
  let peer: Peer | null = null;
  let outcome: ConformanceResult['outcome'] = 'passed';
  let [expected, received] = ['', ''];
  try {
    peer = await open();
    await test.run(peer);
  } catch (error) {
    outcome = error instanceof Skip ? 'skipped' : 'failed';
    expected = error instanceof Mismatch ? error.expected : '';
    received = error instanceof Mismatch ? error.received : (error as Error).message;
    if (error instanceof Skip) [expected, received] = [error.message, ''];
  } finally {
    peer?.close();
  }
  const { id, section, title, level } = test;
  return {
    id,
    section,
    title,
    level,
    version: version.name,
    outcome,
    expected,
    received,
    sent: peer?.sent ?? [],
    durationMs: Math.round(performance.now() - begun),
  };
}
