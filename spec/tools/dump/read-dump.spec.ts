import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { createServer, fetch, HarRecorder, SpdyAgent } from '../../../lib/index.ts';
import { isKnownInput, readDump, readRawPair } from '../../../lib/tools/dump/read-dump.ts';
import { makeFolder, removeFolder } from '../../cli/support/programs.ts';
import { loadRecordings, type Recording } from '../../corpus/recordings.ts';
import { connectionOf, pcap } from './capture-writer.ts';
import { Collected } from './collect.ts';

const RECORDING = loadRecordings().find(
  ({ name }) => name === 'spdycat-nginx-v3.1-404',
) as Recording;
const CAPTURE = pcap(
  connectionOf(
    RECORDING.chunks.map(({ dir, offset, length }) => ({
      from: dir === 'c2s' ? 'client' : 'server',
      bytes: RECORDING.bytes[dir].subarray(offset, offset + length),
    })),
  ),
);

const HAR = JSON.stringify({
  log: {
    entries: [
      {
        startedDateTime: '1970-01-01T00:00:01.000Z',
        time: 12,
        connection: '443',
        request: { method: 'GET', url: 'https://a/' },
        response: { status: 200, httpVersion: 'SPDY/3.1', content: { size: 5 } },
      },
      { startedDateTime: 'never', time: -1, response: { status: -1, content: null } },
      null,
    ],
  },
});

