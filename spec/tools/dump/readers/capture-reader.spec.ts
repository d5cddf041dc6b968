import { expect } from 'chai';
import fc from 'fast-check';
import { CaptureReader } from '../../../../lib/tools/dump/readers/capture-reader.ts';
import { loadRecordings, type Recording } from '../../../corpus/recordings.ts';
import { connectionOf, type Framing, type Packet, pcap, pcapng } from '../capture-writer.ts';
import { Collected } from '../collect.ts';

const RECORDING = loadRecordings().find(
  ({ name }) => name === 'netty-nginx-v3.1-mixed',
) as Recording;
const LINES = RECORDING.timeline.map(
  ({ dir, off, type, stream = 0 }) => `${dir} ${off} ${type} ${stream}`,
);

/** The recorded connection in packets of at most 300 bytes. */
const PACKETS = connectionOf(
  RECORDING.chunks.flatMap(({ dir, offset, length }, index) => {
    const bytes = RECORDING.bytes[dir].subarray(offset, offset + length);
    const from = dir === 'c2s' ? ('client' as const) : ('server' as const);
    const parts = Array.from({ length: Math.ceil(length / 300) }, (_, part) =>
      bytes.subarray(300 * part, 300 * (part + 1)),
    );
    return parts.map((part) => ({ from, bytes: part, time: 1000.25 + index }));
  }),
);

function read(
  capture: Buffer,
  piece = capture.length,
): { found: Collected; reader: CaptureReader } {
  const found = new Collected();
  const reader = new CaptureReader(found);
  for (let at = 0; at < capture.length; at += piece) reader.push(capture.subarray(at, at + piece));
  expect(reader.end()).to.equal(0);
  return { found, reader };
}

/** Both directions for themselves: packets that cross each other may be seen in either order. */
function sorted(lines: readonly string[]): string[] {
  return ['c2s', 's2c'].flatMap((direction) => lines.filter((line) => line.startsWith(direction)));
}

