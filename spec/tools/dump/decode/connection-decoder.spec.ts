import { expect } from 'chai';
import fc from 'fast-check';
import { SPDY3_1 } from '../../../../lib/protocol/version.ts';
import { DIRECTIONS, loadRecordings, type Recording } from '../../../corpus/recordings.ts';
import { type Collected, collect, requestWith } from '../collect.ts';

const RECORDINGS = loadRecordings();

/** What a recording says of its frames, in the order in which they came. */
function timelineOf({ timeline }: Recording): string[] {
  return timeline.map(({ dir, off, type, stream = 0 }) => `${dir} ${off} ${type} ${stream}`);
}

function read(recording: Recording, options = {}): Collected {
  const { found, decoder } = collect({ version: recording.version, ...options });
  for (const { dir, offset, length } of recording.chunks) {
    decoder.push(dir, recording.bytes[dir].subarray(offset, offset + length));
  }
  for (const dir of DIRECTIONS) decoder.end(dir);
  return found;
}

describe('ConnectionDecoder', () => {
  for (const recording of RECORDINGS) {
    it(`reads ${recording.name} as it was recorded`, () => {
      const found = read(recording, { secrets: true });
      expect(found.line).to.deep.equal(timelineOf(recording));
      expect(found.notes).to.deep.equal([]);
      for (const [index, frame] of found.frames.entries()) {
        const { len, headers, flags = 0 } = recording.timeline[index] as Recording['timeline'][0];
        expect(frame.length).to.equal(len);
        expect(frame.flags.includes('FIN')).to.equal(
          (flags & 1) === 1 && frame.type !== 'SETTINGS',
        );
        if (headers === undefined) continue;
        const pairs = headers.flatMap(([name, value]) =>
          value.split('\0').map((one) => [name, one]),
        );
        expect(frame.headers).to.deep.equal(pairs);
        expect(frame.headerBytes?.plain).to.be.above(0);
      }
      for (const dir of DIRECTIONS) {
        for (const { streamId, bytes } of recording.bodies[dir]) {
          expect(found.bodies.get(`${dir} ${streamId}`)?.length ?? 0).to.equal(bytes);
        }
      }
    });
  }

  it('finds nothing wrong in them but what is: kubectl does not know windows', () => {
    const wrong = RECORDINGS.map(
      (recording) => [recording.name, read(recording).warnings] as const,
    );
    expect(wrong.filter(([, warnings]) => warnings.length > 0)).to.deep.equal([
      [
        'kubectl1.30-cp-down',
        [
          '9 DATA: the session window is overrun by 44 bytes',
          '10 DATA: the window of the stream is overrun by 32768 bytes',
        ],
      ],
    ]);
  });

  it('hides values of credentials and cookies unless it shall not', () => {
    const { found, decoder } = collect();
    expect(found.frames).to.deep.equal([]);
    decoder.push(
      'c2s',
      requestWith([
        ['authorization', 'Bearer x'],
        ['accept', '*/*'],
      ]),
    );
    expect(found.frames[0]?.headers).to.deep.include.members([
      ['authorization', '***'],
      ['accept', '*/*'],
    ]);
  });

  describe('in the middle of a connection', () => {
    const recording = RECORDINGS.find(({ name }) => name === 'netty-nginx-v3.1-mixed') as Recording;
    const all = timelineOf(recording);

    it('finds the next frame, and says that headers cannot be read', () => {
      const bytes = recording.bytes.s2c;
      const { found, decoder } = collect({ fromStart: false });
      decoder.push('s2c', bytes.subarray(100));
      decoder.end('s2c');
      const offsets = all.filter((line) => line.startsWith('s2c'));
      // Offsets count from where the bytes begin.
      const seen = found.frames.map(
        ({ offset, type, stream }) => `s2c ${(offset as number) + 100} ${type} ${stream}`,
      );
      expect(seen.length).to.be.above(offsets.length / 2);
      expect(offsets.slice(-seen.length)).to.deep.equal(seen);
      expect(found.notes[0]).to.match(/^\d+ bytes that are no frames$/);
      expect(found.warnings[0]).to.match(
        /headers cannot be read: blocks before this one are missing/,
      );
    });

    it('goes on behind bytes that are missing, or are no frames', () => {
      const frames = recording.timeline.filter(({ dir }) => dir === 's2c');
      const target = frames.find(({ type }) => type === 'SYN_REPLY') as Recording['timeline'][0];
      const bytes = recording.bytes.s2c;
      const cut = target.off + 20;
      for (const lose of ['gap', 'garbage'] as const) {
        const { found, decoder } = collect();
        decoder.push('s2c', bytes.subarray(0, cut));
        if (lose === 'gap') decoder.gap('s2c', 10);
        else {
          const head = Buffer.from(bytes.subarray(cut, cut + 10)).fill(0x7f);
          decoder.push('s2c', head);
        }
        decoder.push('s2c', bytes.subarray(cut + 10));
        decoder.end('s2c');
        const before = frames.indexOf(target);
        const after = found.line.slice(lose === 'gap' ? before : before + 1);
        expect(after.length).to.be.above(3);
        expect(all.filter((line) => line.startsWith('s2c'))).to.include.members(after);
        if (lose === 'gap') expect(found.notes[0]).to.equal('10 bytes are missing');
      }
    });

    it('keeps the borders of frames where only payload is missing', () => {
      const data = recording.timeline.find(
        ({ dir, type, len }) => dir === 's2c' && type === 'DATA' && len > 50,
      );
      const { off } = data as Recording['timeline'][0];
      const bytes = recording.bytes.s2c;
      const { found, decoder } = collect();
      decoder.push('s2c', bytes.subarray(0, off + 10));
      decoder.gap('s2c', 20);
      decoder.push('s2c', bytes.subarray(off + 30));
      decoder.end('s2c');
      expect(found.line).to.deep.equal(all.filter((line) => line.startsWith('s2c')));
      expect(found.frames.find(({ offset }) => offset === off)?.missing).to.equal(20);
      expect(found.notes).to.deep.equal([]);
    });

    it('says where the bytes end inside of a frame', () => {
      const { found, decoder } = collect();
      decoder.push('c2s', recording.bytes.c2s.subarray(0, -1));
      decoder.end('c2s');
      expect(found.notes[0]).to.match(/^ends in a frame, \d+ bytes behind its beginning$/);
    });
  });

  it('reads the same whatever the pieces', () => {
    const recording = RECORDINGS.find(({ name }) => name === 'st-st-v3.1-all') as Recording;
    const { found, decoder } = collect();
    for (const dir of DIRECTIONS) {
      for (const byte of recording.bytes[dir]) decoder.push(dir, Buffer.of(byte));
    }
    expect([...found.line].sort()).to.deep.equal(timelineOf(recording).sort());
  });

  it('takes any bytes', () => {
    const recording = RECORDINGS.find(({ name }) => name === 'st-st-v3.1-all') as Recording;
    const step = fc.record({
      direction: fc.constantFrom(...DIRECTIONS),
      at: fc.nat(recording.bytes.c2s.length),
      length: fc.nat(300),
      noise: fc.uint8Array({ maxLength: 24 }),
      gap: fc.nat(40),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.boolean(), (steps, fromStart) => {
        const { found, decoder } = collect({ fromStart });
        for (const { direction, at, length, noise, gap } of steps) {
          decoder.push(direction, recording.bytes[direction].subarray(at, at + length));
          decoder.push(direction, Buffer.from(noise));
          if (gap % 3 === 0) decoder.gap(direction, gap);
        }
        for (const dir of DIRECTIONS) decoder.end(dir);
        const numbers = found.frames.map(({ number }) => number);
        expect(numbers).to.deep.equal(numbers.map((_, index) => index + 1));
        for (const dir of DIRECTIONS) {
          const offsets = found.frames
            .filter(({ direction }) => direction === dir)
            .map(({ offset }) => offset as number);
          expect(offsets).to.deep.equal([...offsets].sort((a, b) => a - b));
        }
      }),
    );
  });

  it('reads SPDY/3.1 where a version is given, and where it is not', () => {
    for (const version of [null, SPDY3_1]) {
      const { found, decoder } = collect({ version });
      decoder.push('c2s', Buffer.from('800300060000000400000001', 'hex'));
      expect(found.events[0]).to.include({ event: 'connection', version: 'spdy/3.1' });
    }
  });
});
