import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeFolder, removeFolder, run } from './cli/support/programs.ts';
import { loadRecordings, type Recording } from './corpus/recordings.ts';
import { codeBlocksOf } from './support/documents.ts';
import { captureOf, pcap } from './tools/dump/capture-writer.ts';

/** What docs/spdydump.md shows behind each command. */
const SHOWN = codeBlocksOf('docs/spdydump.md').filter(({ text }) => text.startsWith('$ spdydump '));

/** The recordings that its captures are made of. */
const CAPTURES = { 'exec.pcap': 'kubectl1.20-exec-exit0', 'web.pcap': 'okhttp-nginx-v3.1-get' };

describe('documentation: output of spdydump', () => {
  let folder = '';

  before(() => {
    folder = makeFolder({});
    const recordings = loadRecordings();
    for (const [file, name] of Object.entries(CAPTURES)) {
      const recording = recordings.find((one) => one.name === name) as Recording;
      writeFileSync(join(folder, file), pcap(captureOf(recording)));
    }
  });

  after(() => removeFolder(folder));

  it('is shown', () => expect(SHOWN.length).to.be.above(3));

  for (const { text, line } of SHOWN) {
    const [command = '', ...shown] = text.split('\n');
    it(`is what ${command.slice(2)} prints (line ${line})`, async () => {
      const args = [...command.slice(11).matchAll(/'([^']*)'|(\S+)/g)];
      const words = args.map(([, quoted, bare]) => quoted ?? bare ?? '');
      const { text: printed, stderr } = await run('spdydump', words, { cwd: folder });
      expect(printed + stderr).to.equal(shown.join('\n'));
    });
  }
});
