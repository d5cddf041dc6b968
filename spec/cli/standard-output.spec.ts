import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { expect } from 'chai';
import { type Daemon, makeFolder, programFile, removeFolder, spdyd } from './support/programs.ts';

/** A device that has no room. */
const FULL = '/dev/full';

describe('standard output of programs', () => {
  if (!existsSync(FULL)) return;
  let folder: string;
  let daemon: Daemon | undefined;

  before(async () => {
    const har = { log: { entries: [{ request: { method: 'GET', url: 'http://a/' } }] } };
    folder = makeFolder({ 'index.html': 'hello', 'a.har': JSON.stringify(har) });
    daemon = await spdyd(['--no-tls', '--spdy3-1', '-d', folder, '0']);
  });

  after(async () => {
    await daemon?.end();
    removeFolder(folder);
  });

  /** How a program ends whose output has no room. */
  async function ended(name: string, ...args: string[]): Promise<[number | null, string]> {
    const full = openSync(FULL, 'w');
    const child = spawn(process.execPath, [programFile(name), ...args], {
      cwd: folder,
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    let said = '';
    for await (const chunk of child.stderr as NonNullable<typeof child.stderr>) said += chunk;
    if (child.exitCode === null) await new Promise((closed) => child.once('close', closed));
    return [child.exitCode, said];
  }

  const place = (): string => `127.0.0.1:${daemon?.port}`;
  const cases: readonly (readonly [name: string, args: () => string[]])[] = [
    ['spdycat', () => ['--no-tls', '--spdy3-1', '--json', `http://${place()}/`]],
    ['spdycat', () => ['--no-tls', '--spdy3-1', '-n', '-w', 'x', `http://${place()}/`]],
    ['spdyload', () => [`http://${place()}/`]],
    ['spdyspec', () => [place(), '-p', 'spdy/3.1', 'ping/1']],
    ['spdydump', () => ['a.har']],
    ['spdydump', () => ['--json', 'a.har']],
    ['spdyproxy', () => ['--help']],
    ['spdy-kube-fake', () => ['--version']],
  ];
  for (const [name, args] of cases) {
    it(`${name} says that it could not be written: ${args().slice(0, -1).join(' ')}`, async () => {
      const [status, said] = await ended(name, ...args());
      expect(status).to.equal(1);
      expect(said).to.contain(`${name}: standard output: ENOSPC`);
    });
  }

  it('spdycat says so once of a body', async () => {
    const url = `http://${place()}/`;
    const [status, said] = await ended('spdycat', '--no-tls', '--spdy3-1', url);
    expect(status).to.equal(1);
    expect(said).to.equal(`spdycat: ${url}: ENOSPC: no space left on device, write\n`);
  });
});
