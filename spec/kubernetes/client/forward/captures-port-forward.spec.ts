import type { Duplex } from 'node:stream';
import { expect } from 'chai';
import { decodeFrames } from '../../../support/frame-decoder.ts';
import { kubernetesCapture } from '../../../support/kubernetes-captures.ts';
import { rawPodConnection, SPDY31 } from '../../../support/raw-command.ts';
import { closed, until } from '../../../support/session-pair.ts';
import { BYTES, type Cut, randomCut, shred, WHOLE } from '../../../support/shred.ts';

/** What the user of a forwarded connection has seen. */
interface Seen {
  readonly bytes: string;
  readonly ended: boolean;
  readonly error: (Error & { readonly code?: string }) | null;
}

const ENDINGS: Readonly<Record<string, (socket: Duplex) => void>> = {
  'ends the connection': (socket) => socket.end(),
  'resets the connection': (socket) => socket.destroy(),
};

const CUTS: Readonly<Record<string, Cut>> = {
  whole: WHOLE,
  'byte by byte': BYTES,
  'cut at random': randomCut(0x7066),
};

/** Gives a client what the recorded server sent. */
async function replay(
  bytes: Buffer,
  port: number,
  cut: Cut,
  ending: (socket: Duplex) => void = (socket) => socket.end(),
): Promise<Seen> {
  const { connection, session, peer } = rawPodConnection(port);
  let text = '';
  let ended = false;
  connection.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  connection.on('end', () => {
    ended = true;
  });
  await until(() => peer.frames.length > 0);
  connection.end('GET / HTTP/1.0\r\n\r\n');
  for (const piece of shred(bytes, cut)) peer.socket.write(piece);
  const gone = connection.closed ? null : closed(connection);
  await until(() => session.destroyed || peer.socket.writableLength === 0);
  ending(peer.socket);
  await gone;
  await until(() => session.destroyed);
  return { bytes: text, ended, error: connection.errored };
}

describe('What a recorded server of port forwarding sent', () => {
  const http = kubernetesCapture('kubectl1.20-portforward-http');
  const refused = kubernetesCapture('kubectl1.20-portforward-refused');
  const answer = decodeFrames(SPDY31, http.s2c)
    .filter(({ frame }) => frame.type === 'DATA' && frame.streamId === 3)
    .map(({ data }) => data.toString('latin1'))
    .join('');

  for (const [name, cut] of Object.entries(CUTS)) {
    it(`is the answer of the pod, ${name}`, async () => {
      const seen = await replay(http.s2c, 9461, cut);
      expect(seen).to.deep.equal({ bytes: answer, ended: true, error: null });
    });

    it(`is a connection that was refused, ${name}`, async () => {
      const { bytes, ended, error } = await replay(refused.s2c, 9, cut);
      expect([bytes, ended]).to.deep.equal(['', false]);
      expect(error?.code).to.equal('ERR_SPDY_REMOTE_FAILURE');
      expect(error?.message).to.match(/^error forwarding port 9 to pod p1, uid : /);
    });
  }

  for (const [name, ending] of Object.entries(ENDINGS)) {
    it(`is never taken for the whole when the server ${name} anywhere within`, async () => {
      const attempt = async (length: number): Promise<boolean> => {
        const seen = await replay(http.s2c.subarray(0, length), 9461, WHOLE, ending);
        const where = `after ${length} bytes`;
        expect(answer.startsWith(seen.bytes), where).to.equal(true);
        if (seen.ended) expect(seen.bytes, where).to.equal(answer);
        else expect(seen.error?.code, where).to.equal('ERR_SPDY_CONNECTION_LOST');
        return seen.ended;
      };
      const lengths = Array.from({ length: http.s2c.length }, (_, length) => length);
      expect(await Promise.all(lengths.map(attempt))).to.include(true);
    });

    it(`is a failure of some kind when the server ${name} anywhere within a refusal`, async () => {
      const attempt = async (length: number): Promise<void> => {
        const seen = await replay(refused.s2c.subarray(0, length), 9, WHOLE, ending);
        const where = `after ${length} bytes`;
        expect(seen.ended, where).to.equal(false);
        const codes = ['ERR_SPDY_CONNECTION_LOST', 'ERR_SPDY_REMOTE_FAILURE'];
        expect(seen.error?.code, where).to.be.oneOf(codes);
      };
      const lengths = Array.from({ length: refused.s2c.length }, (_, length) => length);
      await Promise.all(lengths.map(attempt));
    });
  }
});
