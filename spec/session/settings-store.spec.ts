import { expect } from 'chai';
import { CLIENT, SERVER } from '../../lib/protocol/constants.ts';
import type { SettingsEntry } from '../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../lib/protocol/version.ts';
import {
  MemorySettingsStore,
  persistedEntries,
  type SettingsStore,
  storeSettings,
} from '../../lib/session/settings-store.ts';
import {
  closed,
  memoryConnection,
  pairOver,
  rawAgainst,
  settle,
  uncaughtDuring,
  until,
} from '../support/session-pair.ts';

const KEY = 'https://localhost:443 127.0.0.1 443';

function frame(entries: readonly SettingsEntry[], flags = 0): Parameters<typeof storeSettings>[2] {
  return { version: 3, type: 4, flags, length: 4 + 8 * entries.length, entries };
}

describe('session/settings-store', () => {
  for (const version of PROTOCOL_VERSIONS) {
    it(`${version.name}: a client returns what the server asked it to keep, to nobody else (checklist 136-139)`, async () => {
      const settingsStore = new MemorySettingsStore();
      const options = { settingsStore, settingsKey: KEY };
      const first = await rawAgainst(CLIENT, version, options);
      first.peer.send(
        first.peer.make.settings([
          { id: 5, flags: 1, value: 50 },
          { id: 1, flags: 0, value: 10 },
        ]),
        first.peer.make.settings([
          { id: 2, flags: 1, value: 20 },
          { id: 5, flags: 1, value: 55 },
        ]),
      );
      await until(() => first.session.statistics.framesReceived === 2);
      first.session.destroy();
      await closed(first.session);

      const second = await rawAgainst(CLIENT, version, options);
      await second.peer.frame('SETTINGS', 2);
      expect(second.peer.frames.map((sent) => sent.frame.entries)).to.deep.equal([
        [
          { id: 2, flags: 2, value: 20 },
          { id: 5, flags: 2, value: 55 },
        ],
        [{ id: 4, flags: 0, value: 100 }],
      ]);
      second.session.destroy();
      await closed(second.session);

      const other = await rawAgainst(CLIENT, version, { settingsStore, settingsKey: 'other' });
      await other.peer.frame('SETTINGS');
      await settle();
      expect(other.peer.frames.length, 'checklist 139').to.equal(1);
      other.session.destroy();
    });
  }

  it('does not take returned values for the limits of either side', async () => {
    const settingsStore = new MemorySettingsStore();
    settingsStore.save(KEY, [{ id: 4, value: 3 }]);
    const pair = pairOver(memoryConnection(), SPDY3_1, {
      client: { settingsStore, settingsKey: KEY, maxConcurrentStreams: 7 },
    });
    const entries: SettingsEntry[] = [];
    pair.server.on('settings', (sent) => entries.push(...sent.entries));
    await until(() => entries.length === 2);
    expect(entries).to.deep.equal([
      { id: 4, flags: 2, value: 3 },
      { id: 4, flags: 0, value: 7 },
    ]);
    for (let i = 0; i < 5; i++) pair.server.submitSynStream(0, 0, 0, [['a', 'b']]);
    await until(() => pair.client.statistics.streamsAccepted === 5);
    await pair.end();
  });

  it('clears before it stores (checklist 140)', () => {
    const store = new MemorySettingsStore();
    storeSettings(store, KEY, frame([{ id: 1, flags: 1, value: 1 }]));
    storeSettings(store, KEY, frame([{ id: 2, flags: 1, value: 2 }], 1));
    expect(store.load(KEY)).to.deep.equal([{ id: 2, value: 2 }]);
    storeSettings(store, KEY, frame([{ id: 3, flags: 0, value: 3 }], 1));
    expect(store.load(KEY)).to.deep.equal([]);
    expect(store.size).to.equal(0);
  });

  it('stores only entries that are to be kept, the first of an id, and never INITIAL_WINDOW_SIZE (checklist 145)', () => {
    const store = new MemorySettingsStore();
    storeSettings(
      store,
      KEY,
      frame([
        { id: 7, flags: 1, value: 1 },
        { id: 9, flags: 1, value: 1 },
        { id: 0, flags: 1, value: 1 },
        { id: 1, flags: 2, value: 1 },
        { id: 2, flags: 3, value: 1 },
        { id: 3, flags: 0, value: 1 },
        { id: 3, flags: 1, value: 2 },
        { id: 8, flags: 1, value: 5 },
        { id: 8, flags: 1, value: 6 },
      ]),
    );
    expect(store.load(KEY)).to.deep.equal([{ id: 8, value: 5 }]);
  });

  it('returns nothing that may not be returned, whatever a store holds (checklist 145)', () => {
    const store = new MemorySettingsStore();
    store.save(KEY, [
      { id: 8, value: 1 },
      { id: 7, value: 1 },
      { id: 1, value: 1 },
      { id: 1, value: 2 },
      { id: 9, value: 1 },
      { id: 1.5, value: 1 },
    ]);
    expect(persistedEntries(store, KEY)).to.deep.equal([
      { id: 1, flags: 2, value: 2 },
      { id: 8, flags: 2, value: 1 },
    ]);
  });

  it('a server stores and returns nothing, and applies the values (checklist 142, 143)', async () => {
    const settingsStore = new MemorySettingsStore();
    settingsStore.save(KEY, [{ id: 1, value: 1 }]);
    const { session, peer } = await rawAgainst(SERVER, SPDY3_1, {
      settingsStore,
      settingsKey: KEY,
    });
    peer.send(peer.make.settings([{ id: 4, flags: 1, value: 0 }], { flags: 1 }));
    await until(() => session.statistics.framesReceived === 1);
    expect(settingsStore.load(KEY)).to.deep.equal([{ id: 1, value: 1 }]);
    session.submitSynStream(0, 0, 0, [['a', 'b']]);
    await settle();
    expect(peer.frames.map((sent) => sent.frame.entries)).to.deep.equal([
      [{ id: 4, flags: 0, value: 100 }],
    ]);
    session.destroy();
  });

  it('a client sends no PERSIST_VALUE and no CLEAR_SETTINGS by itself (checklist 141)', async () => {
    const settingsStore = new MemorySettingsStore();
    settingsStore.save(KEY, [{ id: 1, value: 1 }]);
    const { session, peer } = await rawAgainst(CLIENT, SPDY3_1, {
      settingsStore,
      settingsKey: KEY,
    });
    await peer.frame('SETTINGS', 2);
    for (const { frame: sent } of peer.frames) {
      expect(sent.flags).to.equal(0);
      for (const entry of sent.entries ?? []) expect(entry.flags).to.not.equal(1);
    }
    session.destroy();
  });

  describe('MemorySettingsStore', () => {
    it('forgets one key or everything (checklist 144)', () => {
      const store = new MemorySettingsStore();
      for (const key of ['a', 'b', 'c']) store.save(key, [{ id: 1, value: 1 }]);
      store.clear('b');
      expect(store.size).to.equal(2);
      store.clear();
      expect([store.size, store.load('a').length]).to.deep.equal([0, 0]);
    });

    it('forgets the origins used longest ago above its size', () => {
      const store = new MemorySettingsStore(2);
      store.save('a', [{ id: 1, value: 1 }]);
      store.save('b', [{ id: 1, value: 2 }]);
      store.load('a');
      store.save('c', [{ id: 1, value: 3 }]);
      expect(['a', 'b', 'c'].map((key) => store.load(key).length)).to.deep.equal([1, 0, 1]);
    });
  });

  it('a store that throws disturbs no session', async () => {
    const settingsStore: SettingsStore = {
      load: () => {
        throw new Error('load');
      },
      save: () => {
        throw new Error('save');
      },
      clear: () => {
        throw new Error('clear');
      },
    };
    const caught = await uncaughtDuring(async () => {
      const { session, peer } = await rawAgainst(CLIENT, SPDY3_1, {
        settingsStore,
        settingsKey: KEY,
      });
      peer.send(peer.make.settings([{ id: 1, flags: 1, value: 1 }], { flags: 1 }));
      await until(() => session.statistics.framesReceived === 1);
      await peer.frame('SETTINGS');
      expect(session.state.phase).to.equal('open');
      session.destroy();
    });
    expect(caught.map((error) => (error as Error).message)).to.deep.equal(['load', 'clear']);
  });
});
