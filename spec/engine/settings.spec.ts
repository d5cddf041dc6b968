import { expect } from 'chai';
import {
  CLIENT,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_FIN,
  FLAG_SETTINGS_CLEAR_SETTINGS,
  ID_FLAG_SETTINGS_PERSIST_VALUE,
  ID_FLAG_SETTINGS_PERSISTED,
  SERVER,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SETTINGS_MAX_CONCURRENT_STREAMS,
} from '../../lib/protocol/constants.ts';
import type { SettingsEntry } from '../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS, SPDY2, SPDY3, SPDY3_1 } from '../../lib/protocol/version.ts';
import { TestProvider } from '../support/test-provider.ts';
import { failureOf, invalidArgument, sessionFault, streamFault } from './support/facts.ts';
import { HEADERS, Lab } from './support/lab.ts';
import { initialWindow, serving } from './support/serving.ts';

function limit(value: number, flags = 0): SettingsEntry {
  return { id: SETTINGS_MAX_CONCURRENT_STREAMS, flags, value };
}

for (const version of PROTOCOL_VERSIONS) {
  describe(`engine/settings: ${version.name}`, () => {
    const client = (options = {}): Lab => new Lab(CLIENT, version, options);

    function request(lab: Lab, count: number): void {
      for (let left = count; left > 0; left--) lab.engine.submitRequest(0, HEADERS);
    }

    describe('of the peer', () => {
      it('are reported as they came, also unknown ones, from both sides at any time (checklist 119, 126, 127, 129)', () => {
        for (const side of [CLIENT, SERVER] as const) {
          const lab = new Lab(side, version);
          const entries = [
            { id: 7, flags: 0, value: 100 },
            { id: 0x020304, flags: 255, value: 0xffffffff },
            { id: 0, flags: 0, value: 0 },
            { id: 3, flags: 1, value: 5 },
            { id: 3, flags: 1, value: 6 },
          ];
          lab.receive(lab.peer.settings(entries), lab.peer.settings([], { flags: 1 }));
          const reported = lab.handler.callbacks.map(({ cb, frame }) => [
            cb,
            frame?.flags,
            frame?.entries,
          ]);
          expect(reported).to.deep.equal([
            ['on_ctrl_recv', 0, entries],
            ['on_ctrl_recv', 1, []],
          ]);
          expect([lab.wrote(), lab.faults()]).to.deep.equal([[], []]);
        }
      });

      it('do not limit our streams unless they say so (checklist 133)', () => {
        const lab = client();
        request(lab, 150);
        expect(lab.frames()).to.have.lengthOf(150);
      });

      it('hold our streams back at the limit, not those of the peer (checklist 130)', () => {
        const lab = client();
        lab.receive(lab.peer.settings([limit(2)])).settle();
        request(lab, 4);
        expect(lab.wrote()).to.deep.equal(['SYN_STREAM 1 FIN', 'SYN_STREAM 3 FIN']);
        expect([lab.engine.wantWrite(), lab.engine.getOutboundQueueSize()]).to.deep.equal([
          false,
          2,
        ]);
        // Other frames pass, a half-closed stream still counts, pushes of the peer do not.
        lab.engine.submitPing();
        lab.receive(lab.peer.synStream(2, HEADERS, { associatedToStreamId: 1 }));
        lab.receive(lab.peer.synReply(1, HEADERS));
        expect(lab.wrote()).to.deep.equal(['PING 1']);
        lab.receive(lab.peer.data(1, '', DATA_FLAG_FIN));
        expect(lab.engine.wantWrite()).to.equal(true);
        expect(lab.wrote()).to.deep.equal(['SYN_STREAM 5 FIN']);
        lab.receive(lab.peer.rstStream(3, 5));
        expect(lab.wrote()).to.deep.equal(['SYN_STREAM 7 FIN']);
      });

      it('of 0 hold all of them, until they are raised; the order stays (checklist 131)', () => {
        const lab = client();
        lab.receive(lab.peer.settings([limit(0)]));
        for (const priority of [2, 1, 0, 1, 2]) {
          lab.engine.submitRequest(priority, [['p', String(priority)]]);
        }
        expect(lab.wrote()).to.deep.equal([]);
        const order: string[] = [];
        for (const value of [1, 4, 0xffffffff]) {
          lab.receive(lab.peer.settings([limit(value)]));
          for (const { frame, headers } of lab.frames()) {
            order.push(`${frame.streamId}: ${headers[0]?.[1]}`);
          }
          order.push('-');
        }
        expect(order).to.deep.equal(['1: 0', '-', '3: 1', '5: 1', '7: 2', '-', '9: 2', '-']);
      });

      it('hold pushes back too (checklist 130, 254)', () => {
        const lab = serving(version);
        lab.receive(lab.peer.settings([limit(1)])).settle();
        for (let count = 0; count < 2; count++) {
          lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
        }
        expect(lab.wrote()).to.deep.equal(['SYN_STREAM 2 for 1 UNIDIRECTIONAL']);
        lab.engine.submitData(2, DATA_FLAG_FIN, new TestProvider({ bytes: 1 }));
        expect(lab.wrote()).to.deep.equal(['DATA 2 1 FIN', 'SYN_STREAM 4 for 1 UNIDIRECTIONAL']);
      });

      it('that lower the limit close nothing (checklist 132)', () => {
        const lab = client();
        request(lab, 3);
        lab
          .settle()
          .receive(lab.peer.settings([limit(1)]))
          .settle();
        request(lab, 1);
        lab.receive(lab.peer.synReply(1, HEADERS, { flags: 1 }));
        lab.receive(lab.peer.synReply(3, HEADERS, { flags: 1 }));
        expect([lab.wrote(), lab.endOf(5)]).to.deep.equal([[], undefined]);
        lab.receive(lab.peer.synReply(5, HEADERS, { flags: 1 }));
        expect([lab.wrote(), lab.endOf(5)]).to.deep.equal([['SYN_STREAM 7 FIN'], null]);
      });

      it('count by their first entry, and until a later frame says otherwise (checklist 123, 128)', () => {
        const lab = client();
        lab.receive(lab.peer.settings([limit(1), limit(9), limit(0)]));
        lab.receive(lab.peer.settings([{ id: 1, flags: 0, value: 5 }]));
        request(lab, 9);
        expect(lab.wrote()).to.deep.equal(['SYN_STREAM 1 FIN']);
        lab.receive(lab.peer.settings([limit(2)]));
        expect(lab.wrote()).to.deep.equal(['SYN_STREAM 3 FIN']);
        // A first entry that is nothing to go by still is the first.
        const returned = limit(9, ID_FLAG_SETTINGS_PERSISTED);
        const server = serving(version);
        server.receive(server.peer.settings([returned, limit(0)]));
        server.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
        expect(server.wrote()).to.deep.equal(['SYN_STREAM 2 for 1 UNIDIRECTIONAL']);
      });

      it('that a client returns say nothing about the client; those of a server count (checklist 142)', () => {
        const flags = ID_FLAG_SETTINGS_PERSISTED;
        const lab = serving(version);
        lab.receive(
          lab.peer.settings([
            limit(0, flags),
            { id: SETTINGS_INITIAL_WINDOW_SIZE, flags, value: 0 },
          ]),
        );
        lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
        lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 5 }));
        expect(lab.wrote()).to.deep.equal([
          'SYN_STREAM 2 for 1 UNIDIRECTIONAL',
          'SYN_REPLY 1',
          'DATA 1 5 FIN',
        ]);
        const other = serving(version);
        other.receive(
          other.peer.settings([limit(0, ID_FLAG_SETTINGS_PERSIST_VALUE)], { flags: 1 }),
        );
        other.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
        expect(other.wrote()).to.deep.equal([]);
        const third = client();
        third.receive(third.peer.settings([limit(0, flags)]));
        request(third, 1);
        expect(third.wrote()).to.deep.equal([]);
      });

      it('end the session when they come too often', () => {
        const settingsRate = { burst: 2, perSecond: 0 };
        const lab = client({ settingsRate, now: () => 0 });
        for (let count = 0; count < 2; count++) lab.receive(lab.peer.settings([]));
        expect(lab.faults()).to.deep.equal([]);
        lab.settle().receive(lab.peer.settings([limit(0)]));
        const message = 'the peer sends SETTINGS too fast';
        expect(lab.faults()).to.deep.equal([sessionFault(message, 'ERR_SPDY_TOO_MANY_SETTINGS')]);
        expect(lab.calls()).to.deep.equal([]);
      });
    });

    describe('of ours', () => {
      it('leave sorted by id, as a copy, with their flags (checklist 12, 125)', () => {
        const lab = client();
        const entries = [
          { id: 8, flags: 0, value: 1 },
          { id: 1, flags: 2, value: 0xffffffff },
          { id: 4, flags: 1, value: 0 },
        ];
        lab.engine.submitSettings(FLAG_SETTINGS_CLEAR_SETTINGS, entries);
        entries.length = 0;
        lab.engine.submitSettings(0, []);
        const frames = lab.frames().map(({ frame }) => [frame.flags, frame.entries, frame.length]);
        expect(frames).to.deep.equal([
          [
            1,
            [
              { id: 1, flags: 2, value: 0xffffffff },
              { id: 4, flags: 1, value: 0 },
              { id: 8, flags: 0, value: 1 },
            ],
            28,
          ],
          [0, [], 4],
        ]);
      });

      it('are refused with an id that is none or is there twice: nothing is queued or applied (checklist 124, 127)', () => {
        const lab = client();
        const submit = (entries: unknown, flags: unknown = 0): unknown =>
          failureOf(() => lab.engine.submitSettings(flags as number, entries as SettingsEntry[]));
        const good = limit(0);
        for (const [entry, message] of [
          [{ id: 0, flags: 0, value: 0 }, 'settings id must be an integer from 1 to 8, got 0'],
          [{ id: 9, flags: 0, value: 0 }, 'settings id must be an integer from 1 to 8, got 9'],
          [
            { id: 1, flags: 256, value: 0 },
            'flags of setting 1 must be an integer from 0 to 255, got 256',
          ],
          [
            { id: 1, flags: 0, value: -1 },
            'value of setting 1 must be an integer from 0 to 4294967295, got -1',
          ],
          [
            { id: 1, value: 0 },
            'flags of setting 1 must be an integer from 0 to 255, got undefined',
          ],
          [good, 'setting 4 is given twice'],
        ] as const) {
          expect(submit([good, entry])).to.deep.equal(invalidArgument(message));
        }
        expect(submit([], 2)).to.deep.equal(
          invalidArgument('flags must be an integer from 0 to 1, got 2'),
        );
        for (const wrong of ['all', null, [null], [good, 5]]) {
          expect(submit(wrong)).to.deep.equal(
            invalidArgument('settings must be an array of { id, flags, value }'),
          );
        }
        expect(lab.wrote()).to.deep.equal([]);
        lab.engine.submitRequest(0, HEADERS);
        lab.settle().receive(lab.peer.synStream(2, HEADERS, { associatedToStreamId: 1 }));
        expect(lab.faults()).to.deep.equal([]);
      });

      it('limit the streams of the peer from when they are submitted (checklist 63)', () => {
        const lab = serving(version);
        lab.engine.submitSettings(0, [limit(1)]);
        lab.receive(lab.peer.synStream(3, HEADERS));
        expect(lab.wrote()).to.deep.equal(['SETTINGS 4=1', 'RST_STREAM 3 REFUSED_STREAM']);
        lab.engine.submitSettings(0, [limit(0xffffffff)]);
        lab.receive(lab.peer.synStream(5, HEADERS));
        expect(lab.faults()).to.have.lengthOf(1);
      });

      it('that a client returns do not limit the server, those that a server flags do', () => {
        const lab = client();
        lab.engine.submitSettings(0, [limit(0, ID_FLAG_SETTINGS_PERSISTED)]);
        lab.engine.submitRequest(0, HEADERS);
        lab.settle().receive(lab.peer.synStream(2, HEADERS, { associatedToStreamId: 1 }));
        expect(lab.faults()).to.deep.equal([]);
        const server = new Lab(SERVER, version);
        server.engine.submitSettings(0, [limit(0, ID_FLAG_SETTINGS_PERSISTED)]);
        server.receive(server.peer.synStream(1, HEADERS));
        expect(server.faults()).to.have.lengthOf(1);
      });

      it('go nowhere once the transport has ended', () => {
        const lab = client();
        lab.engine.transportEnd();
        lab.engine.submitSettings(0, [limit(0)]);
        expect([lab.wrote(), lab.engine.getOutboundQueueSize()]).to.deep.equal([[], 0]);
      });
    });
  });
}

