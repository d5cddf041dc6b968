import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import type { Readable, Writable } from 'node:stream';
import { SpdyAgent } from '../../../lib/http/client/agent.ts';
import type { BackProtocol } from '../../../lib/tools/proxy/back/options.ts';
import { startApplication } from '../../tools/proxy/support/application.ts';
import type { FrontProtocol } from '../../tools/proxy/support/clients.ts';
import { daemon } from './programs.ts';

const MIB = 1 << 20;
const PIECE = Buffer.alloc(64 * 1024, 'all work and no play ');

/** What a body has cost the process of spdyproxy, in MiB. */
export interface ProxyMemory {
  /** Whether the body came back as it was. */
  readonly same: boolean;
  /** What it took before. */
  readonly before: number;
  /** What it took at most meanwhile. */
  readonly peak: number;
}

/** A body that goes to the proxy, and the answer that brings it back. */
interface Post {
  readonly body: Writable;
  readonly answer: Promise<Readable>;
}

interface Poster {
  post(): Post;
  close(): void;
}

/** Sends a body of so many MiB through a spdyproxy, both ways at once, behind one of `warmUp` MiB. Linux alone. */
export async function measureMemory(
  front: FrontProtocol,
  back: BackProtocol,
  mib: number,
  warmUp: number,
): Promise<ProxyMemory> {
  const application = await startApplication(back);
  const proxy = await daemon('spdyproxy', ['-b', application.back, '0']);
  const poster = posterOf(front, proxy.port);
  const file = (name: string): string => `/proc/${proxy.pid}/${name}`;
  const taken = (name: string): number => {
    const line = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(
      readFileSync(file('status'), 'utf8'),
    );
    return Number(line?.[1]) / 1024;
  };
  for (let i = 0; i < 20; i++) await exchange(poster.post(), 1000);
  await exchange(poster.post(), warmUp * MIB);
  const before = taken('VmRSS');
  // From now on the peak counts anew.
  writeFileSync(file('clear_refs'), '5');
  const same = await exchange(poster.post(), mib * MIB);
  const peak = taken('VmHWM');
  poster.close();
  await proxy.end('SIGKILL');
  await application.close();
  return { same, before, peak };
}

function posterOf(front: FrontProtocol, port: number): Poster {
  const tls = { rejectUnauthorized: false };
  const url = `https://127.0.0.1:${port}`;
  if (front === 'h2') {
    const session = http2.connect(url, tls);
    return {
      post: () => {
        const stream = session.request({ ':method': 'POST', ':path': '/echo' });
        return { body: stream, answer: Promise.resolve(stream) };
      },
      close: () => session.destroy(),
    };
  }
  if (front === 'http/1.1') {
    const agent = new https.Agent({ keepAlive: true, ...tls });
    const post = () => postOf(https.request(`${url}/echo`, { method: 'POST', agent }));
    return { post, close: () => agent.destroy() };
  }
  const agent = new SpdyAgent({ protocols: [front], tls });
  const post = () => postOf(agent.request(`${url}/echo`, { method: 'POST' }) as never);
  return { post, close: () => agent.destroy() };
}

function postOf(request: Writable): Post {
  const answer = once(request, 'response').then(([response]) => response as Readable);
  return { body: request, answer };
}

/** Sends so many bytes and reads them; resolves with whether they were the same. */
async function exchange({ body, answer }: Post, bytes: number): Promise<boolean> {
  const [sent, got] = [createHash('sha256'), createHash('sha256')];
  const read = (async () => {
    for await (const chunk of await answer) got.update(chunk as Buffer);
  })();
  for (let at = 0; at < bytes; at += PIECE.length) {
    const piece = PIECE.subarray(0, Math.min(PIECE.length, bytes - at));
    sent.update(piece);
    if (!body.write(piece)) await once(body, 'drain');
  }
  body.end();
  await read;
  return sent.digest('hex') === got.digest('hex');
}
