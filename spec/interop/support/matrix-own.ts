import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { attach, exec } from '../../../lib/kubernetes/client/command/exec.ts';
import { portForward } from '../../../lib/kubernetes/client/forward/port-forward.ts';
import { copyFromPod } from '../../../lib/kubernetes/copy/from-pod.ts';
import { copyToPod } from '../../../lib/kubernetes/copy/to-pod.ts';
import { sha256 } from './bytes.ts';
import { until } from './kubectl.ts';
import { Collected, exchangeMany, longText, type MatrixClient, useTerminal } from './matrix.ts';

/** Our own client, over one transport. */
export function ownClient(transport: 'spdy' | 'websocket'): MatrixClient {
  return {
    name: `our client over ${transport}`,
    peers: [],
    cannot: {},
    open: async ({ cluster }) => {
      const target = { cluster, pod: 'p', container: 'main', transport } as const;
      return {
        exec: async (command, sleepMs = 0) => {
          const running = await exec({ ...target, command });
          await delay(sleepMs);
          const output = collect(running.stdout);
          const [stderr, { exitCode }] = await Promise.all([text(running.stderr), running.exited]);
          return (await output).seen(exitCode, stderr);
        },
        echo: async (size) => {
          const running = await exec({ ...target, command: ['cat'], stdin: true });
          const body = longText(size);
          running.stdin.end(body);
          const output = collect(running.stdout);
          const [stderr, { exitCode }] = await Promise.all([text(running.stderr), running.exited]);
          return { ...(await output).seen(exitCode, stderr), sent: sha256(body) };
        },
        terminal: async (script) => {
          const size = { columns: 80, rows: 24 };
          const command = ['sh', '-c', script];
          const running = await exec({ ...target, command, tty: true, stdin: true, size });
          let screen = '';
          running.stdout.on('data', (chunk) => {
            screen += chunk;
          });
          const shown = once(running.stdout, 'close');
          return useTerminal({
            get screen() {
              return screen;
            },
            shows: (what) => until(what, () => screen.includes(what)),
            resize: (columns, rows) => running.resize({ columns, rows }),
            type: (typed) => running.stdin.write(typed),
            ended: Promise.all([running.exited, shown]).then(([{ exitCode }]) => exitCode),
          });
        },
        attach: async (pod) => {
          const running = await attach({ ...target, pod, stdin: true });
          running.stdin.end('one\ntwo\n');
          running.stderr.resume();
          return text(running.stdout);
        },
        copyTo: async (local, remote) => {
          await copyToPod({ ...target, from: local, to: remote });
        },
        copyFrom: async (remote, local) => {
          await copyFromPod({ ...target, from: remote, to: local });
        },
        forward: async (port, count, size) => {
          const faults: string[] = [];
          const forward = await portForward({ cluster, pod: 'web', transport });
          forward.on('connectionError', (error) => faults.push(error.message));
          const listener = await forward.listen(port);
          try {
            return await exchangeMany(listener.port, count, size, () => faults);
          } finally {
            await forward.close();
          }
        },
        close: async () => {},
      };
    },
  };
}

async function collect(source: Readable): Promise<Collected> {
  const collected = new Collected();
  for await (const chunk of source as AsyncIterable<Buffer>) collected.add(chunk);
  return collected;
}
