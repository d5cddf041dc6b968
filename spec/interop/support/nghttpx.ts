import { freePort, listening } from './fixed-port.ts';
import { peerPath } from './peers.ts';
import { PeerProcess } from './process.ts';

/** An nghttpx that speaks HTTP/1.1 and HTTP/2 on a plain port of loopback. */
export class Nghttpx {
  readonly port: number;
  readonly #process: PeerProcess;

  private constructor(port: number, process: PeerProcess) {
    this.port = port;
    this.#process = process;
  }

  /** Starts it in front of a loopback port. */
  static async start(back: number, protocol: 'http/1.1' | 'h2'): Promise<Nghttpx> {
    const port = await freePort();
    const peer = new PeerProcess([
      peerPath('nghttpx'),
      ...['--conf', '/dev/null', '--single-process', '--workers', '1', '--log-level', 'FATAL'],
      ...['--frontend', `127.0.0.1,${port};no-tls`],
      ...['--backend', `127.0.0.1,${back};;proto=${protocol}`],
    ]);
    const nghttpx = new Nghttpx(port, peer);
    await listening('nghttpx', peer, port);
    return nghttpx;
  }

  stop(): Promise<unknown> {
    return this.#process.stop();
  }
}