describe('CaptureReader', () => {
  const kinds: readonly [string, Framing][] = [
    ['Ethernet', {}],
    ['Ethernet with padding', { padding: 6 }],
    ['Ethernet with two VLAN tags', { vlans: 2 }],
    ['IPv6', { ipv6: true }],
    ['BSD loopback', { link: 0 }],
    ['raw IP', { link: 101 }],
    ['Linux cooked v1', { link: 113 }],
    ['Linux cooked v2 with IPv6', { link: 276, ipv6: true }],
  ];
  for (const [name, framing] of kinds) {
    it(`reads pcap and pcapng: ${name}`, () => {
      for (const capture of [
        pcap(PACKETS, framing),
        pcap(PACKETS, framing, false),
        pcapng(PACKETS, framing),
      ]) {
        const { found, reader } = read(capture);
        expect(found.line).to.deep.equal(LINES);
        expect(found.warnings).to.deep.equal([]);
        expect(reader.counts).to.deep.include({ packets: PACKETS.length, connections: 1 });
      }
    });
  }

  it('tells addresses, times and ends', () => {
    const { found } = read(pcapng(PACKETS));
    const [first] = found.events;
    expect(first).to.include({ client: '10.0.0.1:40000', server: '10.0.0.2:80', time: 1000.25 });
    const ends = found.events.filter(({ event }) => event === 'end');
    expect(ends).to.have.length(2);
    expect(ends[0]).to.include({
      direction: 'c2s',
      reset: false,
      bytes: RECORDING.bytes.c2s.length,
    });
    const six = read(pcap(PACKETS, { ipv6: true })).found.events[0];
    expect(six).to.include({ client: '[2001:db8::1]:40000', server: '[2001:db8::2]:80' });
  });

  it('reads the same whatever the pieces of the file', () => {
    expect(read(pcap(PACKETS), 1).found.line).to.deep.equal(LINES);
    expect(read(pcapng(PACKETS), 7).found.line).to.deep.equal(LINES);
  });

  it('puts segments in order that are repeated, overlap or come late', () => {
    const disorder = fc.array(
      fc.record({ by: fc.nat(6), again: fc.boolean(), early: fc.nat(50) }),
      {
        minLength: PACKETS.length,
        maxLength: PACKETS.length,
      },
    );
    fc.assert(
      fc.property(disorder, (changes) => {
        const disturbed = PACKETS.flatMap((packet, index) => {
          const { by, again, early } = changes[index] as (typeof changes)[number];
          if (packet.payload === undefined || (packet.flags ?? 'A') !== 'A')
            return [{ packet, at: index }];
          const bytes = packet.payload;
          const front = Math.min(early, packet.sequence - 1, bytes.length - 1);
          // A part of what came before, once more, and its rest.
          const half = { ...packet, payload: bytes.subarray(0, front + 1) };
          const copies = again ? [{ packet: half, at: index + by }] : [];
          return [...copies, { packet, at: index + by }];
        });
        const ordered = disturbed.sort((a, b) => a.at - b.at).map(({ packet }) => packet);
        const opened = [
          ...PACKETS.slice(0, 3),
          ...ordered.filter((one) => !PACKETS.slice(0, 3).includes(one)),
        ];
        const { found } = read(pcap(opened));
        expect(sorted(found.line)).to.deep.equal(sorted(LINES));
        expect(found.notes).to.deep.equal([]);
      }),
      { numRuns: 25 },
    );
  });

  it('goes on behind packets that are missing or cut', () => {
    for (let index = 5; index < PACKETS.length - 4; index += 11) {
      const packet = PACKETS[index] as Packet;
      const length = packet.payload?.length ?? 0;
      const without = PACKETS.filter((_, at) => at !== index);
      const cut = PACKETS.map((one, at) =>
        at === index ? { ...one, captured: Math.min(4, length) } : one,
      );
      for (const packets of [without, cut]) {
        const { found } = read(pcap(packets));
        const untouched = packet.from === 'client' ? 's2c' : 'c2s';
        const rest = (lines: readonly string[]): string[] =>
          lines.filter((line) => line.startsWith(untouched));
        expect(rest(found.line)).to.deep.equal(rest(LINES));
        for (const line of found.line) expect(LINES).to.include(line);
      }
    }
  });

  it('begins in the middle of a connection, the lower port being that of the server', () => {
    const { found } = read(pcap(PACKETS.slice(12)));
    expect(found.events.find(({ event }) => event === 'connection')).to.include({
      client: '10.0.0.1:40000',
    });
    expect(found.frames.length).to.be.above(5);
    expect(found.frames.every(({ window }) => window === undefined)).to.equal(true);
  });

  it('tells connections of the same ports apart, and several at once', () => {
    const second = PACKETS.map((packet) => ({ ...packet, sequence: packet.sequence + 9000 }));
    const shifted = second.map((packet) =>
      packet.acknowledgment === undefined
        ? packet
        : { ...packet, acknowledgment: packet.acknowledgment + 9000 },
    );
    const { found } = read(pcap([...PACKETS, ...shifted]));
    expect(found.line).to.deep.equal([...LINES, ...LINES]);
    const mixed = PACKETS.flatMap((packet) => [packet, { ...packet, port: 40001 }]);
    const both = read(pcap(mixed)).found;
    for (const connection of [1, 2]) {
      const lines = both.frames
        .filter((frame) => frame.connection === connection)
        .map(({ direction, offset, type, stream }) => `${direction} ${offset} ${type} ${stream}`);
      expect(lines).to.deep.equal(LINES);
    }
  });

  it('tells a reset', () => {
    const reset: Packet = { from: 'server', sequence: 1, flags: 'R' };
    const { found } = read(pcap([...PACKETS.slice(0, 8), reset, ...PACKETS.slice(8)]));
    const ends = found.events.filter((event) => event.event === 'end');
    expect(ends.map((event) => event.event === 'end' && event.reset)).to.deep.equal([true, true]);
  });

  it('counts what is not SPDY', () => {
    const hello = Buffer.from('16030100c8010000c40303', 'hex');
    const packets = connectionOf([
      { from: 'client', bytes: hello },
      { from: 'server', bytes: Buffer.alloc(2000, 1) },
    ]);
    const { found, reader } = read(pcap(packets));
    expect(found.frames).to.deep.equal([]);
    expect([...reader.counts.foreign]).to.deep.equal([['not SPDY but TLS', 1]]);
  });

  it('passes over packets without TCP, and fragments', () => {
    const ethernet = pcap(PACKETS);
    const other = pcap([PACKETS[4] as Packet]).subarray(24);
    const arp = Buffer.from(other);
    arp.writeUInt16BE(0x0806, 16 + 12);
    const udp = Buffer.from(other);
    udp[16 + 14 + 9] = 17;
    const fragment = Buffer.from(other);
    fragment[16 + 14 + 6] = 0x20;
    const { found } = read(Buffer.concat([ethernet, arp, udp, fragment]));
    expect(found.line).to.deep.equal(LINES);
  });

  it('refuses what is damaged', () => {
    const damaged = pcap(PACKETS);
    damaged.writeUInt32LE(0x7fffffff, 24 + 8);
    expect(() => read(damaged)).to.throw('a packet of 2147483647 bytes: the capture is damaged');
    const blocks = pcapng(PACKETS);
    blocks.writeUInt32BE(5, 28 + 4);
    expect(() => read(blocks)).to.throw('a block of 5 bytes: the capture is damaged');
    expect(() => read(Buffer.alloc(24))).to.throw('this is no pcap or pcapng file');
  });

  it('says how much of the last packet is missing', () => {
    const reader = new CaptureReader(new Collected());
    reader.push(pcap(PACKETS).subarray(0, -3));
    expect(reader.end()).to.be.above(0);
  });

  it('takes any bytes behind the head of a capture', () => {
    const good = pcapng(PACKETS.slice(0, 9));
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.nat(255),
        fc.nat(good.length - 1),
        (at, value, end) => {
          const bytes = Buffer.from(good.subarray(0, Math.max(24, end)));
          bytes[at] = value;
          const reader = new CaptureReader(new Collected());
          try {
            reader.push(bytes);
            reader.end();
          } catch (error) {
            expect((error as Error).message).to.match(/damaged|this is no pcap/);
          }
        },
      ),
    );
  });
});
