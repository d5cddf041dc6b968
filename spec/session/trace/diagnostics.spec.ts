import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import { CANCEL } from '../../../lib/protocol/constants.ts';
import { SPDY3_1 } from '../../../lib/protocol/version.ts';
import {
  CHANNELS,
  type FrameMessage,
  type SessionMessage,
  type StreamMessage,
} from '../../../lib/session/trace/diagnostics.ts';
import {
  memoryConnection,
  pairOver,
  RESPONSE,
  requestHeaders,
  until,
} from '../../support/session-pair.ts';

describe('session/trace/diagnostics', () => {
  it('publishes sessions, streams and frames to those who have subscribed', async () => {
    const messages: [name: string, message: unknown][] = [];
    const onMessage = (message: unknown, name: string | symbol): void => {
      messages.push([String(name).replace('spdylay.', ''), message]);
    };
    const names = Object.values(CHANNELS).map(({ name }) => name);
    expect(names).to.have.members([
      'spdylay.session.created',
      'spdylay.session.closed',
      'spdylay.stream.opened',
      'spdylay.stream.closed',
      'spdylay.frame.received',
      'spdylay.frame.sent',
    ]);
    for (const name of names) subscribe(name, onMessage);
    const pair = pairOver(memoryConnection(), SPDY3_1);
    pair.server.on('requestRecv', (id) => pair.server.submitResponse(id, RESPONSE, 'body'));
    let closes = 0;
    pair.client.on('streamClose', () => closes++);
    pair.client.submitRequest(0, requestHeaders());
    pair.client.cancel(pair.client.submitRequest(0, requestHeaders()), CANCEL);
    await until(() => closes === 2);
    const reason = new Error('enough');
    pair.client.on('error', () => {});
    pair.client.destroy(reason);
    await pair.end();
    for (const name of names) unsubscribe(name, onMessage);

    const ofClient = messages.filter(
      ([, message]) => (message as SessionMessage).session === pair.client,
    );
    const streams = ofClient.filter(([name]) => name.startsWith('stream'));
    expect(
      streams.map(([name, message]) => {
        const { streamId, own, status, error } = message as StreamMessage;
        return [name, streamId, own, status, error?.code];
      }),
    ).to.deep.equal([
      ['stream.closed', 0, true, CANCEL, 'ERR_SPDY_STREAM_CLOSING'],
      ['stream.opened', 1, true, 0, undefined],
      ['stream.closed', 1, true, 0, undefined],
    ]);
    const frames = ofClient.filter(([name]) => name.startsWith('frame'));
    expect(
      frames.map(([name, message]) => {
        const { frame, streamId, flags, length } = message as FrameMessage;
        return `${name} ${frame?.type ?? 'DATA'} ${streamId} ${flags} ${frame === null ? length : ''}`;
      }),
    ).to.include.members([
      'frame.sent 4 0 0 ',
      'frame.sent 1 1 1 ',
      'frame.received 4 0 0 ',
      'frame.received 2 1 0 ',
      'frame.received DATA 1 1 4',
    ]);
    const sessions = ofClient.filter(([name]) => name.startsWith('session'));
    expect(
      sessions.map(([name, message]) => [name, (message as SessionMessage).error]),
    ).to.deep.equal([
      ['session.created', null],
      ['session.closed', reason],
    ]);
    const ofServer = messages.filter(
      ([name, message]) =>
        name === 'stream.opened' && (message as StreamMessage).session === pair.server,
    );
    expect(ofServer.map(([, message]) => (message as StreamMessage).own)).to.deep.equal([false]);
    expect(messages.filter(([name]) => name === 'frame.sent').length).to.be.greaterThan(3);
  });
});
