import { execFileSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { HeldSignals } from '../../lib/cli/held-signals.ts';
import { makeFolder, type Program, program, removeFolder } from './support/programs.ts';

describe('cli/held-signals', () => {
  it('hands signals over to who handles them later, and then at once', () => {
    const former = process.listeners('SIGUSR1');
    const signals = new HeldSignals('SIGUSR1');
    const seen: string[] = [];
    process.emit('SIGUSR1');
    process.emit('SIGUSR1');
    signals.on('SIGHUP', () => seen.push('other'));
    signals.on('SIGUSR1', () => seen.push('held'));
    expect(seen).to.deep.equal(['held', 'held']);
    process.emit('SIGUSR1');
    expect(seen).to.have.length(3);
    for (const listener of process.listeners('SIGUSR1')) {
      if (!former.includes(listener)) process.off('SIGUSR1', listener);
    }
  });

  for (const workers of [0, 2]) {
    describe(`spdyproxy that still reads its configuration (${workers} workers)`, () => {
      let folder: string;
      let file: string;
      let proxy: Program;

      beforeEach(function () {
        if (process.platform === 'win32') this.skip();
        folder = makeFolder({});
        file = join(folder, 'proxy.json');
        execFileSync('mkfifo', [file]);
        proxy = program('spdyproxy', ['--config', file]);
      });

      afterEach(async () => {
        await proxy.end('SIGKILL');
        removeFolder(folder);
      });

      /** Gives it the configuration, and sends signals as soon as it asks for that. */
      async function configure(...signals: NodeJS.Signals[]): Promise<void> {
        const front = { port: 0, host: '127.0.0.1', tls: false, sniff: true };
        const config = { fronts: [front], backs: ['http://127.0.0.1:1'], workers };
        const text = JSON.stringify(config);
        const pipe = await open(file, 'w');
        // Whoever reads it behind that, reads a file.
        writeFileSync(`${file}.new`, text);
        renameSync(`${file}.new`, file);
        for (const signal of signals) proxy.signal(signal);
        await pipe.writeFile(text);
        await pipe.close();
      }

      it('does what they ask for when it listens', async () => {
        await configure('SIGHUP', 'SIGUSR1');
        await proxy.until(/Reloaded/);
        expect(proxy.log()).not.to.match(/[Dd]ebugger/);
        expect(await proxy.end()).to.equal(0);
      });

      it('ends in order', async () => {
        await configure('SIGTERM');
        expect(await proxy.ended()).to.equal(0);
      });

      it('ends at the second one that asks for that', async () => {
        await configure('SIGTERM', 'SIGINT');
        expect(await proxy.ended()).to.be.oneOf([0, 130, 143]);
      });
    });
  }
});
