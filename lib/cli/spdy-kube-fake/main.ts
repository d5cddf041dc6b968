#!/usr/bin/env node
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InvalidArgumentError } from '../../errors.ts';
import { createFakeApiServer, type FakeApiServer } from '../../kubernetes/fake/api-server.ts';
import type { FakePod } from '../../kubernetes/fake/pods/pod-options.ts';
import { UsageError } from '../arguments.ts';
import { runProgram } from '../run-program.ts';
import { type KubeFakeOptions, parseKubeFakeOptions } from './options.ts';

await runProgram('spdy-kube-fake', main);

async function main(argv: readonly string[]): Promise<number> {
  const options = parseKubeFakeOptions(argv);
  if (typeof options === 'string') {
    process.stdout.write(options);
    return 0;
  }
  const fake = makeServer(options);
  const ended = signalled();
  let folder: string | null = null;
  try {
    await fake.listen(options.port, options.host);
    if (options.kubeconfig === null) folder = await mkdtemp(path.join(tmpdir(), 'spdy-kube-fake-'));
    const kubeconfig = path.resolve(options.kubeconfig ?? path.join(folder ?? '', 'kubeconfig'));
    await fake.writeKubeConfig(kubeconfig);
    announce(options, fake, kubeconfig);
    await ended;
  } finally {
    await fake.close();
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  }
  return 0;
}

function makeServer({ pods, tls, token, fault, control, verbose }: KubeFakeOptions): FakeApiServer {
  let fake: FakeApiServer;
  try {
    fake = createFakeApiServer({
      pods,
      tls,
      control,
      ...(token === null ? {} : { token }),
      ...(fault === null ? {} : { fault }),
    });
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new UsageError(error.message);
    throw error;
  }
  const begun = performance.now();
  const note = (text: string): void => {
    const seconds = ((performance.now() - begun) / 1000).toFixed(3).padStart(7);
    process.stdout.write(`[${seconds}] ${text}\n`);
  };
  if (verbose) fake.on('request', ({ method, url }) => note(`${method} ${url}`));
  return fake;
}

function announce({ pods }: KubeFakeOptions, fake: FakeApiServer, kubeconfig: string): void {
  const [first] = pods as [FakePod];
  const web = pods.find(({ ports = {} }) => Object.keys(ports).length > 0) ?? first;
  const [port = '80'] = Object.keys(web.ports ?? {});
  const names = pods.map(({ namespace, name }) => (namespace ? `${namespace}/${name}` : name));
  process.stdout.write(`Fake API server at ${fake.url} with ${names.join(', ')}
Commands run on this machine, as you. In another terminal:
  export KUBECONFIG=${quote(kubeconfig)}
  kubectl exec ${nameOf(first)} -- uname -a
  kubectl port-forward ${nameOf(web)} :${port}
`);
}

/** A pod, for the command line of kubectl. */
function nameOf({ namespace, name }: FakePod): string {
  return namespace === undefined ? name : `-n ${namespace} ${name}`;
}

/** Resolves with the first signal that asks for the end. */
async function signalled(): Promise<void> {
  const heard = new AbortController();
  const { signal } = heard;
  await Promise.race(['SIGINT', 'SIGTERM'].map((name) => once(process, name, { signal })));
  // Later ones end it the hard way.
  heard.abort();
}

function quote(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
