import { once } from 'node:events';
import { rmSync } from 'node:fs';
import https from 'node:https';
import { expect } from 'chai';
import { makeFolder, type Result, spdycat, start } from './cli/support/programs.ts';
import { codeBlocksOf } from './support/documents.ts';

/** What docs/tools.md shows behind each command. */
const SHOWN = new Map(
  codeBlocksOf('docs/tools.md')
    .filter(({ text }) => text.startsWith('$ '))
    .map(({ text }) => {
      const [command = '', ...output] = text.split('\n');
      return [command.slice(2), output.join('\n')];
    }),
);

const LOG = 'spdycat -k -v -n https://localhost:6121/';
const STATISTICS = 'spdycat -k -s -n https://localhost:6121/ https://localhost:6121/docs/a.txt';
const DAEMON = 'spdyd -d site --list -v 6121';
const ACCESS = 'spdyd -d site --access-log - 6121';
const FAKE = 'spdy-kube-fake --pod p1 --pod web:80=8080 --kubeconfig kubeconfig';

const PAGE = '<!doctype html><title>Site</title><p>Hello <a href="docs/a.txt">a</a></p>\n';

describe('documentation: output of the programs', () => {
  let folder = '';

  before(() => {
    folder = makeFolder({ 'site/index.html': PAGE, 'site/docs/a.txt': 'text\n' });
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('is shown for these commands, and no others', () => {
    expect([...SHOWN.keys()]).to.have.members([LOG, STATISTICS, DAEMON, ACCESS, FAKE]);
  });

  describe('spdycat and spdyd', () => {
    let log: Result;
    let statistics: Result;
    let daemon = '';

    before(async () => {
      const server = startProgram(DAEMON.replace('6121', '0'), folder);
      const port = await server.port;
      log = await spdycat(argumentsOf(LOG, port), { cwd: folder });
      await getByHttp1(port);
      daemon = await server.end();
      const another = startProgram(DAEMON.replace('6121', '0'), folder);
      statistics = await spdycat(argumentsOf(STATISTICS, await another.port), { cwd: folder });
      await another.end();
    });

    it('shows the frames of spdycat -v', () => {
      // The end of a body stands on its last frame if it is known in time, else on an empty one.
      const isBare = (entry: string): boolean => / DATA frame .* length=0\)/.test(entry);
      const shown = entriesOf(LOG).filter((entry) => !isBare(entry));
      const printed = log.stderr.split(/^(?=\[)/m).filter((entry) => !isBare(entry));
      // Which of two frames that cross each other is seen first is left open.
      for (const direction of [/ send /, / recv /, /^(?!.*(?: send | recv ))/]) {
        const actual = printed.filter((entry) => direction.test(entry));
        const expected = shown.filter((entry) => direction.test(entry));
        expect(actual, String(direction)).to.have.length(expected.length);
        for (const [index, entry] of expected.entries())
          expect(actual[index]).to.match(patternOf(entry));
      }
    });

    it('shows the statistics of spdycat -s', () => {
      expect(statistics.stderr + statistics.text).to.match(patternOf(SHOWN.get(STATISTICS) ?? ''));
    });

    it('shows the log of spdyd -v', () => {
      const printed = daemon.replaceAll(folder, '/srv');
      expect(printed).to.match(patternOf(SHOWN.get(DAEMON) ?? ''));
    });
  });

  it('shows the access log of spdyd', async () => {
    const server = startProgram(ACCESS.replace('6121', '0'), folder);
    const port = await server.port;
    for (const path of ['/none.css', '/docs/a.txt']) {
      await spdycat(['-k', '-n', `https://localhost:${port}${path}`]);
    }
    const printed = (await server.end()).replaceAll(folder, '/srv');
    expect(printed).to.match(patternOf(SHOWN.get(ACCESS) ?? ''));
  });

  it('shows what spdy-kube-fake prints', async () => {
    const server = startProgram(`${FAKE} --port 0`, folder);
    await server.port;
    const printed = await server.end();
    expect(printed.replaceAll(folder, '/home/ann')).to.match(patternOf(SHOWN.get(FAKE) ?? ''));
  });
});

function entriesOf(command: string): string[] {
  return (SHOWN.get(command) ?? '').split(/^(?=\[)/m);
}

/** Any number and month may stand where one is shown, anything where dots are, and any lines where dots are a line. */
function patternOf(shown: string): RegExp {
  const pattern = shown
    .replace(/[$()*+?[\\\]^{|}]/g, '\\$&')
    .replace(/SHA-256 \S+/, 'SHA-@HEX@')
    .replace(/^ *\.\.\.\n/gm, '@LINES@')
    .replaceAll('...', '@ANY@')
    .replaceAll('.', '\\.')
    .replace(/\\\[ *\d+\\\.\d+\\\]/g, '\\[ *\\d+\\.\\d+\\]')
    .replace(/\/[A-Z][a-z]{2}(?=\/\d)/g, '/@MONTH@')
    .replace(/\d+/g, '\\d+')
    .replaceAll('@MONTH@', '[A-Z][a-z]{2}')
    .replaceAll('@HEX@', '256 [0-9A-F:]+')
    .replaceAll('@LINES@', '[\\s\\S]*?')
    .replaceAll('@ANY@', '.*');
  return new RegExp(`^${pattern}$`);
}

/** The words of a command behind its name, with the port that is really used. */
function argumentsOf(command: string, port: number): string[] {
  return command.replaceAll('6121', String(port)).split(' ').slice(1);
}

/** Starts a server by its command line; `port` resolves as soon as it listens, `end()` with everything that it printed. */
function startProgram(
  command: string,
  cwd: string,
): { port: Promise<number>; end(): Promise<string> } {
  const [name = '', ...args] = command.split(' ');
  const child = start(name, args, { cwd });
  const closed = once(child, 'close');
  child.stdin.end();
  let printed = '';
  const port = new Promise<number>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      printed += String(chunk);
      const [, found] = /https?:\/\/127\.0\.0\.1:(\d+)/.exec(printed) ?? [];
      if (found !== undefined) resolve(Number(found));
    });
    child.once('close', () => reject(new Error(`${name} ended: ${printed}`)));
  });
  const end = async (): Promise<string> => {
    child.kill('SIGTERM');
    await closed;
    return printed;
  };
  return { port, end };
}

/** One request by HTTP/1.1, on a connection that is closed behind it. */
function getByHttp1(port: number): Promise<void> {
  return new Promise((done, fail) => {
    const options = { host: '127.0.0.1', port, path: '/docs/a.txt', rejectUnauthorized: false };
    https
      .get({ ...options, agent: false }, (response) => {
        response.resume();
        response.once('close', done);
      })
      .once('error', fail);
  });
}
