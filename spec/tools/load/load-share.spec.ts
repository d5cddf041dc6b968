import { expect } from 'chai';
import { LoadShare } from '../../../lib/tools/load/load-share.ts';
import { resolveLoad } from '../../../lib/tools/load/plan.ts';
import { Recorder } from '../../../lib/tools/load/results/recorder.ts';
import { loadHistograms } from '../../../lib/tools/load/results/series.ts';
import { loadServer } from './load-server.ts';

describe('LoadShare', () => {
  it('begins nothing when it was stopped before', async () => {
    const server = await loadServer();
    const plan = resolveLoad({ urls: server.origin, durationMs: 60_000 });
    const recorder = new Recorder(await loadHistograms());
    const share = new LoadShare(plan, plan.quotas, recorder);
    share.stop();
    expect(await share.run()).to.equal(0);
    expect(recorder.counts.started).to.equal(0);
    expect(server.connections()).to.equal(0);
    await server.close();
  });
});
