// Our client of Kubernetes as a program, which does what kubectl does: node kube-client.mjs MODULE WORK SERVER ARGUMENT...; MODULE is what the
// package is imported by.
import { inTurns } from './in-turns.mjs';

const [, , module, work, server, ...args] = process.argv;
const { copyFromPod, copyToPod, exec, portForward, run } = await import(module);
// `import` would load all that it can do.
const { readSync } = process.getBuiltinModule('node:fs');

const pod = { cluster: { server }, pod: 'p1', container: 'c1' };

const WORKS = {
  /** COMMAND...: the output goes to standard output. */
  async exec(...command) {
    const { stdout, stderr, exited } = await exec({ ...pod, command });
    stdout.pipe(process.stdout);
    stderr.pipe(process.stderr);
    process.exitCode = (await exited).exitCode;
  },
  /** The same with standard input, a file. */
  async execWithInput(...command) {
    const { stdin, stdout, stderr, exited } = await exec({ ...pod, command, stdin: true });
    stdout.pipe(process.stdout);
    stderr.pipe(process.stderr);
    await pour(stdin);
    process.exitCode = (await exited).exitCode;
  },
  /** COUNT AT-ONCE COMMAND...: so often in this process, so many of them at once. */
  runs: (count, atOnce, ...command) =>
    inTurns(Number(count), Number(atOnce), async () => {
      const { exitCode, stdout } = await run({ ...pod, command });
      if (exitCode !== 0 || stdout.length === 0) throw new Error(`it ended with ${exitCode}`);
    }),
  /** PORT: prints the local one; SIGTERM ends it. */
  async forward(port) {
    const forward = await portForward(pod);
    const listener = await forward.listen(Number(port));
    console.log(`Forwarding from 127.0.0.1:${listener.port} -> ${port}`);
    process.once('SIGTERM', () => process.exit());
  },
  copyToPod: (from, to) => copyToPod({ ...pod, from, to }),
  copyFromPod: (from, to) => copyFromPod({ ...pod, from, to }),
};

await WORKS[work](...args);

/** Standard input, a file, by two buffers in turn: each is free again when its write is done. */
async function pour(stdin) {
  const buffers = [Buffer.allocUnsafeSlow(262144), Buffer.allocUnsafeSlow(262144)];
  let written = null;
  for (;;) {
    const buffer = buffers.reverse()[0];
    const bytesRead = readSync(0, buffer);
    await written;
    if (bytesRead === 0) break;
    written = new Promise((resolve) => stdin.write(buffer.subarray(0, bytesRead), resolve));
  }
  stdin.end();
}
