import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { eventText } from '../../../lib/session/trace/debug-log.ts';
import type { TraceEvent } from '../../../lib/session/trace/trace-events.ts';

const HEAD = { time: 1, session: 1 };
const ERROR = { code: 'ERR_SPDY_STREAM_RESET', message: 'the peer has reset it' };

/** An event, and the line that it is. */
const LINES: readonly [event: TraceEvent, line: string][] = [
  [{ ...HEAD, event: 'begin', side: 'client', version: 'spdy/3', peer: null }, 'client of spdy/3'],
  [
    {
      ...HEAD,
      event: 'frame',
      direction: 'sent',
      type: 'SYN_STREAM',
      stream: 1,
      flags: ['FIN'],
      length: 40,
      fields: { priority: 2 },
      headers: [
        [':path', '/'],
        ['name', 'value'],
      ],
    },
    'sent SYN_STREAM, stream 1, FIN, 40 bytes, priority 2, :path /',
  ],
  [
    {
      ...HEAD,
      event: 'frame',
      direction: 'received',
      type: 'DATA',
      stream: 1,
      flags: [],
      length: 40,
      window: 60,
      sessionWindow: null,
    },
    'received DATA, stream 1, 40 bytes, windows 60 and - left',
  ],
  [
    {
      ...HEAD,
      event: 'wait',
      stream: 1,
      sending: 'streamWindow',
      receiving: 'peer',
      bytesSent: 60,
      sendWindow: 0,
      receiveWindow: null,
      unconsumedBytes: 0,
      outboundQueueSize: 1,
      after: 2.5,
    },
    'stream 1 sending streamWindow, receiving peer, windows 0 and -, after 2.5 ms',
  ],
  [
    {
      ...HEAD,
      event: 'queue',
      waitingStreams: 2,
      maxStreams: 100,
      outboundQueueSize: 0,
      outboundBytes: 16384,
      outputHeld: true,
    },
    '2 streams wait to be opened, allowed 100, the transport takes no more than 16384 bytes',
  ],
  [
    {
      ...HEAD,
      event: 'queue',
      waitingStreams: 0,
      maxStreams: null,
      outboundQueueSize: 0,
      outboundBytes: 0,
      outputHeld: false,
    },
    '0 streams wait to be opened, allowed any',
  ],
  [
    { ...HEAD, event: 'streamEnd', stream: 1, status: 5, error: ERROR },
    'stream 1 has ended, status 5: ERR_SPDY_STREAM_RESET the peer has reset it',
  ],
  [{ ...HEAD, event: 'end', error: null, statistics: {} as never }, 'closed'],
];

describe('session/trace/debug-log', () => {
  for (const [event, line] of LINES) {
    it(line, () => {
      expect(eventText(event)).to.equal(line);
    });
  }

  it('is written with NODE_DEBUG=spdylay, and not without', async () => {
    const program = `
      import { CLIENT, Session } from ${JSON.stringify(new URL('../../../lib/index.js', import.meta.url).href)};
      const session = new Session(CLIENT, 'spdy/3.1');
      session.resume();
      session.on('close', () => {});
      session.ping().catch(() => {});
      setImmediate(() => session.destroy());
    `;
    const run = async (debug: string): Promise<string> => {
      const args = ['--input-type=module', '-e', program];
      const env = { ...process.env, NODE_DEBUG: debug };
      return (await promisify(execFile)(process.execPath, args, { env })).stderr;
    };
    const [on, off] = await Promise.all([run('spdylay'), run('')]);
    expect(on).to.match(/^SPDYLAY \d+: session 1: client of spdy\/3\.1$/m);
    expect(on).to.match(/session 1: sent SETTINGS, stream 0, 12 bytes/);
    expect(on).to.match(/session 1: closed$/m);
    expect(off).to.not.include('SPDYLAY');
  });
});
