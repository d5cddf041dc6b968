import { expect } from 'chai';
import { resolveServerOptions } from '../../../lib/http/server/options.ts';

describe('options of a server', () => {
  it('take the maxSessionMemory of http2 for the limits of its sessions', () => {
    const { session } = resolveServerOptions({ maxSessionMemory: 10 });
    expect(session).to.include({ maxSessionHeaderMemory: 10 << 20, maxUnconsumedBytes: 10 << 20 });
  });

  it('leave a limit that is given for the session itself', () => {
    const given = { maxSessionMemory: 10, session: { maxUnconsumedBytes: 5 } };
    expect(resolveServerOptions(given).session).to.include({
      maxSessionHeaderMemory: 10 << 20,
      maxUnconsumedBytes: 5,
    });
  });
});
