import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { PROTO_SPDY3, PROTO_SPDY3_1 } from '../../lib/protocol/constants.ts';
import type { Session } from '../../lib/session/session.ts';
import { serve } from './support/app.ts';
import { pattern } from './support/bytes.ts';
import { TestClient } from './support/client.ts';
import { PcapWriter, type Sender } from './support/pcap.ts';
import { requirePeer } from './support/peers.ts';
import { dial, type Endpoint, hangUp, type Listener, listen } from './support/sockets.ts';
import { complaints, controlLine, dataLine, decode, type FrameLines } from './support/tshark.ts';

for (const { version, name } of [
  { version: PROTO_SPDY3, name: 'SPDY/3' },
  { version: PROTO_SPDY3_1, name: 'SPDY/3.1' },
]) {
  describe(`tshark on what we send, ${name}`, () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-'));
    const file = path.join(folder, 'connection.pcap');
    const recorded: [Sender, Buffer][] = [];
    const sent: FrameLines = { client: [], server: [] };
    let listener: Listener | undefined;

    before(async function () {
      requirePeer(this, 'tshark');
      listener = await listen(version, (session) => {
        serve(session);
        note(session, sent.server);
      });
      const tap = await record(listener.port, recorded);
      const end = await dial(version, tap.port, { compressionLevel: 9 });
      note(end.session, sent.client);
      await converse(end);
      // The server's GOAWAY may come after our own end.
      const [accepted] = listener.endpoints;
      if (accepted && !accepted.session.closed) await once(accepted.session, 'close');
      hangUp(end);
      tap.close();
      const writer = new PcapWriter();
      for (const [sender, bytes] of recorded) writer.add(sender, bytes);
      writer.save(file);
    });

    after(async () => {
      await listener?.close();
      rmSync(folder, { recursive: true });
    });

    it('has nothing to complain about', async () => {
      expect(await complaints(file)).to.deep.equal([]);
    });

    it('reads exactly the frames that the client sent', async () => {
      const decoded = await decode(file);
      expect(decoded.client).to.deep.equal(sent.client);
      expect(decoded.client.join('\n')).to.match(/^SETTINGS/m);
      expect(decoded.client.join('\n')).to.match(/^RST_STREAM/m);
      expect(decoded.client.join('\n')).to.match(/^GOAWAY/m);
    });

    it('reads exactly the frames that the server sent', async () => {
      const decoded = await decode(file);
      expect(decoded.server).to.deep.equal(sent.server);
      expect(decoded.server.join('\n')).to.match(/^HEADERS/m);
      expect(decoded.server.join('\n')).to.match(/^SYN_STREAM/m);
      expect(decoded.server.join('\n')).to.match(/^WINDOW_UPDATE/m);
    });

    it('would complain about a damaged header block', async () => {
      const damaged = path.join(folder, 'damaged.pcap');
      const writer = new PcapWriter();
      for (const [sender, bytes] of recorded) {
        const copy = Buffer.from(bytes);
        // The two bytes of a zlib header behind the first SYN_STREAM's fixed part.
        const at = copy.indexOf(Buffer.from('8003000100', 'hex'));
        if (sender === 'client' && at >= 0) copy.fill(0xff, at + 18, at + 20);
        writer.add(sender, copy);
      }
      writer.save(damaged);
      expect(await complaints(damaged)).to.not.deep.equal([]);
    });
  });
}

/** One connection with every type of frame, except HEADERS from the client, which tshark inflates in the wrong context. */
async function converse({ session }: Endpoint): Promise<void> {
  const client = new TestClient(session, 'localhost');
  session.submitSettings(0, [
    { id: 4, flags: 0, value: 100 },
    { id: 7, flags: 0, value: 131_072 },
  ]);
  for (const index of Array(5).keys()) {
    await client.get(`/bytes/${index}`, { priority: index, headers: [['x-count', String(index)]] });
  }
  await Promise.all([
    client.get('/headers'),
    client.get('/multi', { priority: 7 }),
    client.get('/trailers'),
    client.get('/push'),
    client.get('/status/204'),
    client.get('/bytes/200000'),
    client.post('/echo', pattern(200_000)),
    client.get('/rst/5').catch(() => {}),
  ]);
  await session.ping();
  const cancelled = client.get('/slow/500').catch(() => {});
  session.once('ctrlSend', (frame) => {
    if ('streamId' in frame) session.submitRstStream(frame.streamId, 5);
  });
  await cancelled;
  await session.close();
}

/** Keeps a line for each frame that a session sends. */
function note(session: Session, lines: string[]): void {
  session.on('ctrlSend', (frame) => lines.push(controlLine(frame)));
  session.on('dataSend', (flags, streamId, length) =>
    lines.push(dataLine(flags, streamId, length)),
  );
}

/** A proxy in front of a port that keeps what passes. */
async function record(
  to: number,
  recorded: [Sender, Buffer][],
): Promise<{ port: number; close(): void }> {
  // Each side's FIN goes through by itself, as without a proxy.
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const upstream = net.connect({ port: to, host: '127.0.0.1', allowHalfOpen: true });
    client.on('data', (bytes) => recorded.push(['client', bytes])).on('error', () => {});
    upstream.on('data', (bytes) => recorded.push(['server', bytes])).on('error', () => {});
    client.pipe(upstream).pipe(client);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { port: (server.address() as net.AddressInfo).port, close: () => server.close() };
}
