import { expect } from 'chai';
import { CLIENT, SERVER } from '../../lib/protocol/constants.ts';
import { FrameDecoder } from '../support/frame-decoder.ts';
import { CUTS, type Cut } from '../support/shred.ts';
import { Reenactment } from './reenactment.ts';
import { type Conversation, loadVectors, versionOf } from './vectors.ts';

const { sessions } = loadVectors();

describe('conversations of the vectors, both sides played by engines (checklist 41, 49, 84)', () => {
  for (const conversation of sessions) {
    for (const [name, cut] of CUTS) {
      it(`${conversation.id}: the engines talk to each other, ${name}`, () => {
        play(conversation, cut, 'own');
      });

      it(`${conversation.id}: each engine receives the recorded bytes, ${name}`, () => {
        play(conversation, cut, 'recorded');
      });
    }
  }

  it('are 2', () => expect(sessions).to.have.lengthOf(2));
});

function play(conversation: Conversation, cut: Cut, bytes: 'own' | 'recorded'): void {
  const version = versionOf(conversation.version);
  const sides = {
    client: new Reenactment(CLIENT, version.id),
    server: new Reenactment(SERVER, version.id),
  };
  const decoders = { client: new FrameDecoder(version), server: new FrameDecoder(version) };
  for (const { from, hex } of conversation.steps) {
    const recorded = Buffer.from(hex, 'hex');
    const [frame] = decoders[from].push(recorded);
    if (!frame) throw new Error('half a frame');
    const [sender, receiver] = [sides[from], sides[from === 'client' ? 'server' : 'client']];
    const before = sender.end.written.length;
    sender.perform(frame);
    const own = sender.pull();
    receiver.end.handler.take();
    receiver.receive(bytes === 'own' ? own : recorded, cut);

    const written = sender.end.written.slice(before);
    const label = `${frame.frame.type} ${hex.slice(0, 40)}`;
    expect(sender.comparable(written), label).to.deep.equal(sender.comparable([frame]));
    const reported = receiver.end.handler.callbacks.map(({ cb }) => cb);
    const expected = frame.frame.type === 'DATA' ? 'on_data_recv' : 'on_ctrl_recv';
    expect(reported, label).to.include(expected);
  }
  for (const { end } of Object.values(sides)) {
    expect(end.handler.sessionErrors).to.deep.equal([]);
    expect(end.handler.streamErrors).to.deep.equal([]);
    expect(end.engine.wantRead()).to.equal(false);
    expect(end.engine.wantWrite()).to.equal(false);
  }
}
