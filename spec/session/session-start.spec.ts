import { expect } from 'chai';
import { InvalidArgumentError } from '../../lib/errors.ts';
import { CLIENT, SERVER } from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY2, SPDY3, SPDY3_1 } from '../../lib/protocol/version.ts';
import { Session } from '../../lib/session/session.ts';
import type { SessionOptions } from '../../lib/session/session-options.ts';
import {
  type RawPeer,
  rawAgainst,
  requestHeaders,
  settle,
  until,
} from '../support/session-pair.ts';

/** Frames that a session has sent, as [name, what it says]. */
function said(peer: RawPeer): unknown[] {
  return peer.frames.map(({ frame }) => [
    frame.type,
    frame.entries?.map(({ id, flags, value }) => [id, flags, value]) ?? [
      frame.streamId,
      frame.deltaWindowSize,
    ],
  ]);
}

async function startOf(
  version: (typeof PROTOCOL_VERSIONS)[number],
  options: SessionOptions,
): Promise<unknown[]> {
  const { session, peer } = await rawAgainst(SERVER, version, options);
  session.submitPing();
  await peer.frame('PING');
  session.destroy();
  return said(peer).slice(1);
}

describe('session/session-start', () => {
  for (const version of PROTOCOL_VERSIONS) {
    it(`${version.name}: announces MAX_CONCURRENT_STREAMS, and a window that is not the default one`, async () => {
      expect(await startOf(version, {})).to.deep.equal([['SETTINGS', [[4, 0, 100]]]]);
      const window = version.streamWindows ? [[7, 0, 100_000]] : [];
      expect(
        await startOf(version, { maxConcurrentStreams: 5, initialWindowSize: 100_000 }),
      ).to.deep.equal([['SETTINGS', [[4, 0, 5], ...window]]]);
    });
  }

  it('adds values by name or with flags, in ascending order, and lets them replace its own', async () => {
    expect(
      await startOf(SPDY3, { settings: { currentCwnd: 9, uploadBandwidth: 1 } }),
    ).to.deep.equal([
      [
        'SETTINGS',
        [
          [1, 0, 1],
          [4, 0, 100],
          [5, 0, 9],
        ],
      ],
    ]);
    expect(
      await startOf(SPDY2, { settings: [{ id: 4, flags: 1, value: 8 }], initialWindowSize: 1 }),
    ).to.deep.equal([['SETTINGS', [[4, 1, 8]]]]);
  });

  it('takes the size of the certificate vector from SPDY/3 servers only (checklist 146)', () => {
    const settings = { clientCertificateVectorSize: 4 };
    const later = { settings, settingsTiming: 'afterFirstFrame' } as const;
    expect(() => new Session(SERVER, SPDY3.id, { settings })).not.to.throw();
    for (const [side, version] of [
      [CLIENT, SPDY3],
      [SERVER, SPDY3_1],
      [SERVER, SPDY2],
    ] as const) {
      expect(() => new Session(side, version.id, { settings })).to.throw(
        InvalidArgumentError,
        'SPDY/3 servers only',
      );
      expect(() => new Session(side, version.id, later)).to.throw(InvalidArgumentError);
      const session = new Session(side, version.id);
      expect(() => session.submitSettings(0, settings)).to.throw(InvalidArgumentError);
      session.submitSettings(0, [{ id: 8, flags: 2, value: 1 }]);
    }
  });

  it('refuses flags that are none when it is made, whenever they would be sent', () => {
    for (const settingsTiming of ['start', 'afterFirstFrame', 'never'] as const)
      expect(
        () =>
          new Session(SERVER, 4, { settingsTiming, settings: [{ id: 3, flags: 256, value: 1 }] }),
      ).to.throw(InvalidArgumentError, 'flags of setting 3');
  });

  it('enlarges the session window in SPDY/3.1 alone', async () => {
    expect(await startOf(SPDY3_1, { sessionWindowSize: 100_000 })).to.deep.equal([
      ['SETTINGS', [[4, 0, 100]]],
      ['WINDOW_UPDATE', [0, 34_464]],
    ]);
    for (const version of [SPDY3, SPDY2]) {
      expect(await startOf(version, { sessionWindowSize: 100_000 })).to.have.length(1);
    }
  });

  it('says nothing when the option says never', async () => {
    expect(await startOf(SPDY3_1, { settingsTiming: 'never' })).to.deep.equal([]);
    expect(
      await startOf(SPDY3_1, { settingsTiming: 'never', sessionWindowSize: 65_537 }),
    ).to.deep.equal([['WINDOW_UPDATE', [0, 1]]]);
  });

  it('says nothing before the first frame of the peer when the option says so', async () => {
    const options = { settingsTiming: 'afterFirstFrame', sessionWindowSize: 65_546 } as const;
    const { session, peer } = await rawAgainst(SERVER, SPDY3_1, options);
    const request = peer.make.synStream(1, requestHeaders());
    peer.send(request.subarray(0, 20));
    await until(() => session.statistics.bytesReceived === 20);
    await settle();
    expect(said(peer)).to.deep.equal([]);
    peer.send(request.subarray(20));
    await peer.frame('WINDOW_UPDATE');
    expect(said(peer)).to.deep.equal([
      ['SETTINGS', [[4, 0, 100]]],
      ['WINDOW_UPDATE', [0, 10]],
    ]);
    peer.send(peer.make.ping(1));
    await peer.frame('PING');
    expect(peer.names).to.deep.equal(['SETTINGS', 'WINDOW_UPDATE', 'PING']);
    session.destroy();
  });

  it('says what it was given when it was made, whatever becomes of the entries', async () => {
    const entries = [3, 3].map((id) => ({ id, flags: 0, value: 7 }));
    const [first, second] = entries.map((entry) => ({
      settingsTiming: 'afterFirstFrame' as const,
      settings: [entry],
    }));
    // Both hold the same options.
    const other = new Session(SERVER, SPDY3_1.id, first);
    const { session, peer } = await rawAgainst(SERVER, SPDY3_1, second);
    for (const entry of entries) entry.value = 8;
    peer.send(peer.make.ping(1));
    const settings = await peer.frame('SETTINGS');
    session.destroy();
    other.destroy();
    expect(settings.frame.entries?.map(({ value }) => value)).to.deep.equal([7, 100]);
  });

  it('sends SETTINGS first, before requests that were submitted earlier', async () => {
    const { session, peer } = await rawAgainst(CLIENT, SPDY3_1);
    session.submitRequest(0, requestHeaders());
    await peer.frame('SYN_STREAM');
    expect(peer.names).to.deep.equal(['SETTINGS', 'SYN_STREAM']);
    session.destroy();
  });
});
