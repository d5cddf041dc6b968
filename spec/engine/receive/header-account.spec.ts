import { expect } from 'chai';
import { headerCost, PAIR_COST } from '../../../lib/common/header-cost.ts';
import {
  CANCEL,
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  OPT_MAX_RECV_CTRL_FRAME_BUFFER,
  SERVER,
  SETTINGS_MAX_CONCURRENT_STREAMS,
} from '../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../../lib/protocol/version.ts';
import { HEADERS, Lab } from '../support/lab.ts';
import { serving } from '../support/serving.ts';

const COST = headerCost(HEADERS);

function pairs(count: number): HeaderList {
  return Array.from({ length: count }, (_, i) => [`n${i}`, 'v'] as const);
}

for (const version of PROTOCOL_VERSIONS) {
  describe(`engine/receive/header-account: ${version.name}`, () => {
    it('counts first headers, further ones and trailers until the stream ends', () => {
      const lab = serving(version, {}, 2);
      expect(lab.engine.insight.headerMemory).to.equal(2 * COST);
      lab.receive(
        lab.peer.headers(1, HEADERS),
        lab.peer.data(1, 'x'),
        lab.peer.headers(1, HEADERS),
      );
      expect(lab.engine.insight.headerMemory).to.equal(4 * COST);
      lab.receive(lab.peer.data(1, '', CTRL_FLAG_FIN));
      lab.engine.submitResponse(1, HEADERS);
      lab.frames();
      expect([lab.endOf(1), lab.engine.insight.headerMemory]).to.deep.equal([null, COST]);
      lab.receive(lab.peer.rstStream(3, CANCEL));
      expect(lab.engine.insight.headerMemory).to.equal(0);
    });

    it('counts replies and pushes at a client', () => {
      const lab = new Lab(CLIENT, version);
      lab.engine.submitSynStream(CTRL_FLAG_FIN, 0, 0, HEADERS);
      lab.settle();
      expect(lab.engine.insight.headerMemory).to.equal(0);
      lab.receive(lab.peer.synReply(1, HEADERS));
      expect(lab.engine.insight.headerMemory).to.equal(COST);
      const push = { associatedToStreamId: 1, flags: CTRL_FLAG_UNIDIRECTIONAL };
      lab.receive(lab.peer.synStream(2, HEADERS, push));
      expect(lab.engine.insight.headerMemory).to.equal(2 * COST);
      lab.engine.transportEnd();
      expect(lab.engine.insight.headerMemory).to.equal(0);
    });

    it('counts nothing that was not accepted', () => {
      const lab = serving(version, { maxStreamHeaderMemory: COST });
      const before = lab.engine.insight.headerMemory;
      lab.receive(lab.peer.headers(1, HEADERS), lab.peer.headers(99, HEADERS));
      lab.receive(lab.peer.synStream(3, pairs(2)));
      expect(lab.engine.insight.headerMemory).to.equal(before);
    });

    it('a session that answers its requests may go on for ever', () => {
      const headerRate = { burst: 1000, perSecond: 0 };
      const lab = new Lab(SERVER, version, { headerRate, now: () => 0 });
      for (let id = 1; id < 201; id += 2) {
        lab.receive(lab.peer.synStream(id, HEADERS, { flags: CTRL_FLAG_FIN }));
        lab.engine.submitResponse(id, HEADERS);
        lab.settle();
      }
      expect(lab.faults()).to.deep.equal([]);
      expect(lab.handler.closed.size).to.equal(100);
    });

    it('answered requests with many fields may go on for ever, refused ones may not', () => {
      const block = [...HEADERS, ...pairs(100)];
      const headerRate = { burst: 3 * headerCost(block), perSecond: 0 };
      const options = { headerRate, maxConcurrentStreams: 1, now: (): number => 0 };
      const lab = new Lab(SERVER, version, options);
      for (let id = 1; id < 41; id += 2) {
        lab.receive(lab.peer.synStream(id, block, { flags: CTRL_FLAG_FIN }));
        lab.engine.submitResponse(id, HEADERS);
        lab.settle();
      }
      expect(lab.faults()).to.deep.equal([]);
      for (let id = 41; id < 51; id += 2) lab.receive(lab.peer.synStream(id, block));
      expect(lab.faults().at(-1)?.code).to.equal('ERR_SPDY_TOO_MANY_HEADERS');
    });

    it('DATA either way allows further headers', () => {
      const headerRate = { burst: 1000, perSecond: 0 };
      const lab = new Lab(SERVER, version, { headerRate, now: () => 0 });
      lab.receive(lab.peer.synStream(1, HEADERS));
      for (let i = 0; i < 100; i++)
        lab.receive(lab.peer.data(1, Buffer.alloc(200)), lab.peer.headers(1, HEADERS)).frames();
      expect(lab.faults()).to.deep.equal([]);
    });
  });
}

describe('engine/receive/header-account', () => {
  it('has room for more streams once more are allowed', () => {
    const lab = new Lab(SERVER, SPDY3_1, {
      maxSessionHeaderMemory: 2 * COST,
      maxConcurrentStreams: 1,
    });
    const allow = (value: number): void =>
      lab.engine.submitSettings(0, [{ id: SETTINGS_MAX_CONCURRENT_STREAMS, flags: 0, value }]);
    const open = (id: number): void => void lab.receive(lab.peer.synStream(id, HEADERS));
    allow(1);
    open(1);
    allow(100);
    for (const id of [3, 5, 7]) open(id);
    allow(50);
    open(9);
    expect(lab.faults()).to.deep.equal([]);
    expect(lab.engine.insight.headerMemory).to.equal(5 * COST);
  });

  it('takes a larger OPT_MAX_RECV_CTRL_FRAME_BUFFER for larger headers', () => {
    const lab = new Lab(SERVER, SPDY3_1);
    lab.engine.setOption(OPT_MAX_RECV_CTRL_FRAME_BUFFER, 1 << 20);
    lab.receive(lab.peer.synStream(1, [['name', 'x'.repeat(1_000_000)]]));
    expect(lab.faults()).to.deep.equal([]);
    expect(lab.engine.insight.headerMemory).to.equal(1_000_004 + PAIR_COST);
  });
});
