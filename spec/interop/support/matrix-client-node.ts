import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { PassThrough, Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { sha256 } from './bytes.ts';
import { until } from './kubectl.ts';
import {
  Collected,
  exchangeMany,
  longText,
  type MatrixClient,
  type MatrixSession,
  useTerminal,
} from './matrix.ts';
import { peerPath } from './peers.ts';

/** The status that it hands over. */
interface Status {
  readonly status: string;
  readonly details?: { readonly causes?: readonly { readonly message: string }[] };
}

interface Socket {
  onclose: (() => void) | null;
  close(): void;
}

/** As much of it as the specs use. */
interface ClientNode {
  KubeConfig: new () => { loadFromOptions(options: unknown): void };
  Exec: new (
    config: unknown,
  ) => {
    exec(
      namespace: string,
      pod: string,
      container: string,
      command: readonly string[],
      stdout: Writable | null,
      stderr: Writable | null,
      stdin: Readable | null,
      tty: boolean,
      status: (status: Status) => void,
    ): Promise<Socket>;
  };
  Attach: new (
    config: unknown,
  ) => {
    attach(
      namespace: string,
      pod: string,
      container: string,
      stdout: Writable,
      stderr: Writable,
      stdin: Readable,
      tty: boolean,
    ): Promise<Socket>;
  };
  Cp: new (
    config: unknown,
    exec: unknown,
  ) => {
    cpToPod(ns: string, pod: string, container: string, from: string, to: string): Promise<void>;
  };
  PortForward: new (
    config: unknown,
  ) => {
    portForward(
      namespace: string,
      pod: string,
      ports: readonly number[],
      output: Writable,
      errors: Writable,
      input: Readable,
    ): Promise<Socket>;
  };
}

/** The client for Node.js. */
export const NODE_CLIENT: MatrixClient = {
  name: '@kubernetes/client-node 1.4',
  peers: ['client-node'],
  cannot: {
    'cp from the pod': 'it asks for a compressed archive, and unpacks it as if it were none',
  },
  open: async ({ cluster: { server, ca, token } }) => {
    const file = peerPath('client-node/node_modules/@kubernetes/client-node/dist/index.js');
    const library = (await import(pathToFileURL(file).href)) as ClientNode;
    const config = new library.KubeConfig();
    const caData = Buffer.from(String(ca)).toString('base64');
    config.loadFromOptions({
      clusters: [{ name: 'c', server, caData }],
      users: [{ name: 'u', token }],
      contexts: [{ name: 'c', cluster: 'c', user: 'u' }],
      currentContext: 'c',
    });
    return session(library, config);
  },
};

/** Keeps what is written; begins after a while. */
class Sink extends Writable {
  readonly collected = new Collected();
  text = '';
  #sleepMs: number;

  constructor(sleepMs = 0) {
    super();
    this.#sleepMs = sleepMs;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.collected.add(chunk);
    if (this.text.length < 65536) this.text += chunk;
    if (this.#sleepMs === 0) done();
    else setTimeout(done, this.#sleepMs);
    this.#sleepMs = 0;
  }
}

function session(library: ClientNode, config: unknown): MatrixSession {
  async function execute(
    command: readonly string[],
    stdout: Writable | null,
    stderr: Writable | null,
    stdin: Readable | null,
    tty = false,
  ): Promise<number | null> {
    let settle: (status: Status) => void = () => {};
    const told = new Promise<Status>((done) => {
      settle = done;
    });
    const exec = new library.Exec(config);
    await exec.exec('default', 'p', 'main', command, stdout, stderr, stdin, tty, settle);
    return codeOf(await told);
  }

  /** `Cp` waits for nothing: this does. */
  function waiting(): { readonly exec: unknown; readonly done: Promise<number | null> } {
    const exec = new library.Exec(config);
    let settle: (code: number | null) => void = () => {};
    const done = new Promise<number | null>((resolve) => {
      settle = resolve;
    });
    const run = (...args: Parameters<typeof exec.exec>): Promise<Socket> => {
      const [namespace, pod, container, command, stdout, stderr, stdin, tty] = args;
      return exec.exec(namespace, pod, container, command, stdout, stderr, stdin, tty, (status) =>
        settle(codeOf(status)),
      );
    };
    return { exec: { exec: run }, done };
  }

  return {
    exec: async (command, sleepMs = 0) => {
      const [stdout, stderr] = [new Sink(sleepMs), new Sink()];
      const finished = once(stdout, 'finish');
      const code = await execute(command, stdout, stderr, null);
      await finished;
      return stdout.collected.seen(code, stderr.text);
    },
    echo: async (size) => {
      const [stdout, stderr] = [new Sink(), new Sink()];
      const finished = once(stdout, 'finish');
      const body = longText(size);
      const pieces = Array.from({ length: Math.ceil(size / 65536) }, (_, index) =>
        body.subarray(index * 65536, (index + 1) * 65536),
      );
      const code = await execute(['cat'], stdout, stderr, Readable.from(pieces));
      await finished;
      return { ...stdout.collected.seen(code, stderr.text), sent: sha256(body) };
    },
    terminal: async (script) => {
      const stdout = Object.assign(new Sink(), { columns: 80, rows: 24 });
      const stdin = new PassThrough();
      const ended = execute(['sh', '-c', script], stdout, null, stdin, true);
      return useTerminal({
        get screen() {
          return stdout.text;
        },
        shows: (what) => until(what, () => stdout.text.includes(what)),
        resize: (columns, rows) => {
          Object.assign(stdout, { columns, rows });
          stdout.emit('resize');
        },
        type: (typed) => stdin.write(typed),
        ended,
      });
    },
    attach: async (pod) => {
      const [stdout, stderr] = [new Sink(), new Sink()];
      const input = new PassThrough();
      const finished = once(stdout, 'finish');
      await new library.Attach(config).attach('default', pod, 'main', stdout, stderr, input, false);
      input.end('one\ntwo\n');
      await finished;
      return stdout.text;
    },
    copyTo: async (local, remote) => {
      // It makes no folder.
      await execute(['mkdir', remote], new Sink(), new Sink(), null);
      const { exec, done } = waiting();
      await new library.Cp(config, exec).cpToPod('default', 'p', 'main', local, remote);
      const code = await done;
      if (code !== 0) throw new Error(`cpToPod: ${code}`);
    },
    copyFrom: () => {
      throw new Error('it cannot do that');
    },
    forward: async (port, count, size) => {
      const faults: string[] = [];
      // One WebSocket for each connection, whose directions end together.
      const server = net.createServer((socket) => {
        socket.on('error', () => {});
        const errors = new Writable({
          write: (chunk: Buffer, _encoding, done) => {
            if (chunk.length > 0) faults.push(chunk.toString());
            done();
          },
        });
        const forward = new library.PortForward(config);
        void forward.portForward('default', 'web', [port], socket, errors, socket).then((ws) => {
          ws.onclose = () => socket.end();
          socket.once('close', () => ws.close());
        });
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      try {
        const { port: local } = server.address() as AddressInfo;
        return await exchangeMany(local, count, size, () => faults);
      } finally {
        server.close();
        await Promise.race([once(server, 'close'), delay(1000, null, { ref: false })]);
      }
    },
    close: async () => {},
  };
}

function codeOf({ status, details }: Status): number | null {
  if (status === 'Success') return 0;
  const text = details?.causes?.[0]?.message;
  return text === undefined ? null : Number(text);
}