describe('readDump()', () => {
  let folder = '';
  const file = (name: string): string => join(folder, name);

  before(() => {
    folder = makeFolder({
      'a.pcap': CAPTURE,
      'a.pcap.gz': gzipSync(CAPTURE),
      'cut.pcap': CAPTURE.subarray(0, -5),
      'cut.gz': gzipSync(CAPTURE).subarray(0, 400),
      'c2s.bin': RECORDING.bytes.c2s,
      's2c.bin': RECORDING.bytes.s2c,
      'a.har': HAR,
      'mark.har': `\uFEFF${HAR}`,
      'bad.har': '{"log":{}}',
      'none.har': '{"log":',
      'begin.jsonl': '{"event":"begin","time":1,"session":1,"version":"spdy/9"}\n',
      'bad.jsonl':
        '{"event":"begin","time":1,"session":1,"version":"spdy/3","side":"server"}\nno\n',
      empty: '',
    });
  });

  after(() => removeFolder(folder));

  async function read(name: string, options = {}): Promise<Collected & { input?: object }> {
    const found = new Collected();
    const input = await readDump(file(name), found, options);
    return Object.assign(found, { input });
  }

  async function failure(name: string): Promise<string> {
    return read(name).then(
      () => 'none',
      (error: Error) => error.message,
    );
  }

  it('reads a capture, gzipped or not, and tells how far it is', async () => {
    for (const name of ['a.pcap', 'a.pcap.gz']) {
      let bytes = 0;
      const progress = (now: number): void => {
        bytes = now;
      };
      const found = await read(name, { progress });
      expect(found.frames).to.have.length(RECORDING.timeline.length);
      expect(found.input).to.deep.include({ kind: 'capture', cut: false });
      expect(bytes).to.be.above(100);
    }
  });

  it('says that a capture is cut', async () => {
    expect((await read('cut.pcap')).input).to.deep.include({ cut: true });
    expect(await failure('cut.gz')).to.match(/unexpected end/);
  });

  it('reads the bytes of one direction, and of both', async () => {
    const { frames } = await read('c2s.bin');
    expect(frames.every(({ direction }) => direction === 'c2s')).to.equal(true);
    const both = new Collected();
    const files = { c2s: file('c2s.bin'), s2c: file('s2c.bin') };
    expect(await readRawPair(files, both)).to.include({ kind: 'raw' });
    expect(both.frames).to.have.length(RECORDING.timeline.length);
    expect(both.warnings).to.deep.equal([]);
    const one = new Collected();
    await readRawPair({ c2s: null, s2c: files.s2c }, one);
    expect(one.frames.length + frames.length).to.equal(both.frames.length);
  });

  it('reads entries of a HAR', async () => {
    const { events } = await read('a.har');
    expect(events).to.have.length(2);
    expect(events[0]).to.deep.equal({
      event: 'exchange',
      connection: 1,
      time: 1000,
      method: 'GET',
      url: 'https://a/',
      version: 'spdy/3.1',
      status: 200,
      duration: 12,
      bytes: 5,
    });
    expect(events[1]).to.include({ connection: 2, time: null, status: 0, duration: 0, bytes: -1 });
    expect((await read('mark.har')).events).to.have.length(2);
  });

  it('says what is wrong with an input', async () => {
    expect(await failure('bad.har')).to.equal('this is no HAR: it has no log.entries');
    expect(await failure('none.har')).to.match(/^this is no HAR: /);
    expect(await failure('begin.jsonl')).to.equal('line 1: a session of spdy/9');
    expect(await failure('bad.jsonl')).to.equal('line 2 is no event of a trace');
    expect(await failure('missing')).to.match(/ENOENT/);
    expect((await read('empty')).events).to.deep.equal([]);
  });

  it('knows captures, traces and HAR from bytes of a connection', async () => {
    const known = ['a.pcap', 'a.pcap.gz', 'a.har', 'c2s.bin', 's2c.bin', 'empty'].map((name) =>
      isKnownInput(file(name)),
    );
    expect(await Promise.all(known)).to.deep.equal([true, true, true, false, false, false]);
    expect(await isKnownInput('-')).to.equal(true);
  });

  it('ends at a signal', async () => {
    const error = await read('a.pcap', { signal: AbortSignal.abort(new Error('enough')) }).catch(
      (reason) => reason,
    );
    expect(error).to.have.property('message', 'enough');
  });

  it('tells how many events a trace lacks, also behind a line that is longer than what is read at once', async () => {
    const session = 1;
    const lines = [
      { event: 'begin', time: 1, session, version: 'spdy/3.1', side: 'client' },
      { event: 'unknown', time: 2, session, text: 'a'.repeat(300_000) },
      { event: 'lost', time: 3, session, count: 3 },
    ];
    await writeFile(file('lost.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const found = await read('lost.jsonl');
    expect(found.events.map(({ event }) => event)).to.deep.equal(['connection', 'note']);
    expect(found.notes).to.deep.equal(['3 events are missing']);
  });

  it('reads a trace, and a HAR, that this library has written', async () => {
    const server = createServer({ tls: false, version: 'spdy/3.1' }, (request, response) => {
      request.resume();
      response.end('answer');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as { port: number };
    const har = new HarRecorder();
    const agent = new SpdyAgent({ version: 'spdy/3.1', har });
    const trace = createWriteStream(file('trace.jsonl'));
    agent.on('session', (session) => session.trace(trace));
    const response = await fetch(`http://127.0.0.1:${port}/page`, { agent });
    expect(await response.text()).to.equal('answer');
    const ended = once(server, 'close');
    agent.destroy();
    server.close();
    await ended;
    await writeFile(file('own.har'), JSON.stringify(har));
    expect((await read('own.har')).events[0]).to.include({ status: 200, version: 'spdy/3.1' });
    trace.end('{"event":"lost","time":1,"session":1,"count":3}\n{"event":"fra');
    await once(trace, 'close');
    const found = await read('trace.jsonl');
    expect(found.input).to.deep.equal({ kind: 'trace', counts: null, cut: true });
    const types = found.frames.map(({ direction, type }) => `${direction} ${type}`);
    expect(types).to.include.members(['c2s SYN_STREAM', 's2c SYN_REPLY', 's2c DATA']);
    expect(found.events[0]).to.include({ event: 'connection', server: `127.0.0.1 ${port}` });
    expect(found.warnings).to.deep.equal([]);
  });
});
