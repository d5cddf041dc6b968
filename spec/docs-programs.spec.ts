import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { makeCertificate } from '../lib/http/server/connection/certificate.ts';
import { createFakeApiServer, type FakeApiServer } from '../lib/kubernetes/index.ts';
import { REPOSITORY_ROOT } from './support/corpus-data.ts';
import { type CodeBlock, codeBlocksOf, DOCUMENTS, readDocument } from './support/documents.ts';

const ROOT = fileURLToPath(REPOSITORY_ROOT);
/** The build that this file belongs to: what the programs get as the package. */
const BUILD = fileURLToPath(new URL('../', import.meta.url));

const BLOCKS = DOCUMENTS.flatMap(codeBlocksOf);
/** Blocks that load the package are whole programs. */
const PROGRAMS = BLOCKS.filter(
  ({ language, text }) => ['js', 'cjs'].includes(language) && loadsPackage(text),
);
const TYPED = BLOCKS.filter(({ language, text }) => language === 'ts' && loadsPackage(text));
const STAYS = 'runs until it is stopped';

describe('documentation: programs', () => {
  const results = new Map<CodeBlock, Promise<string>>();
  const web = http.createServer((request, response) =>
    response.end(`you asked for ${request.url}`),
  );
  let fake: FakeApiServer;
  let folder = '';

  // All at once: each of them takes its time to load.
  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-docs-'));
    install(folder);
    await new Promise<void>((listening) => web.listen(0, '127.0.0.1', listening));
    fake = createFakeApiServer({
      pods: [
        {
          name: 'web-0',
          labels: { app: 'web' },
          ports: { 80: (web.address() as AddressInfo).port },
          containers: { main: { portNames: { http: 80 } } },
        },
        { name: 'db-0', containers: { postgres: {} } },
      ],
      objects: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'web' },
          spec: { selector: { matchLabels: { app: 'web' } } },
        },
      ],
    });
    await fake.listen();
    await fake.writeKubeConfig(path.join(folder, 'kubeconfig'));
    const { key, cert } = makeCertificate();
    for (const program of PROGRAMS) {
      const result = run(
        fileIn(folder, program, { key, cert }),
        program.mark === STAYS,
        path.join(folder, 'kubeconfig'),
      );
      result.catch(() => {});
      results.set(program, result);
    }
  });

  after(async () => {
    await Promise.allSettled(results.values());
    await fake.close();
    web.close();
    rmSync(folder, { recursive: true });
  });

  it('are marked by nothing but what is known here', () => {
    expect(
      BLOCKS.map(({ mark }) => mark).filter((mark) => !['', STAYS].includes(mark)),
    ).to.deep.equal([]);
  });

  for (const program of PROGRAMS) {
    const { file, line, mark, output } = program;
    it(`of ${file}, line ${line}, ${mark === STAYS ? 'starts' : 'prints what it says'}`, async () => {
      const printed = await results.get(program);
      if (mark === STAYS) expect(printed).to.match(/^listening on \d+\n$/);
      else expect(printed).to.equal(output);
    });
  }

  it('in TypeScript compile in a CommonJS file, for versions of Node that only import ES modules too', async () => {
    expect(TYPED).to.have.length.above(0);
    const files = TYPED.map(({ text }, index) => {
      const file = path.join(folder, `typed-${index}.cts`);
      writeFileSync(file, text);
      return file;
    });
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'node16',
      '--target',
      'es2022',
      '--types',
      'node',
    ];
    expect(await compile([...options, ...files], folder)).to.equal('');
  });
});

function loadsPackage(text: string): boolean {
  return /(?:from |require\()'spdylay(?:\/(?:kubernetes(?:\/client)?|tools))?'/.test(text);
}

/** Makes `folder` one into which the package, Express and the types of Node are installed. */
function install(folder: string): void {
  const modules = path.join(folder, 'node_modules');
  const own = path.join(modules, 'spdylay');
  mkdirSync(own, { recursive: true });
  const manifest = readDocument('package.json');
  // What is published is bundled; here it is this build.
  const built = manifest
    .replaceAll('./dist/types/', './build/lib/')
    .replaceAll('./dist/', './build/lib/');
  writeFileSync(path.join(own, 'package.json'), built);
  for (const entry of readdirSync(ROOT, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    symlinkSync(
      entry.name === 'build' ? BUILD : path.join(ROOT, entry.name),
      path.join(own, entry.name),
    );
  }
  symlinkSync(path.join(ROOT, 'node_modules/express5'), path.join(modules, 'express'));
  symlinkSync(path.join(ROOT, 'node_modules/@types'), path.join(modules, '@types'));
}

/** Writes a program, with a folder of its own and the certificate that it may read. */
function fileIn(
  folder: string,
  { file, line, language, text }: CodeBlock,
  { key, cert }: { key: string; cert: string },
): string {
  const own = path.join(folder, `${path.basename(file, '.md')}-${line}`);
  mkdirSync(own);
  writeFileSync(path.join(own, 'key.pem'), key);
  writeFileSync(path.join(own, 'cert.pem'), cert);
  const program = path.join(own, `program.${language === 'cjs' ? 'cjs' : 'mjs'}`);
  writeFileSync(program, text);
  return program;
}

/** Runs a program to its end, or until it prints something if it `stays`; resolves with what it prints. */
function run(program: string, stays: boolean, kubeconfig: string): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [program], {
      cwd: path.dirname(program),
      env: { ...process.env, PORT: '0', KUBECONFIG: kubeconfig },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    let complaints = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += String(chunk);
      if (stays) child.kill();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaints += String(chunk);
    });
    child.once('error', fail);
    child.once('close', (code) => {
      if (complaints === '' && (stays || code === 0)) done(printed);
      else fail(new Error(`ended with ${code}: ${complaints}`));
    });
  });
}

/** Resolves with what the compiler says, '' if it is content. */
function compile(options: readonly string[], cwd: string): Promise<string> {
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  return new Promise((done) => {
    execFile(process.execPath, [tsc, ...options], { cwd }, (error, stdout, stderr) =>
      done(error === null ? '' : stdout + stderr),
    );
  });
}
