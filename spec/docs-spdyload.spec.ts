import { expect } from 'chai';
import { run } from './cli/support/programs.ts';
import { codeBlocksOf } from './support/documents.ts';
import { type LoadServer, loadServer } from './tools/load/load-server.ts';

/** What docs/spdyload.md shows behind each command. */
const SHOWN = codeBlocksOf('docs/spdyload.md').filter(({ text }) => text.startsWith('$ spdyload '));

/** Numbers are other ones each time, and `...` stands for anything. */
function formOf(text: string): string {
  return text.replace(/\b\d[\d.]*(?:us|ms|s|[KMG]?B)?(?=[^\w.]|$)/gm, '#').replace(/ +/g, ' ');
}

function patternOf(shown: string): RegExp {
  const literal = formOf(shown).replace(/[$()*+?[\\\]^{|}.]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll('\\.\\.\\.', '[\\s\\S]*')}$`);
}

describe('documentation: output of spdyload', () => {
  let server: LoadServer;

  before(async () => {
    server = await loadServer();
  });

  after(() => server.close());

  it('is shown', () => expect(SHOWN.length).to.be.above(1));

  for (const { text, line } of SHOWN) {
    const [command = '', ...shown] = text.split('\n');
    it(`has the form of what ${command.slice(2)} prints (line ${line})`, async () => {
      // Fewer requests have the same form; nobody listens at the other port.
      const own = command
        .replace('https://localhost:6121', server.origin)
        .replace(':6129', ':1')
        .replace('-n 20000', '-n 200');
      const { text: printed, stderr } = await run('spdyload', own.split(' ').slice(2));
      expect(stderr).to.equal('');
      expect(formOf(printed)).to.match(patternOf(shown.join('\n')));
    });
  }
});