describe('engine/settings: INITIAL_WINDOW_SIZE of the peer', () => {
  for (const version of [SPDY3, SPDY3_1]) {
    /** A server that has sent 65536 bytes of the long body of request 1. */
    function sending(): Lab {
      const lab = serving(version, { maxDataSize: 65_536 });
      if (version.sessionWindow) lab.receive(lab.peer.windowUpdate(0, 1_000_000));
      lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 1_000_000 }));
      expect(lab.wrote()).to.deep.equal(['SYN_REPLY 1', 'DATA 1 65536']);
      return lab;
    }

    it(`moves the window of every open stream by the difference, ${version.name} (checklist 196)`, () => {
      const lab = sending();
      lab.receive(lab.peer.settings(initialWindow(65_536 + 10)));
      expect(lab.engine.wantWrite()).to.equal(true);
      lab.receive(lab.peer.settings(initialWindow(65_536 + 10)));
      expect(lab.wrote()).to.deep.equal(['DATA 1 10']);
      lab.receive(lab.peer.settings(initialWindow(65_536 + 30)));
      expect(lab.wrote()).to.deep.equal(['DATA 1 20']);
    });

    it(`may make windows negative: 65536 sent, then 16384, and 49153 more let one byte out, ${version.name} (checklist 197, 198)`, () => {
      const lab = sending();
      lab.receive(lab.peer.settings(initialWindow(16_384)));
      lab.receive(lab.peer.windowUpdate(1, 49_152));
      expect([lab.wrote(), lab.engine.wantWrite()]).to.deep.equal([[], false]);
      lab.receive(lab.peer.windowUpdate(1, 1));
      expect(lab.wrote()).to.deep.equal(['DATA 1 1']);
    });

    it(`holds what was about to be sent, ${version.name} (checklist 195, 197)`, () => {
      const lab = serving(version, { maxDataSize: 65_536 });
      lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 10 }));
      lab.receive(lab.peer.settings(initialWindow(0)));
      lab.engine.submitPing();
      expect(lab.wrote()).to.deep.equal(['PING 2', 'SYN_REPLY 1']);
      lab.receive(lab.peer.settings(initialWindow(3)));
      lab.receive(lab.peer.settings(initialWindow(0)));
      expect([lab.wrote(), lab.engine.wantWrite()]).to.deep.equal([[], false]);
      lab.receive(lab.peer.settings(initialWindow(1)));
      expect(lab.wrote()).to.deep.equal(['DATA 1 1']);
    });

    it(`of 0 stops DATA on new streams of both sides, ${version.name} (checklist 201, 204)`, () => {
      const lab = new Lab(SERVER, version);
      lab.receive(lab.peer.settings(initialWindow(0)), lab.peer.synStream(1, HEADERS));
      lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
      lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 5 }));
      lab.settle();
      lab.engine.submitData(2, DATA_FLAG_FIN, new TestProvider({ bytes: 5 }));
      expect(lab.wrote()).to.deep.equal([]);
      lab.receive(lab.peer.windowUpdate(2, 5), lab.peer.windowUpdate(1, 4));
      expect(lab.wrote()).to.deep.equal(['DATA 2 5 FIN', 'DATA 1 4']);
    });

    it(`is FLOW_CONTROL_ERROR on each stream whose window it makes overflow, ${version.name} (checklist 200)`, () => {
      const lab = serving(version, {}, 5);
      for (const id of [3, 5, 7]) lab.receive(lab.peer.windowUpdate(id, 1));
      lab.engine.submitRstStream(5, 5);
      // What we have finished needs no window any more.
      lab.engine.submitResponse(7, HEADERS);
      lab.settle().receive(lab.peer.settings(initialWindow(0x7fffffff)));
      const message = 'SETTINGS made its window overflow';
      expect(lab.faults()).to.deep.equal([streamFault(3, 7, message, 'ERR_SPDY_FLOW_CONTROL')]);
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 3 FLOW_CONTROL_ERROR']);
      expect([1, 7, 9].map((id) => lab.endOf(id))).to.deep.equal([undefined, undefined, undefined]);
    });

    it(`ends no more streams once that has ended the session, ${version.name}`, () => {
      const streamResetRate = { burst: 1, perSecond: 0 };
      const lab = serving(version, { streamResetRate, now: () => 0 }, 3);
      for (const id of [1, 3, 5]) lab.receive(lab.peer.windowUpdate(id, 1));
      lab.receive(lab.peer.settings(initialWindow(0x7fffffff)));
      const [first, second, ...others] = lab.faults();
      expect([first?.streamId, second?.code, others]).to.deep.equal([
        1,
        'ERR_SPDY_TOO_MANY_RESETS',
        [],
      ]);
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 FLOW_CONTROL_ERROR', 'GOAWAY 5 status 1']);
    });

    it(`above 2^31-1 is ignored, ${version.name} (checklist 135)`, () => {
      const lab = sending();
      for (const value of [0x80000000, 0xffffffff]) {
        lab.receive(lab.peer.settings(initialWindow(value)));
      }
      expect([lab.wrote(), lab.faults()]).to.deep.equal([[], []]);
      lab.receive(lab.peer.settings(initialWindow(65_537)));
      expect(lab.wrote()).to.deep.equal(['DATA 1 1']);
    });
  }

  it('leaves the session window alone (checklist 199)', () => {
    const lab = serving(SPDY3_1, { maxDataSize: 65_536 });
    lab.receive(lab.peer.settings(initialWindow(200_000)));
    lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 200_000 }));
    expect(lab.wrote()).to.deep.equal(['SYN_REPLY 1', 'DATA 1 65536']);
    lab.receive(lab.peer.settings(initialWindow(300_000)));
    expect(lab.wrote()).to.deep.equal([]);
  });

  it('has no effect in SPDY/2 (checklist 134)', () => {
    const lab = serving(SPDY2);
    lab.receive(lab.peer.settings(initialWindow(0)));
    lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 5 }));
    expect(lab.wrote()).to.deep.equal(['SYN_REPLY 1', 'DATA 1 5 FIN']);
    lab.receive(lab.peer.settings(initialWindow(0x7fffffff)));
    expect(lab.faults()).to.deep.equal([]);
  });
});
