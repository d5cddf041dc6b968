import { expect } from 'chai';
import { resolveServerOptions } from '../../lib/http/server/options.ts';
import { kubernetesSession } from '../../lib/kubernetes/wire/session-options.ts';
import { CLIENT, SERVER } from '../../lib/protocol/constants.ts';
import { SPDY3_1 } from '../../lib/protocol/version.ts';
import {
  checkSessionOptions,
  resolveSessionOptions,
  SESSION_OPTION_NAMES,
  type SessionOptions,
  toSettingsEntries,
} from '../../lib/session/session-options.ts';

/** All options, none of them given. */
const NOTHING: SessionOptions = Object.fromEntries(
  [...SESSION_OPTION_NAMES].map((name) => [name, undefined]),
);

describe('Options of sessions that are undefined', () => {
  it('are not given', () => {
    expect(resolveSessionOptions(SPDY3_1, NOTHING)).to.deep.equal(
      resolveSessionOptions(SPDY3_1, {}),
    );
    expect(toSettingsEntries({ maxConcurrentStreams: undefined })).to.deep.equal([]);
  });

  it('take the place of no other default', () => {
    const defaults = { idleTimeoutMs: 5, maxConcurrentStreams: 7 };
    expect(checkSessionOptions(SERVER, NOTHING, defaults)).to.deep.equal(defaults);
    expect(checkSessionOptions(CLIENT, { ...NOTHING, idleTimeoutMs: 6 }, defaults)).to.deep.equal({
      ...defaults,
      idleTimeoutMs: 6,
    });
    expect(kubernetesSession(NOTHING)).to.deep.equal(kubernetesSession());
    const server = { tls: false } as const;
    expect(resolveServerOptions({ ...server, session: NOTHING }).session).to.deep.equal(
      resolveServerOptions(server).session,
    );
    expect(
      resolveServerOptions({ ...server, http1: { requestTimeout: undefined } }).http1,
    ).to.deep.equal(resolveServerOptions(server).http1);
  });
});
