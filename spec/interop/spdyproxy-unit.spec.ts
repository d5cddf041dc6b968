import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeFolder, removeFolder } from '../cli/support/programs.ts';
import { peerPath, requirePeer } from './support/peers.ts';
import { run } from './support/process.ts';

describe('the units of docs/spdyproxy.md', () => {
  before(function () {
    requirePeer(this, 'systemd-analyze');
  });

  it('are taken by systemd without a word', async () => {
    const docs = readFileSync(new URL('../../../docs/spdyproxy.md', import.meta.url), 'utf8');
    const units = [...docs.matchAll(/```ini\n([\s\S]*?)```/g)].map(([, text = '']) => text);
    expect(units).to.have.length(2);
    const folder = makeFolder({});
    const [service = '', socket = ''] = units;
    // It looks for the program and the user.
    const here = service
      .replaceAll('/usr/bin/spdyproxy', process.execPath)
      .replace('User=spdyproxy', 'User=root');
    const names = ['service', 'socket'].map((kind) => join(folder, `spdyproxy.${kind}`));
    for (const [at, text] of [here, socket].entries()) writeFileSync(names[at] as string, text);
    const { code, stdout, stderr } = await run([
      peerPath('systemd-analyze'),
      'verify',
      '--man=no',
      ...names,
    ]);
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('spdyproxy'));
    expect({ code, said }).to.deep.equal({ code: 0, said: [] });
    removeFolder(folder);
  });
});
