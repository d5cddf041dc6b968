import { EventEmitter } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { expect } from 'chai';
import { H2Settings } from '../../../../lib/tools/proxy/back/h2-settings.ts';

describe('tools/proxy/back/h2-settings', () => {
  it('tells all who wait once, but not one whom another one has made leave', () => {
    const session = new EventEmitter() as unknown as ClientHttp2Session;
    const settings = new H2Settings(session);
    const told: string[] = [];
    settings.wait(() => {
      told.push('first');
      leave();
    });
    const leave = settings.wait(() => told.push('second'));
    settings.wait(() => told.push('third'));
    session.emit('remoteSettings', { enableConnectProtocol: true });
    session.emit('close');
    expect(told).to.deep.equal(['first', 'third']);
    expect(settings.extendedConnect).to.equal(true);
  });
});
