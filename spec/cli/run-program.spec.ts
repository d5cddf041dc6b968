import { spawnSync } from 'node:child_process';
import { expect } from 'chai';

const PROGRAM = new URL('../../lib/cli/run-program.js', import.meta.url).href;

describe('cli/run-program', () => {
  it('tells an error in lines, without what would command the terminal', () => {
    const script = `import { runProgram } from '${PROGRAM}';
      await runProgram('program', async () => { throw new Error('first\\x1b[2J\\nsecond\\x9b1m'); });`;
    const args = ['--input-type=module', '--eval', script];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stderr).to.equal('program: first\\x1b[2J\nsecond\\x9b1m\n');
    expect(status).to.equal(1);
  });
});
